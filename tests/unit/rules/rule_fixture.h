#pragma once
// Speaks of rules in a line: `condition("proc.name = sh").on({{"proc.name", "sh"}})`.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "rules/rule_tests.h"
#include "unit/rules/test_fields.h"

namespace hullwatch::test {

inline LoadedRules load(const std::string& yaml, RuleSetOptions options = {}) {
  options.fields = &TestFields::instance();
  return RuleSet::load_text({{"rules.yaml", yaml}}, options);
}

inline std::string errors_of(const LoadedRules& loaded) {
  std::string out;
  for (const auto& diagnostic : loaded.diagnostics)
    if (diagnostic.severity == Diagnostic::Severity::error) out += format_diagnostic(diagnostic) + "\n";
  return out;
}

inline const Diagnostic* find_code(const LoadedRules& loaded, std::string_view code) {
  for (const auto& diagnostic : loaded.diagnostics)
    if (diagnostic.code == code) return &diagnostic;
  return nullptr;
}

/// "line:column message" of each error.
inline std::vector<std::string> error_places(const LoadedRules& loaded) {
  std::vector<std::string> out;
  for (const auto& d : loaded.diagnostics)
    if (d.severity == Diagnostic::Severity::error)
      out.push_back(std::to_string(d.position.line) + ":" + std::to_string(d.position.column) + " " + d.message);
  return out;
}

/// As a YAML literal, so that nothing in it needs quotes.
inline std::string rule_with(const std::string& condition, const std::string& more = "") {
  return "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n" + more + "  condition: |-\n    " + condition + "\n";
}

class Condition {
 public:
  explicit Condition(const std::string& text, const std::string& before = "") : loaded_(load(before + rule_with(text))) {}
  [[nodiscard]] bool accepted() const { return loaded_.rules != nullptr; }
  [[nodiscard]] std::string errors() const { return errors_of(loaded_); }
  [[nodiscard]] const RuleInfo& info() const { return loaded_.rules->rules().at(0); }

  using Values = std::vector<std::pair<std::string, Value>>;
  [[nodiscard]] bool on(const Values& values, EventType type = EventType::execve) const {
    if (!accepted()) {
      ADD_FAILURE() << errors();
      return false;
    }
    RuleTestEvent event;
    event.type = type;
    for (const auto& [name, value] : values) event.values.emplace(name, value);
    return loaded_.rules->holds(0, event);
  }

 private:
  LoadedRules loaded_;
};

inline Value text(std::string_view value) { return value; }
inline Value list(std::vector<std::string_view> values) { return values; }
inline Value number(int64_t value) { return value; }
inline Value count(uint64_t value) { return value; }

}  // namespace hullwatch::test
