#pragma once
// Compiled rules: immutable once loaded, so that a reload compiles a new set aside and swaps the pointer.
// load: any thread. evaluate: evaluator thread; no I/O, no allocation but for rules that match.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "alert/alert.h"
#include "enrich/context.h"
#include "event/event_type.h"
#include "util/diagnostic.h"
#include "util/result.h"

namespace hullwatch {

struct RuleInfo {
  enum class State : uint8_t { live, inert, disabled };
  std::string name, description, output, condition;
  Priority priority = Priority::notice;
  std::vector<std::string> tags;
  std::string source = "syscall";
  State state = State::live;
  std::string reason;  // why inert or disabled
  SourcePosition position;
  std::vector<EventType> event_types;
};

struct RuleSetOptions {
  Priority minimum_priority = Priority::debug;
  bool match_all = false;  // rule_matching: all
};

class RuleSet;
struct LoadedRules {
  std::shared_ptr<const RuleSet> rules;  // null when there was an error
  std::vector<Diagnostic> diagnostics;
};

struct RuleMatch {
  const RuleInfo* rule;
  std::string output;  // rendered
  std::vector<std::pair<std::string, OutputValue>> output_fields;
};

/// Scratch of one evaluator; reused.
class Evaluation;

class RuleSet {
 public:
  /// Files in the order given; directories are expanded in lexical order to .yaml and .yml. All errors are reported.
  static LoadedRules load(const std::vector<std::string>& paths, const RuleSetOptions& options);
  /// The same from memory: (name, text) pairs. For tests and fuzzing.
  static LoadedRules load_text(const std::vector<std::pair<std::string, std::string>>& files, const RuleSetOptions& options);

  ~RuleSet();
  /// Appends the matches of this event, in definition order. Counts matches per rule.
  void evaluate(const EventContext& context, std::vector<RuleMatch>& matches) const;
  /// True when some live rule can match this type: lets the caller skip work.
  [[nodiscard]] bool wants(EventType type) const;
  [[nodiscard]] const std::vector<RuleInfo>& rules() const;
  /// Matches so far, by index of rules(). Readable from any thread.
  [[nodiscard]] uint64_t match_count(size_t rule) const;
  /// SHA-256 of each file read, hex.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& file_digests() const;

 private:
  struct Impl;
  explicit RuleSet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hullwatch
