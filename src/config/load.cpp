#include "config/load.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <fstream>
#include <tuple>

#include "config/value_parser.h"
#include "util/result.h"

namespace hullwatch {
namespace {

constexpr size_t kMaxFile = 1 << 20;

class Loader {
 public:
  Loader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  LoadedConfig load() {
    try {
      const YAML::Node root = YAML::Load(std::string(text_));
      if (root.IsMap()) {
        read_top(root);
        check_together();
      } else if (!root.IsNull()) {
        complain(root, "expected a mapping of keys, got " + describe_node(root), "");
      }
    } catch (const YAML::Exception& error) {
      complain_at(error.mark, error.msg, "");
    }
    std::stable_sort(loaded_.diagnostics.begin(), loaded_.diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
      return std::tie(a.position.line, a.position.column) < std::tie(b.position.line, b.position.column);
    });
    return std::move(loaded_);
  }

 private:
  void complain(const YAML::Node& where, std::string message, std::string hint) {
    complain_at(where.Mark(), std::move(message), std::move(hint));
  }
  void complain_at(const YAML::Mark& mark, std::string message, std::string hint) {
    Diagnostic diagnostic;
    diagnostic.message = std::move(message);
    diagnostic.hint = std::move(hint);
    diagnostic.position.file = name_;
    if (!mark.is_null()) {
      diagnostic.position.line = static_cast<uint32_t>(mark.line) + 1;
      diagnostic.position.column = static_cast<uint32_t>(mark.column) + 1;
      diagnostic.excerpt = line_of(text_, diagnostic.position.line);
    }
    loaded_.diagnostics.push_back(std::move(diagnostic));
  }

  /// Calls `each` for every pair whose key is a name that was not there before.
  template <typename Each>
  void for_each_name(const YAML::Node& map, const Each& each) {
    std::vector<std::string> seen;
    for (const auto& pair : map) {
      const YAML::Node& key = pair.first;
      const YAML::Node& value = pair.second;
      if (!key.IsScalar()) {
        complain(key, "expected a key, got " + describe_node(key), "");
        continue;
      }
      const std::string name = key.Scalar();
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
        complain(key, "'" + name + "' is there twice", "");
        continue;
      }
      seen.push_back(name);
      each(name, key, value);
    }
  }

  void read_top(const YAML::Node& root) {
    for_each_name(root, [&](const std::string& name, const YAML::Node& key, const YAML::Node& value) {
      std::vector<std::string_view> names;
      for (const ConfigSection& section : config_sections()) {
        if (section.name.empty()) continue;
        if (section.name == name) return read_section(name, value);
        names.push_back(section.name);
      }
      read_key("", name, key, value, std::move(names));
    });
  }

  void read_section(const std::string& section, const YAML::Node& node) {
    if (node.IsNull()) return;  // all its keys are commented out
    if (!node.IsMap()) return complain(node, section + ": expected a mapping of keys, got " + describe_node(node), "");
    for_each_name(node, [&](const std::string& name, const YAML::Node& key, const YAML::Node& value) {
      read_key(section, name, key, value, {});
    });
  }

  void read_key(std::string_view section, const std::string& name, const YAML::Node& key_node, const YAML::Node& value,
                std::vector<std::string_view> names) {
    for (const ConfigKey& key : config_keys()) {
      if (key.section() != section) continue;
      if (key.name() == name) {
        marks_.emplace_back(key.path, value.Mark());
        return parse_config_value(key, value, loaded_.config,
                                  [this](const YAML::Node& where, std::string message, std::string hint) {
                                    complain(where, std::move(message), std::move(hint));
                                  });
      }
      names.push_back(key.name());
    }
    complain(key_node, "unknown key '" + name + "'" + (section.empty() ? "" : " in " + std::string(section)),
             did_you_mean(name, names));
  }

  /// Where the file sets that key; nowhere when it does not.
  [[nodiscard]] YAML::Mark mark_of(std::string_view path) const {
    for (const auto& [known, mark] : marks_) {
      if (known == path) return mark;
    }
    return YAML::Mark::null_mark();
  }

  /// What no value can tell alone.
  void check_together() {
    const Config& config = loaded_.config;
    if (config.log.total_bytes / 2 < config.log.segment_bytes) {
      const YAML::Mark total = mark_of("log.total_bytes");
      complain_at(total.is_null() ? mark_of("log.segment_bytes") : total,
                  "log.total_bytes must be at least twice log.segment_bytes", "");
    }
    if (!std::has_single_bit(config.rings.critical_bytes)) {
      complain_at(mark_of("rings.critical_bytes"), "rings.critical_bytes must be a power of two", "");
    }
    if (config.rings.bulk_bytes != 0 && (!std::has_single_bit(config.rings.bulk_bytes) || config.rings.bulk_bytes < 65536)) {
      complain_at(mark_of("rings.bulk_bytes"), "rings.bulk_bytes must be 0, or a power of two of at least 64KiB", "");
    }
  }

  std::string_view text_;
  const std::string& name_;
  LoadedConfig loaded_;
  std::vector<std::pair<std::string_view, YAML::Mark>> marks_;
};

LoadedConfig refused(const std::string& path, std::string message) {
  LoadedConfig loaded;
  Diagnostic diagnostic;
  diagnostic.position.file = path;
  diagnostic.message = std::move(message);
  loaded.diagnostics.push_back(std::move(diagnostic));
  return loaded;
}

}  // namespace

LoadedConfig load_config(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return refused(path, Error::from_errno("cannot open the configuration", errno).message);
  std::string text(kMaxFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) return refused(path, "cannot read the configuration");
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kMaxFile) return refused(path, "larger than 1 MiB: this is no configuration");
  return load_config_text(text, path);
}

LoadedConfig load_config_text(std::string_view text, const std::string& name) { return Loader(text, name).load(); }

}  // namespace hullwatch
