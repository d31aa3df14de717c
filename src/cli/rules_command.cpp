#include "cli/rules_command.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <set>

#include "cli/configuration.h"
#include "cli/output.h"
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

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

/// What a rule that does nothing waits for, short enough to be counted: "events open, openat", "fields fd.name".
std::string want_of(const RuleInfo& rule) {
  if (!rule.missing_events.empty()) return "events " + joined({rule.missing_events.begin(), rule.missing_events.end()});
  if (!rule.missing_fields.empty()) return "fields " + joined({rule.missing_fields.begin(), rule.missing_fields.end()});
  return rule.reason;
}

struct Summary {
  size_t live = 0, disabled = 0, inert = 0;
  std::map<std::string, size_t> wants;   // of the inert ones
  std::set<std::string> events, fields;  // that would make more of them live
};

Summary summary_of(const RuleSet& rules) {
  Summary sum;
  for (const RuleInfo& rule : rules.rules()) {
    if (rule.state == RuleInfo::State::live) ++sum.live;
    if (rule.state == RuleInfo::State::disabled) ++sum.disabled;
    if (rule.state != RuleInfo::State::inert) continue;
    ++sum.inert;
    ++sum.wants[want_of(rule)];
    sum.events.insert(rule.missing_events.begin(), rule.missing_events.end());
    sum.fields.insert(rule.missing_fields.begin(), rule.missing_fields.end());
  }
  return sum;
}

/// "25 rules: 11 live, 14 inert (4: events open, openat; 1: …); to be live they need the events … and the fields …": the one
/// line that says what rule files are worth here.
std::string summary_line(const RuleSet& rules) {
  const Summary sum = summary_of(rules);
  std::string text = std::to_string(rules.rules().size()) + " rules: " + std::to_string(sum.live) + " live";
  if (sum.disabled > 0) text += ", " + std::to_string(sum.disabled) + " disabled";
  text += ", " + std::to_string(sum.inert) + " inert";
  if (sum.inert == 0) return text;
  std::vector<std::pair<std::string, size_t>> wants(sum.wants.begin(), sum.wants.end());
  std::ranges::stable_sort(wants, std::ranges::greater{}, &std::pair<std::string, size_t>::second);
  std::string separator = " (";
  for (const auto& [want, count] : wants) {
    text += separator + std::to_string(count) + ": " + want;
    separator = "; ";
  }
  text += ")";
  if (sum.events.empty() && sum.fields.empty()) return text;
  text += "; to be live they need";
  if (!sum.events.empty()) text += " the events " + joined(sum.events);
  if (!sum.fields.empty()) text += (sum.events.empty() ? "" : " and") + std::string(" the fields ") + joined(sum.fields);
  return text;
}

std::string count_line(const LoadedRules& loaded) {
  const auto is_error = [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::error; };
  const auto errors = std::ranges::count_if(loaded.diagnostics, is_error);
  return "not loaded: " + std::to_string(errors) + (errors == 1 ? " error, " : " errors, ") +
         std::to_string(static_cast<ptrdiff_t>(loaded.diagnostics.size()) - errors) + " warnings";
}

void write_summary(JsonWriter& json, const RuleSet& rules) {
  const Summary sum = summary_of(rules);
  json.key("summary").begin_object().member("rules", rules.rules().size()).member("live", sum.live);
  json.member("disabled", sum.disabled).member("inert", sum.inert);
  const auto list = [&json](std::string_view key, const std::set<std::string>& names) {
    json.key(key).begin_array();
    for (const std::string& name : names) json.value(name);
    json.end_array();
  };
  list("needs_events", sum.events);
  list("needs_fields", sum.fields);
  json.end_object();
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
    if (loaded.rules != nullptr) write_summary(json, *loaded.rules);
    json.end_object();
    std::cout << json.text() << '\n';
  } else {
    print_diagnostics(loaded.diagnostics);
    std::cout << to_terminal(loaded.rules != nullptr ? summary_line(*loaded.rules) : count_line(loaded)) << '\n';
  }
  return loaded.rules != nullptr ? kExitOk : kExitConfiguration;
}

int rules_list_command(const std::vector<std::string>& paths, const std::string& format) {
  const auto config = load_configuration({});
  if (!config) return kExitConfiguration;
  const LoadedRules loaded = RuleSet::load(paths.empty() ? config->rules.paths : paths, rule_options(config->rules));
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
