#include "rules/definitions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rules/condition_ast.h"

namespace hullwatch::rules {
namespace {

constexpr std::string_view kOurSource = "syscall";

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool is_operator(std::string_view text, Operator first, Operator last) {
  if (text == "==") text = "=";
  for (int i = static_cast<int>(first); i <= static_cast<int>(last); ++i)
    if (text == operator_name(static_cast<Operator>(i))) return true;
  return false;
}

bool has_modifier(const std::string& comparison) {
  const size_t blank = comparison.find(' ');
  if (blank == std::string::npos || !is_operator(comparison.substr(0, blank), Operator::equal, Operator::regex)) return false;
  const std::string_view modifier = std::string_view(comparison).substr(blank + 1);
  return modifier == "oneof" || modifier == "anyof" || modifier == "allof";
}

/// Puts an item into its vector, keeping the position of an earlier one of that name.
template <typename Item>
void define_item(std::vector<Item>& items, std::map<std::string, size_t>& names, Item item, uint32_t now) {
  item.index = item.visibility = now;
  const auto [found, added] = names.try_emplace(item.name, items.size());
  if (added) {
    items.push_back(std::move(item));
    return;
  }
  Item& earlier = items[found->second];
  item.index = earlier.index;
  earlier = std::move(item);
}

}  // namespace

bool is_list_comparison(const std::string& comparison) {
  return is_operator(comparison, Operator::intersects, Operator::pmatch) || has_modifier(comparison);
}

bool RuleUpdate::empty() const {
  return !condition && !output && !description && !priority && !enabled && !warn_event_types && !skip_if_unknown_filter &&
         !tags && !exceptions && !captures;
}

void Definitions::error(const ItemPlace& place, std::string message) {
  Diagnostic& diagnostic = diagnostics_.error("LOAD_ERR_VALIDATE", std::move(message));
  diagnostic.item = place.label;
  point_at(diagnostic, *place.file, *place.node);
}

const ListDefinition* Definitions::find_list(const std::string& name) const {
  const auto found = list_names_.find(name);
  return found == list_names_.end() ? nullptr : &lists_[found->second];
}

const MacroDefinition* Definitions::find_macro(const std::string& name) const {
  const auto found = macro_names_.find(name);
  return found == macro_names_.end() ? nullptr : &macros_[found->second];
}

void Definitions::define(ListDefinition list) { define_item(lists_, list_names_, std::move(list), next_index_++); }
void Definitions::define(MacroDefinition macro) { define_item(macros_, macro_names_, std::move(macro), next_index_++); }

void Definitions::append(ListDefinition list) {
  const auto found = list_names_.find(list.name);
  if (found == list_names_.end()) {
    if (!is_broken(list.name)) error(list.place, "nothing to append to: no list of that name is defined before");
    return;
  }
  ListDefinition& earlier = lists_[found->second];
  std::ranges::move(list.items, std::back_inserter(earlier.items));
  earlier.visibility = next_index_++;
}

void Definitions::append(const MacroDefinition& macro) {
  const auto found = macro_names_.find(macro.name);
  if (found == macro_names_.end()) {
    if (!is_broken(macro.name)) error(macro.place, "nothing to append to: no macro of that name is defined before");
    return;
  }
  MacroDefinition& earlier = macros_[found->second];
  earlier.condition.append_plain(" ");
  earlier.condition.append(macro.condition);
  earlier.visibility = next_index_++;
}

void Definitions::define(RuleDefinition rule) {
  const auto found = rule_names_.find(rule.name);
  if (found != rule_names_.end() && rules_[found->second].source != rule.source)
    return error(rule.place, "the rule is defined before with source '" + rules_[found->second].source + "'");
  if (rule.source != kOurSource) {
    rule.unknown_source = true;
    Diagnostic& diagnostic =
        diagnostics_.warning("LOAD_UNKNOWN_SOURCE", "unknown source '" + rule.source + "': the rule is skipped");
    diagnostic.item = rule.place.label;
    point_at(diagnostic, *rule.place.file, *rule.place.node);
  }
  bool good = true;
  for (auto& exception : rule.exceptions) {
    if (!exception.fields.given) {
      error(exception.place, "an exception must have 'fields'");
      good = false;
    } else {
      good &= validate(exception, !rule.unknown_source);
    }
  }
  if (!good) return mark_broken(rule.name);
  define_item(rules_, rule_names_, std::move(rule), next_index_++);
}

RuleDefinition* Definitions::find_for_update(const RuleUpdate& update, std::string_view none, std::string_view nothing) {
  const auto found = rule_names_.find(update.name);
  if (found == rule_names_.end()) {
    if (!is_broken(update.name)) error(update.place, std::string(none));
    return nullptr;
  }
  RuleDefinition& rule = rules_[found->second];
  if (update.empty()) {
    error(update.place, std::string(nothing));
    return nullptr;
  }
  if (update.source && !update.source->empty() && *update.source != rule.source) {
    error(update.place, "the rule is defined before with source '" + rule.source + "'");
    return nullptr;
  }
  rule.visibility = next_index_++;
  return &rule;
}

void Definitions::append(RuleUpdate update) {
  RuleDefinition* rule = find_for_update(update, "nothing to append to: no rule of that name is defined before",
                                         "an appended rule must have 'exceptions' or 'condition'");
  if (rule == nullptr) return;
  const auto join = [](TrackedText& text, const std::optional<TrackedText>& more) {
    if (!more || more->empty()) return;
    text.append_plain(" ");
    text.append(*more);
  };
  join(rule->condition, update.condition);
  join(rule->output, update.output);
  if (update.description && !update.description->empty()) rule->description += " " + *update.description;
  if (update.tags) rule->tags.insert(update.tags->begin(), update.tags->end());
  if (update.exceptions) append_exceptions(*rule, std::move(*update.exceptions));
}

void Definitions::append_exceptions(RuleDefinition& rule, std::vector<ExceptionDefinition> exceptions) {
  for (auto& exception : exceptions) {
    const auto earlier = std::ranges::find(rule.exceptions, exception.name, &ExceptionDefinition::name);
    if (earlier == rule.exceptions.end()) {
      if (!exception.fields.given) {
        error(exception.place, "a new exception must have 'fields'");
      } else if (exception.values.empty()) {
        error(exception.place, "a new exception must have 'values'");
      } else if (validate(exception, !rule.unknown_source)) {
        rule.exceptions.push_back(std::move(exception));
      }
    } else if (exception.fields.given || exception.comps.given) {
      error(exception.place, std::string("cannot append '") + (exception.fields.given ? "fields" : "comps") +
                                 "' to an existing exception, only 'values'");
    } else {
      std::ranges::move(exception.values, std::back_inserter(earlier->values));
    }
  }
}

void Definitions::replace(RuleUpdate update) {
  RuleDefinition* rule = find_for_update(update, "nothing to replace: no rule of that name is defined before",
                                         "the rule must have at least one key that can be replaced");
  if (rule == nullptr) return;
  const auto set = [](auto& field, auto& value) {
    if (value) field = std::move(*value);
  };
  set(rule->condition, update.condition);
  set(rule->output, update.output);
  set(rule->description, update.description);
  set(rule->tags, update.tags);
  set(rule->priority, update.priority);
  set(rule->enabled, update.enabled);
  set(rule->warn_event_types, update.warn_event_types);
  set(rule->skip_if_unknown_filter, update.skip_if_unknown_filter);
  if (!update.exceptions) return;
  std::vector<ExceptionDefinition> valid;
  for (auto& exception : *update.exceptions) {
    if (!exception.fields.given) {
      error(exception.place, "an exception must have 'fields'");
    } else if (validate(exception, !rule->unknown_source)) {
      valid.push_back(std::move(exception));
    }
  }
  rule->exceptions = std::move(valid);
}

void Definitions::enable(const std::string& name, bool enabled, const ItemPlace& place) {
  const auto found = rule_names_.find(name);
  if (found != rule_names_.end()) {
    rules_[found->second].enabled = enabled;
  } else if (!is_broken(name)) {
    error(place, "the rule has only 'enabled', but no rule of that name is defined before");
  }
}

bool Definitions::validate(ExceptionDefinition& exception, bool known_source) {
  const auto wrong = [&](std::string message) {
    error(exception.place, std::move(message));
    return false;
  };
  ExceptionEntry& comps = exception.comps;
  const auto check_field = [&](const ExceptionEntry& field) {
    return !known_source || (!field.is_list && is_field_(field.item)) || wrong("'" + field.item + "' is not a known field");
  };
  if (!exception.fields.is_list) {
    if (!comps.given) comps = {true, false, "in", {}};
    if (comps.is_list) return wrong("'fields' and 'comps' must both be lists, or both be strings");
    comps.item = trimmed(comps.item);
    if (!is_list_comparison(comps.item))
      return wrong(
          "when 'fields' is one name, 'comps' must be in, pmatch, intersects, or a string operator with oneof, anyof or allof");
    return check_field(exception.fields);
  }
  const size_t count = exception.fields.items.size();
  if (!comps.given) {
    comps.given = comps.is_list = true;
    comps.item.clear();
    comps.items.assign(count, ExceptionEntry{true, false, "=", {}});
  }
  if (comps.items.size() != count) return wrong("'fields' and 'comps' must be lists of equal length");
  for (auto& comp : comps.items) {
    comp.item = trimmed(comp.item);
    if (comp.is_list || (!is_operator(comp.item, Operator::exists, Operator::pmatch) && !has_modifier(comp.item)))
      return wrong("'" + comp.item + "' is not a comparison operator");
  }
  return std::ranges::all_of(exception.fields.items, check_field);
}

}  // namespace hullwatch::rules
