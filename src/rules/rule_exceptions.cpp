#include "rules/rule_exceptions.h"

#include <algorithm>
#include <utility>

#include "rules/list_expansion.h"

namespace hullwatch::rules {
namespace {

/// A scalar, or a sequence of entries. Deeper nesting than values need is refused by the bound on depth.
ExceptionEntry read_entry(ItemReader& item, const YamlNode& node, int depth) {
  ExceptionEntry entry;
  if (node.is_scalar()) {
    if (node.value.empty()) item.error(node, "a value of an exception must not be empty");
    entry.item = node.value;
    entry.given = true;
  } else if (node.is_sequence() && depth < 3) {
    entry.is_list = true;
    for (const auto& child : node.items) entry.items.push_back(read_entry(item, *child, depth + 1));
    entry.given = !entry.items.empty();
  } else if (node.is_sequence()) {
    item.error(node, "values of exceptions do not nest so deep");
  }  // else as if nothing stood there
  return entry;
}

std::string joined(const std::vector<ExceptionEntry>& items) {
  std::string out;
  for (const auto& item : items) out.append(out.empty() ? "" : ", ").append(ListExpansion::quoted_item(item.item));
  return "(" + out + ")";
}

std::string right_side(const ExceptionEntry& value, const std::string& comparison) {
  if (value.is_list) return joined(value.items);
  if (is_list_comparison(comparison)) return value.item.starts_with('(') ? value.item : "(" + value.item + ")";
  return ListExpansion::quoted_item(value.item);
}

/// Values that do not fit the fields: what is wrong with them, empty when nothing is.
std::string misfit(const ExceptionDefinition& exception) {
  for (const auto& value : exception.values) {
    if (!exception.fields.is_list) {
      if (value.is_list) return "when 'fields' is one name, 'values' must be a list of strings";
    } else if (value.items.size() != exception.fields.items.size()) {
      return "'fields' and each of 'values' must be lists of equal length";
    }
  }
  return {};
}

std::string exception_text(const ExceptionDefinition& exception) {
  if (exception.values.empty()) return {};
  if (!exception.fields.is_list)
    return "(" + exception.fields.item + " " + exception.comps.item + " " + joined(exception.values) + ")";
  std::string tuples;
  for (const auto& values : exception.values) {
    tuples.append(tuples.empty() ? "(" : " or (");
    for (size_t i = 0; i < exception.fields.items.size(); ++i) {
      const std::string& comparison = exception.comps.items[i].item;
      tuples.append(i == 0 ? "" : " and ").append(exception.fields.items[i].item).append(" ").append(comparison).append(" ");
      tuples.append(right_side(values.items[i], comparison));
    }
    tuples.append(")");
  }
  return "(" + tuples + ")";
}

}  // namespace

std::vector<ExceptionDefinition> read_exceptions(ItemReader& item, bool append) {
  std::vector<ExceptionDefinition> out;
  const YamlPtr list = item.node("exceptions");
  if (!list || list->is_null()) return out;
  if (!list->is_sequence()) {
    item.error(*list, "the value of 'exceptions' must be a sequence");
    return out;
  }
  for (const auto& node : list->items) {
    if (!node->is_map()) {
      item.error(*node, "an exception must be a map of name, fields, comps and values");
      continue;
    }
    const YamlNode* name = node->find("name");
    if (name == nullptr || !name->is_scalar() || name->value.empty()) {
      item.error(*node, "an exception must have a 'name'");
      continue;
    }
    ExceptionDefinition exception;
    exception.name = name->value;
    exception.place = {item.place().file, node, item.place().label + ", exception '" + name->value + "'"};
    if (std::ranges::find(out, exception.name, &ExceptionDefinition::name) != out.end())
      item.warning(*name, "LOAD_EXCEPTION_NAME_NOT_UNIQUE", "an exception named '" + exception.name + "' is already there");
    if (const auto* fields = node->find("fields")) {
      exception.fields = read_entry(item, *fields, 0);
    } else if (!append) {
      item.error(*node, "exception '" + exception.name + "' must have 'fields'");
    }
    if (const auto* comps = node->find("comps")) exception.comps = read_entry(item, *comps, 0);
    const YamlNode* values = node->find("values");
    if (values == nullptr) {
      if (append) item.warning(*node, "LOAD_APPEND_NO_VALUES", "exception '" + exception.name + "' is appended without values");
    } else if (!values->is_sequence()) {
      item.error(*values, "the 'values' of an exception must be a sequence");
    } else {
      for (const auto& value : values->items) exception.values.push_back(read_entry(item, *value, 0));
    }
    out.push_back(std::move(exception));
  }
  return out;
}

std::optional<TrackedText> with_exceptions(const RuleDefinition& rule, Diagnostics& diagnostics) {
  if (rule.exceptions.empty()) return rule.condition;
  bool fits = true;
  for (const auto& exception : rule.exceptions) {
    std::string message = misfit(exception);
    if (message.empty()) continue;
    fits = false;
    Diagnostic& diagnostic = diagnostics.error("LOAD_ERR_VALIDATE", std::move(message));
    diagnostic.item = exception.place.label;
    point_at(diagnostic, *exception.place.file, *exception.place.node);
  }
  if (!fits) return std::nullopt;
  TrackedText text;
  text.append_plain("(");
  text.append(rule.condition);
  text.append_plain(")");
  for (const auto& exception : rule.exceptions) {
    const std::string part = exception_text(exception);
    if (!part.empty()) text.append_for(" and not " + part, *exception.place.file, exception.place.node);
  }
  return text;
}

}  // namespace hullwatch::rules
