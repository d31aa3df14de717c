#pragma once
// Collects errors and warnings while rules load: each once, all of them, up to a bound that is itself reported.

#include <set>
#include <string>
#include <vector>

#include "rules/rule_set.h"
#include "rules/tracked_text.h"
#include "rules/yaml_tree.h"

namespace hullwatch::rules {

class Diagnostics {
 public:
  Diagnostic& error(std::string code, std::string message) {
    return add(Diagnostic::Severity::error, std::move(code), std::move(message));
  }
  Diagnostic& warning(std::string code, std::string message) {
    return add(Diagnostic::Severity::warning, std::move(code), std::move(message));
  }
  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  [[nodiscard]] size_t errors() const { return errors_; }
  /// In the order of files and lines, without repetitions.
  std::vector<Diagnostic> take();

  static constexpr size_t kMax = 2000;

 private:
  Diagnostic& add(Diagnostic::Severity severity, std::string code, std::string message);
  std::vector<Diagnostic> all_;
  Diagnostic overflow_;
  size_t errors_ = 0, dropped_ = 0;
};

/// Sets where a diagnostic points: a node of a file, or a byte of a condition.
void point_at(Diagnostic& diagnostic, const SourceFile& file, const YamlNode& node);
void point_at(Diagnostic& diagnostic, const TrackedText& text, size_t offset);

}  // namespace hullwatch::rules
