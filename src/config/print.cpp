#include "config/print.h"

#include <algorithm>
#include <utility>

#include "config/config_keys.h"
#include "config/rule_values.h"
#include "util/json_writer.h"

namespace hullwatch {
namespace {

/// Calls `begin` for each section and `key` for each of its keys, in order.
template <typename Begin, typename Each>
void for_each_key(Begin begin, Each each) {
  for (const ConfigSection& section : config_sections()) {
    begin(section);
    for (const ConfigKey& key : config_keys()) {
      if (key.section() == section.name) each(key);
    }
  }
}

std::string comment(std::string_view text, std::string_view indent) {
  constexpr size_t kWidth = 100;
  std::string out, line;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (line.size() + end + 1 > kWidth) out += std::string(indent) + "#" + std::exchange(line, {}) + '\n';
    line += ' ' + std::string(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + std::string(indent) + "#" + line + '\n';
}

/// Writes one value by its type; what is a choice in YAML is text here too.
struct JsonValue {
  JsonWriter& json;
  const ConfigKey& key;
  const Config& config;

  void operator()(const bool* value) const { json.value(*value); }
  void operator()(const uint64_t* value) const { json.value(*value); }
  void operator()(const int64_t* value) const { json.value(*value); }
  void operator()(const double* value) const { json.value(*value); }
  void operator()(const std::string* value) const { json.value(*value); }
  void operator()(const std::vector<std::string>* value) const {
    json.begin_array();
    for (const std::string& item : *value) json.value(item);
    json.end_array();
  }
  void operator()(const Priority*) const { json.value(config_value(key, config)); }
  void operator()(const LogConfig::Content*) const { json.value(config_value(key, config)); }
  void operator()(const std::vector<RuntimeSocketAllow>* value) const {
    json.begin_array();
    for (const RuntimeSocketAllow& entry : *value)
      json.begin_object()
          .member("image", entry.image)
          .member("actions", entry.manage ? "manage" : "read")
          .member("reason", entry.reason)
          .end_object();
    json.end_array();
  }
  void operator()(const std::vector<RuleSelection>* value) const { write_selections(json, *value); }
  void operator()(const std::vector<AppendedOutput>* value) const { write_appended(json, *value); }
};

std::string choices(const ConfigKey& key) {
  std::string out;
  for (const std::string_view choice : key.choices) out += (out.empty() ? "" : " | ") + std::string(choice);
  return out;
}

}  // namespace

std::string print_config(const Config& config) {
  std::string out;
  for_each_key(
      [&](const ConfigSection& section) {
        if (!section.name.empty()) out += std::string(section.name) + ":\n";
      },
      [&](const ConfigKey& key) {
        out += (key.section().empty() ? "" : "  ") + std::string(key.name()) + ": " + config_value(key, config) + '\n';
      });
  return out;
}

std::string print_config_json(const Config& config) {
  JsonWriter json;
  Config copy = config;  // slots are of a mutable Config
  bool in_section = false;
  json.begin_object().member("schema", "hullwatch.config/1");
  for_each_key(
      [&](const ConfigSection& section) {
        if (in_section) json.end_object();
        in_section = !section.name.empty();
        if (in_section) json.key(section.name).begin_object();
      },
      [&](const ConfigKey& key) {
        json.key(key.name());
        if (key.type == ConfigType::choice)
          json.value(config_value(key, config));
        else
          std::visit(JsonValue{json, key, config}, key.slot(copy));
      });
  if (in_section) json.end_object();
  return json.end_object().take();
}

std::string default_config_file() {
  std::string out =
      "# hullwatch's configuration: /etc/hullwatch/hullwatch.yaml. Every value below is the default; to change one, take the\n"
      "# '#' away from it and from its section. `hullwatch config check FILE` tells what is wrong, `config print` what "
      "holds.\n";
  const Config defaults;
  for_each_key(
      [&](const ConfigSection& section) {
        if (!section.name.empty()) out += '\n' + comment(section.doc, "") + '#' + std::string(section.name) + ":\n";
      },
      [&](const ConfigKey& key) {
        const std::string indent = key.section().empty() ? "" : "  ";
        const std::string options = key.choices.empty() ? "" : " (" + choices(key) + ")";
        out += (indent.empty() ? "\n" : "") + comment(std::string(key.doc) + options, indent);
        out += '#' + indent + std::string(key.name()) + ": " + config_value(key, defaults) + '\n';
      });
  return out;
}

std::string config_reference_markdown() {
  std::string out;
  const Config defaults;
  for_each_key(
      [&](const ConfigSection& section) {
        if (!section.name.empty()) out += "\n### `" + std::string(section.name) + "`\n\n" + std::string(section.doc) + "\n\n";
        out += "| key | type | default | meaning |\n|---|---|---|---|\n";
      },
      [&](const ConfigKey& key) {
        std::string type = key.choices.empty() ? std::string(config_type_name(key.type)) : choices(key);
        for (size_t bar = type.find(" | "); bar != std::string::npos; bar = type.find(" | ")) type.replace(bar, 3, ", ");
        out += "| `" + std::string(key.name()) + "` | " + type + " | `" + config_value(key, defaults) + "` | " +
               std::string(key.doc) + " |\n";
      });
  return out;
}

}  // namespace hullwatch
