#include "cli/rules_command.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <set>

#include "cli/configuration.h"
#include "cli/output.h"
#include "cli/rules_summary.h"
#include "rules/rule_tests.h"
#include "util/json_writer.h"
#include "util/utf8.h"

namespace hullwatch {
namespace {

std::string_view state_name(RuleInfo::State state) {
  switch (state) {
    case RuleInfo::State::live: return "live";
    case RuleInfo::State::inert: return "inert";
    case RuleInfo::State::disabled: break;
  }
  return "disabled";
}

void write_rules(JsonWriter& json, const RuleSet* rules, bool whole) {
  json.key("rules").begin_array();
  for (const RuleInfo& rule : rules != nullptr ? rules->rules() : std::vector<RuleInfo>{}) {
    json.begin_object().member("name", rule.name).member("state", state_name(rule.state)).member_if("reason", rule.reason);
    const auto list = [&json](std::string_view key, const std::vector<std::string>& names) {
      if (names.empty()) return;
      json.key(key).begin_array();
      for (const std::string& name : names) json.value(name);
      json.end_array();
    };
    list("missing_events", rule.missing_events);
    list("missing_fields", rule.missing_fields);
    json.member("priority", priority_name(rule.priority)).member("file", rule.position.file).member("line", rule.position.line);
    if (whole) {
      json.member("description", rule.description).member("condition", rule.condition).member("output", rule.output);
      json.key("tags").begin_array();
      for (const std::string& tag : rule.tags) json.value(tag);
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
}

void write_diagnostics(JsonWriter& json, std::string_view key, const LoadedRules& loaded, Diagnostic::Severity severity) {
  json.key(key).begin_array();
  for (const Diagnostic& d : loaded.diagnostics) {
    if (d.severity != severity) continue;
    json.begin_object().member("code", d.code).member("message", d.message).member_if("item", d.item);
    json.member("file", d.position.file).member("line", d.position.line).member("column", d.position.column);
    json.member_if("snippet", d.excerpt).member_if("hint", d.hint).end_object();
  }
  json.end_array();
}

std::string count_line(const LoadedRules& loaded) {
  const auto is_error = [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::error; };
  const auto errors = std::ranges::count_if(loaded.diagnostics, is_error);
  return "not loaded: " + std::to_string(errors) + (errors == 1 ? " error, " : " errors, ") +
         std::to_string(static_cast<ptrdiff_t>(loaded.diagnostics.size()) - errors) + " warnings";
}

std::string wanted_alerts(const RuleTestCase& test) {
  if (test.exact) return std::to_string(test.fires) + (test.fires == 1 ? " alert" : " alerts");
  return test.fires > 0 ? "an alert" : "no alert";
}

/// Line by line: the line ends are ours, what is in a line came from a file.
std::string lines_to_terminal(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    out += to_terminal(text.substr(at, end - at)) + '\n';
    at = end + 1;
  }
  return out;
}

}  // namespace

int rules_check_command(const std::vector<std::string>& paths, const std::string& format) {
  const LoadedRules loaded = RuleSet::load(paths, {});
  if (format == "json") {
    JsonWriter json;
    json.begin_object().member("schema", "hullwatch.rules_check/1").member("successful", loaded.rules != nullptr);
    write_diagnostics(json, "errors", loaded, Diagnostic::Severity::error);
    write_diagnostics(json, "warnings", loaded, Diagnostic::Severity::warning);
    write_rules(json, loaded.rules.get(), false);
    if (loaded.rules != nullptr) write_rules_summary(json.key("summary"), *loaded.rules);
    json.end_object();
    std::cout << json.text() << '\n';
  } else {
    print_diagnostics(loaded.diagnostics);
    std::cout << to_terminal(loaded.rules != nullptr ? rules_summary_line(*loaded.rules) : count_line(loaded)) << '\n';
  }
  return loaded.rules != nullptr ? kExitOk : kExitConfiguration;
}

int rules_list_command(const std::vector<std::string>& paths, const std::string& format) {
  const auto config = load_configuration({});
  if (!config) return kExitConfiguration;
  const LoadedRules loaded = RuleSet::load(paths.empty() ? config->rules.paths : paths, rule_options(*config));
  print_diagnostics(loaded.diagnostics);
  if (loaded.rules == nullptr) return kExitConfiguration;
  if (format == "json") {
    JsonWriter json;
    json.begin_object().member("schema", "hullwatch.rules/1");
    write_rules(json, loaded.rules.get(), true);
    json.end_object();
    std::cout << json.text() << '\n';
    return kExitOk;
  }
  for (const RuleInfo& rule : loaded.rules->rules()) {
    std::cout << state_name(rule.state) << '\t' << priority_name(rule.priority) << '\t' << to_terminal(rule.name);
    if (!rule.reason.empty()) std::cout << "\t" << to_terminal(rule.reason);
    std::cout << '\n';
  }
  return kExitOk;
}

int rules_test_command(const std::vector<std::string>& paths, const std::string& format) {
  const LoadedRules loaded = RuleSet::load(paths, {});
  print_diagnostics(loaded.diagnostics);
  if (loaded.rules == nullptr) return kExitConfiguration;
  const std::vector<RuleTestResult> results = run_rule_tests(*loaded.rules);
  size_t failed = 0;
  JsonWriter json;
  json.begin_object().member("schema", "hullwatch.rules_test/1").key("cases").begin_array();
  for (const RuleTestResult& result : results) {
    const RuleTestCase& test = *result.test_case;
    const std::string& rule = loaded.rules->rules()[test.rule].name;
    failed += result.passed ? 0 : 1;
    json.begin_object().member("rule", rule).member_if("name", test.name).member("passed", result.passed);
    json.member("fired", result.fired).member("suppressed", result.suppressed).member_if("account", result.account);
    json.member("file", test.position.file).member("line", test.position.line).end_object();
    if (!result.passed && format != "json")
      std::cout << to_terminal(test.position.file) << ':' << test.position.line << ": " << to_terminal(rule)
                << (test.name.empty() ? "" : ": " + to_terminal(test.name)) << ": expected " << wanted_alerts(test) << ", got "
                << result.fired << '\n'
                << lines_to_terminal(result.account);
  }
  json.end_array().member("passed", results.size() - failed).member("failed", failed).end_object();
  if (format == "json")
    std::cout << json.text() << '\n';
  else
    std::cout << results.size() - failed << " passed, " << failed << " failed\n";
  return failed == 0 ? kExitOk : kExitFindings;
}

}  // namespace hullwatch
