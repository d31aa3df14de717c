#include "rules/rule_file_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rules/condition_lexer.h"
#include "rules/rule_exceptions.h"

namespace hullwatch::rules {
namespace {

constexpr std::array<std::string_view, 1> kItems = {"items"};
constexpr std::array<std::string_view, 1> kCondition = {"condition"};
constexpr std::array<std::string_view, 5> kAppendable = {"condition", "output", "desc", "tags", "exceptions"};
constexpr std::array<std::string_view, 11> kReplaceable = {"condition",
                                                           "output",
                                                           "desc",
                                                           "priority",
                                                           "capture",
                                                           "capture_duration",
                                                           "tags",
                                                           "exceptions",
                                                           "enabled",
                                                           "warn_evttypes",
                                                           "skip-if-unknown-filter"};
/// Ours: they belong to the item that defines the rule.
constexpr std::array<std::string_view, 7> kExtensionKeys = {"threshold", "sequence", "by",   "within",
                                                            "suppress",  "respond",  "tests"};
constexpr std::array<std::string_view, 22> kRuleKeys = {"rule",
                                                        "condition",
                                                        "output",
                                                        "desc",
                                                        "priority",
                                                        "source",
                                                        "enabled",
                                                        "capture",
                                                        "capture_duration",
                                                        "warn_evttypes",
                                                        "skip-if-unknown-filter",
                                                        "tags",
                                                        "exceptions",
                                                        "override",
                                                        "append",
                                                        "tests",
                                                        "threshold",
                                                        "sequence",
                                                        "by",
                                                        "within",
                                                        "suppress",
                                                        "respond"};

bool has(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// An item that changes an earlier rule leaves that rule's extensions as they are.
void warn_ignored_extensions(ItemReader& item) {
  for (const auto& [key, value] : item.place().node->entries)
    if (key->is_scalar() && has(kExtensionKeys, key->value))
      item.warning(*key, "LOAD_WARNING_EXTENSION", "'" + key->value + "' is ignored: this item only changes an earlier rule",
                   "write it where the rule is defined");
}

/// Milliseconds. Of no effect here, but what Falco refuses is refused.
void check_capture_duration(ItemReader& item) {
  const auto text = item.optional("capture_duration");
  if (!text || parse_yaml_unsigned(*text)) return;
  item.error(*item.node("capture_duration"), "the value of 'capture_duration' must be a number of milliseconds");
}

}  // namespace

void RuleFileReader::read(const SourceFile& file) {
  for (const auto& problem : file.problems) {
    // A file with a key twice is no valid YAML, but Falco takes it, and so it may be what a user brings.
    Diagnostic& diagnostic = problem.kind == YamlProblem::Kind::duplicate_key
                                 ? diagnostics_.warning("LOAD_WARNING_EXTENSION", problem.message)
                                 : diagnostics_.error("LOAD_ERR_YAML_PARSE", problem.message);
    diagnostic.position = {file.name, problem.line, problem.column};
    diagnostic.excerpt = file.line(problem.line);
  }
  for (const auto& document : file.documents) {
    if (document->is_null()) continue;
    if (!document->is_sequence()) {
      Diagnostic& diagnostic = diagnostics_.error("LOAD_ERR_YAML_VALIDATE", "a rule file must be a sequence of items");
      diagnostic.hint = "each item begins with '- rule:', '- macro:' or '- list:'";
      point_at(diagnostic, file, *document);
      continue;
    }
    for (const auto& item : document->items)
      if (!item->is_null()) read_item(file, item);
  }
}

void RuleFileReader::read_item(const SourceFile& file, const YamlPtr& node) {
  ItemPlace place{&file, node, {}};
  ItemReader item(place, diagnostics_);
  if (!node->is_map()) return item.error(*node, "each item of a rule file must be a map");
  if (item.has("required_engine_version")) return read_engine_version(item);
  if (item.has("required_plugin_versions")) return read_plugin_versions(item);
  using Reader = void (RuleFileReader::*)(ItemReader&, const std::string&);
  static constexpr std::pair<std::string_view, Reader> kKinds[] = {
      {"list", &RuleFileReader::read_list}, {"macro", &RuleFileReader::read_macro}, {"rule", &RuleFileReader::read_rule}};
  for (const auto& [kind, reader] : kKinds) {
    if (!item.has(kind)) continue;
    const auto name = item.required(kind);
    if (!name) return;
    place.label = std::string(kind) + " '" + *name + "'";
    (this->*reader)(item, *name);
    if (item.failed()) definitions_.mark_broken(*name);
    return;
  }
  item.warning(*node, "LOAD_UNKNOWN_ITEM", "unknown kind of item is ignored",
               "an item is a rule, macro, list, required_engine_version or required_plugin_versions");
}

bool RuleFileReader::read_append_and_override(ItemReader& item, std::span<const std::string_view> appendable,
                                              std::span<const std::string_view> replaceable, bool& append_flag,
                                              std::set<std::string>& append, std::set<std::string>& replace) {
  append_flag = item.optional_bool("append").value_or(false);
  if (append_flag)
    item.warning(*item.node("append"), "LOAD_DEPRECATED_ITEM", "'append' is deprecated",
                 "use 'override' with the key to append to");
  const YamlPtr override = item.node("override");
  if (!override) return true;
  if (!override->is_map()) {
    if (override->is_sequence() && !override->items.empty()) {
      item.invalid(*override, "the value of 'override' must be a map of keys to append or replace");
      return false;
    }
    item.warning(*override, "LOAD_WARNING_EXTENSION", "'override' is not a map: it overrides nothing");
    return !item.failed();
  }
  for (const auto& [key, operation] : override->entries) {
    const bool may_append = has(appendable, key->value), may_replace = has(replaceable, key->value);
    if (!operation->is_scalar() && !operation->is_null()) {
      item.invalid(*operation, "the operation of an override must be 'append' or 'replace'");
    } else if (operation->value == "append") {
      if (!may_append)
        item.error(*key, "key '" + key->value + "' cannot be appended to" + (may_replace ? ", use 'replace' instead" : ""));
      append.insert(key->value);
    } else if (operation->value == "replace") {
      if (!may_replace) item.error(*key, "key '" + key->value + "' cannot be replaced");
      replace.insert(key->value);
    } else {
      item.error(*operation, "invalid override operation '" + operation->value + "' for key '" + key->value + "'",
                 std::string("allowed:") + (may_append ? " append" : "") + (may_replace ? " replace" : ""));
    }
  }
  for (const auto& key : append)
    if (replace.contains(key)) item.error(*override, "key '" + key + "' cannot be both appended to and replaced");
  if (append_flag && !override->entries.empty())
    item.error(*override, "'override' and 'append: true' cannot be used together",
               "write the keys to append to under 'override'");
  return !item.failed();
}

void RuleFileReader::read_list(ItemReader& item, const std::string& name) {
  static constexpr std::array<std::string_view, 4> kKeys = {"list", "items", "append", "override"};
  if (!is_bare_string(name))
    item.warning(*item.node("list"), "LOAD_INVALID_LIST_NAME",
                 "a list's name should have no blanks, quotes, '=', ',' or parentheses");
  auto items = item.strings("items", true);
  bool append_flag = false;
  std::set<std::string> append, replace;
  read_append_and_override(item, kItems, kItems, append_flag, append, replace);
  item.warn_unknown_keys(kKeys);
  if (item.failed() || !items) return;
  ListDefinition list{name, std::move(*items), 0, 0, item.place()};
  if (append_flag || append.contains("items")) {
    definitions_.append(std::move(list));
  } else {
    definitions_.define(std::move(list));
  }
}

void RuleFileReader::read_macro(ItemReader& item, const std::string& name) {
  static constexpr std::array<std::string_view, 4> kKeys = {"macro", "condition", "append", "override"};
  if (!is_identifier(name))
    item.warning(*item.node("macro"), "LOAD_INVALID_MACRO_NAME",
                 "a macro's name should be letters, digits and '_', a letter first");
  auto condition = item.required_text("condition");
  bool append_flag = false;
  std::set<std::string> append, replace;
  read_append_and_override(item, kCondition, kCondition, append_flag, append, replace);
  item.warn_unknown_keys(kKeys);
  if (item.failed() || !condition) return;
  MacroDefinition macro{name, std::move(*condition), 0, 0, item.place()};
  if (append_flag || append.contains("condition")) {
    definitions_.append(macro);
  } else {
    definitions_.define(std::move(macro));
  }
}

void RuleFileReader::read_rule(ItemReader& item, const std::string& name) {
  bool append_flag = false;
  std::set<std::string> append, replace;
  item.warn_unknown_keys(kRuleKeys);
  if (const YamlPtr source = item.node("source"); source && !source->is_scalar() && !source->is_null())
    item.error(*source, "the value of 'source' must be a scalar");
  if (!read_append_and_override(item, kAppendable, kReplaceable, append_flag, append, replace)) return;
  const bool defines = item.has("condition") || item.has("output") || item.has("desc") || item.has("priority");
  const bool overrides = !append.empty() || !replace.empty();
  if (overrides || append_flag || !defines) warn_ignored_extensions(item);
  if (overrides) return override_rule(item, name, append, replace);
  if (append_flag) return append_rule(item, name);
  if (defines) return define_rule(item, name);
  // Only `enabled`: switches an earlier rule.
  if (!item.has("enabled"))
    return item.error(*item.place().node, "key 'enabled' is missing", "a rule needs condition, output, desc and priority");
  const auto enabled = item.optional_bool("enabled");
  if (!enabled) return;
  item.warning(*item.node("enabled"), "LOAD_DEPRECATED_ITEM", "a rule with only 'enabled' is deprecated",
               "add 'override: {enabled: replace}'");
  definitions_.enable(name, *enabled, item.place());
}

void RuleFileReader::define_rule(ItemReader& item, const std::string& name) {
  RuleDefinition rule;
  rule.name = name;
  rule.place = item.place();
  if (item.has("sequence") && !item.has("condition"))
    rule.condition.append_for("evt.type exists", *item.place().file, item.node("sequence"));  // its steps have conditions
  else if (auto condition = item.required_text("condition"))
    rule.condition = std::move(*condition);
  if (auto output = item.required_text("output")) rule.output = std::move(*output);
  rule.description = item.required("desc").value_or("");
  if (const auto text = item.required("priority")) {
    const auto priority = parse_priority(*text);
    if (!priority)
      item.error(*item.node("priority"), "invalid priority '" + *text + "'",
                 "one of EMERGENCY, ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFO, DEBUG");
    rule.priority = priority.value_or(Priority::debug);
  }
  if (auto source = item.optional("source")) rule.source = std::move(*source);
  rule.enabled = item.optional_bool("enabled").value_or(true);
  (void)item.optional_bool("capture");
  check_capture_duration(item);
  rule.warn_event_types = item.optional_bool("warn_evttypes").value_or(true);
  rule.skip_if_unknown_filter = item.optional_bool("skip-if-unknown-filter").value_or(false);
  if (auto tags = item.strings("tags", false)) rule.tags.insert(tags->begin(), tags->end());
  rule.exceptions = read_exceptions(item, false);
  rule.extensions = read_extensions(item);
  rule.tests = item.node("tests");
  if (!item.failed()) definitions_.define(std::move(rule));
}

RuleUpdate RuleFileReader::read_update(ItemReader& item, const std::string& name, const std::set<std::string>& keys,
                                       std::string_view operation) {
  RuleUpdate update;
  update.name = name;
  update.place = item.place();
  const auto wants = [&](std::string_view key) {
    if (!keys.contains(std::string(key))) return false;
    if (item.has(key)) return true;
    item.error(*item.place().node, "override has '" + std::string(key) + ": " + std::string(operation) +
                                       "', but the item has no key '" + std::string(key) + "'");
    return false;
  };
  if (wants("condition")) {
    update.condition = item.required_text("condition");
    const YamlPtr source = item.node("source");
    if (source && source->is_scalar()) update.source = source->value;
  }
  if (wants("exceptions")) update.exceptions = read_exceptions(item, operation == "append");
  if (wants("output")) update.output = item.required_text("output");
  if (wants("desc")) update.description = item.required("desc");
  if (wants("tags"))
    if (auto tags = item.strings("tags", true)) update.tags.emplace(tags->begin(), tags->end());
  if (wants("priority")) {
    if (const auto text = item.required("priority")) {
      update.priority = parse_priority(*text);
      if (!update.priority) item.error(*item.node("priority"), "invalid priority '" + *text + "'");
    }
  }
  if (wants("enabled")) update.enabled = item.optional_bool("enabled");
  if (wants("warn_evttypes")) update.warn_event_types = item.optional_bool("warn_evttypes");
  if (wants("skip-if-unknown-filter")) update.skip_if_unknown_filter = item.optional_bool("skip-if-unknown-filter");
  if (wants("capture")) update.captures = item.optional_bool("capture").has_value();
  if (wants("capture_duration")) {
    check_capture_duration(item);
    update.captures = true;
  }
  return update;
}

void RuleFileReader::override_rule(ItemReader& item, const std::string& name, const std::set<std::string>& append,
                                   const std::set<std::string>& replace) {
  RuleUpdate appended, replaced;
  if (!append.empty()) appended = read_update(item, name, append, "append");
  if (!replace.empty()) replaced = read_update(item, name, replace, "replace");
  // First whether there is what the item changes, then what it has too much: whoever overrides nothing hears of that.
  if (!item.failed()) {
    if (!append.empty()) definitions_.append(std::move(appended));
    if (!replace.empty()) definitions_.replace(std::move(replaced));
  }
  for (const auto& [key, value] : item.place().node->entries)
    if (has(kReplaceable, key->value) && !append.contains(key->value) && !replace.contains(key->value))
      item.error(*key, "unexpected key '" + key->value + "': it has no entry under 'override'");
}

void RuleFileReader::append_rule(ItemReader& item, const std::string& name) {
  std::set<std::string> keys;
  for (const std::string_view key : {"condition", "exceptions"})
    if (item.has(key)) keys.emplace(key);
  RuleUpdate update = read_update(item, name, keys, "append");
  const YamlPtr source = item.node("source");
  if (source && source->is_scalar()) update.source = source->value;
  if (!item.failed()) definitions_.append(std::move(update));
}

}  // namespace hullwatch::rules
