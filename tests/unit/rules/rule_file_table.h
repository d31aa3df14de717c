#pragma once
// The rows of the loader's tables: a rule file, or how one differs from a file that loads, and what becomes of it.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "rules/rule_set.h"

namespace hullwatch::test {

inline const std::string kRule = "- rule: r\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: INFO\n";

struct File {
  const char* what;
  std::string text;
  std::string code{};  // empty: loads; LOAD_ERR_…: refused with it; else a warning it loads with
};
inline std::ostream& operator<<(std::ostream& out, const File& file) { return out << file.what; }

inline void expect_it_loads_or_does_not(const File& file) {
  const auto loaded = RuleSet::load_text({{"f", file.text}}, {});
  const std::string& code = file.code;
  const bool refused = code.starts_with("LOAD_ERR");
  std::string all;
  for (const auto& d : loaded.diagnostics) all += format_diagnostic(d) + "\n";
  EXPECT_EQ(loaded.rules == nullptr, refused) << file.what << "\n" << file.text << all;
  if (!code.empty()) {
    EXPECT_TRUE(std::ranges::any_of(loaded.diagnostics, [&](const Diagnostic& d) { return d.code == code; }))
        << file.what << ": no " << code << "\n"
        << file.text << all;
  }
}

inline std::string rule(const std::string& keys) { return "- rule: r\n" + keys; }
inline std::string with(const std::string& key, const std::string& value) {
  std::string out = "- rule: r\n";
  for (const auto& [k, v] : {std::pair<std::string, std::string>{"desc", "d"},
                             {"condition", "evt.type = execve"},
                             {"output", "o"},
                             {"priority", "INFO"}})
    out += "  " + k + ": " + (k == key ? value : v) + "\n";
  if (key != "desc" && key != "condition" && key != "output" && key != "priority") out += "  " + key + ": " + value + "\n";
  return out;
}
inline std::string after(const std::string& keys) { return kRule + rule(keys); }
inline std::string exception(const std::string& keys) { return kRule + "  exceptions:\n  - name: e\n" + keys; }
inline std::string appended(const std::string& keys, const std::string& how = "  override: {exceptions: append}\n") {
  return exception("    fields: [proc.name, proc.pname]\n    values: [[a, b]]\n") + "- rule: r\n" + how +
         "  exceptions:\n  - name: e\n" + keys;
}
inline constexpr const char* kYaml = "LOAD_ERR_YAML_VALIDATE";
inline constexpr const char* kValidate = "LOAD_ERR_VALIDATE";
inline constexpr const char* kCompile = "LOAD_ERR_COMPILE_CONDITION";
inline constexpr const char* kOutput = "LOAD_ERR_COMPILE_OUTPUT";

}  // namespace hullwatch::test
