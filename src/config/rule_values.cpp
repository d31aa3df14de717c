#include "config/rule_values.h"

#include <algorithm>

#include "util/diagnostic.h"

namespace hullwatch {
namespace {

/// Calls take(key, value) for each entry of a map; complains of what is no map, and of keys that stand twice.
template <typename Take>
void each_entry(const YAML::Node& map, const ConfigComplaint& complain, std::string_view expected, Take take) {
  if (!map.IsMap()) return complain(map, "expected " + std::string(expected) + ", got " + describe_node(map), "");
  std::vector<std::string> seen;
  for (const auto& pair : map) {
    const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "";
    if (std::ranges::find(seen, key) != seen.end()) complain(pair.first, "'" + key + "' is there twice", "");
    seen.push_back(key);
    take(pair.first, key, pair.second);
  }
}

void take_text(const YAML::Node& value, const ConfigComplaint& complain, std::string& out) {
  if (value.IsScalar() && !value.Scalar().empty()) {
    out = value.Scalar();
  } else {
    complain(value, "expected text, got " + describe_node(value), "");
  }
}

void unknown(const YAML::Node& name, const std::string& key, const ConfigComplaint& complain,
             const std::vector<std::string_view>& known) {
  complain(name, "unknown key '" + key + "'", did_you_mean(key, known));
}

void parse_match(const YAML::Node& map, const ConfigComplaint& complain, AppendedOutput& out) {
  each_entry(map, complain, "a mapping of rule, source and tags",
             [&](const YAML::Node& name, const auto& key, const YAML::Node& value) {
               if (key == "rule") return take_text(value, complain, out.rule);
               if (key == "source") return take_text(value, complain, out.source);
               if (key != "tags") return unknown(name, key, complain, {"rule", "source", "tags"});
               if (!value.IsSequence()) return complain(value, "expected a list of tags, got " + describe_node(value), "");
               for (const YAML::Node& tag : value) take_text(tag, complain, out.tags.emplace_back());
             });
}

void parse_fields(const YAML::Node& list, const ConfigComplaint& complain, AppendedOutput& out) {
  if (!list.IsSequence()) return complain(list, "expected a list of fields, got " + describe_node(list), "");
  for (const YAML::Node& entry : list) {
    if (entry.IsScalar()) {
      take_text(entry, complain, out.fields.emplace_back().first);
      continue;
    }
    each_entry(entry, complain, "a field, or a mapping of a name to a template",
               [&](const YAML::Node&, const auto& key, const YAML::Node& value) {
                 out.fields.emplace_back(key, "");
                 take_text(value, complain, out.fields.back().second);
               });
  }
}

}  // namespace

void parse_selection(const YAML::Node& entry, const ConfigComplaint& complain, RuleSelection& out) {
  bool given = false;
  each_entry(entry, complain, "a mapping of enable or disable",
             [&](const YAML::Node& name, const auto& verb, const YAML::Node& what) {
               if (verb != "enable" && verb != "disable") return unknown(name, verb, complain, {"enable", "disable"});
               if (given) complain(name, "an entry turns on or off, not both", "write two entries: they are applied in order");
               given = true;
               out.enable = verb == "enable";
               each_entry(what, complain, "a mapping of rule or tag",
                          [&](const YAML::Node& key_node, const auto& key, const YAML::Node& value) {
                            if (key == "rule") return take_text(value, complain, out.rule);
                            if (key == "tag") return take_text(value, complain, out.tag);
                            unknown(key_node, key, complain, {"rule", "tag"});
                          });
               if (out.rule.empty() == out.tag.empty())
                 complain(what, "expected a rule or a tag", "{rule: 'Terminal *'}, or {tag: network}");
             });
  if (!given && entry.IsMap()) complain(entry, "expected enable or disable", "");
}

void parse_appended(const YAML::Node& entry, const ConfigComplaint& complain, AppendedOutput& out) {
  each_entry(entry, complain, "a mapping of match, extra_output, extra_fields and suggested_output",
             [&](const YAML::Node& name, const auto& key, const YAML::Node& value) {
               if (key == "match") return parse_match(value, complain, out);
               if (key == "extra_output") return take_text(value, complain, out.output);
               if (key == "extra_fields") return parse_fields(value, complain, out);
               if (key != "suggested_output")
                 return unknown(name, key, complain, {"match", "extra_output", "extra_fields", "suggested_output"});
               out.suggested = value.IsScalar() && value.Scalar() == "true";
               if (!out.suggested && !(value.IsScalar() && value.Scalar() == "false"))
                 complain(value, "expected true or false, got " + describe_node(value), "");
             });
}

void write_selections(JsonWriter& json, const std::vector<RuleSelection>& selections) {
  json.begin_array();
  for (const auto& selection : selections) {
    json.begin_object().key(selection.enable ? "enable" : "disable").begin_object();
    json.member_if("rule", selection.rule).member_if("tag", selection.tag).end_object().end_object();
  }
  json.end_array();
}

void write_appended(JsonWriter& json, const std::vector<AppendedOutput>& appended) {
  json.begin_array();
  for (const auto& entry : appended) {
    json.begin_object().key("match").begin_object().member_if("rule", entry.rule).member_if("source", entry.source);
    if (!entry.tags.empty()) {
      json.key("tags").begin_array();
      for (const auto& tag : entry.tags) json.value(tag);
      json.end_array();
    }
    json.end_object().member_if("extra_output", entry.output);
    if (!entry.fields.empty()) {
      json.key("extra_fields").begin_array();
      for (const auto& [key, text] : entry.fields) {
        if (text.empty()) {
          json.value(key);
        } else {
          json.begin_object().member(key, text).end_object();
        }
      }
      json.end_array();
    }
    json.member("suggested_output", entry.suggested).end_object();
  }
  json.end_array();
}

}  // namespace hullwatch
