#pragma once
// What is wrong in a file a person wrote, where, and how to mend it: one form for configuration and rule files.
// Passive data, any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hullwatch {

struct SourcePosition {
  std::string file;
  uint32_t line = 0, column = 0;  // from 1; 0: unknown
};

/// One error or warning, with what a person needs to mend it.
struct Diagnostic {
  enum class Severity : uint8_t { warning, error };
  Severity severity = Severity::error;
  std::string code;  // "LOAD_ERR_COMPILE_CONDITION"
  std::string message;
  std::string item;  // "rule 'x'", empty when none
  SourcePosition position;
  std::string excerpt;  // the line
  std::string hint;
};

/// "file:line:col: error: message", the line, a caret, "hint: …". Ends without a newline; control bytes of the file are
/// escaped.
std::string format_diagnostic(const Diagnostic& diagnostic);

/// Line `line` (from 1) of `text`, without its end; empty when there is none.
std::string_view line_of(std::string_view text, uint32_t line);

/// The candidate that `name` is most likely a misspelling of: "did you mean 'x'?"; empty when none is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace hullwatch
