#include "config/value_parser.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "alert/redactor.h"
#include "config/rule_values.h"
#include "util/diagnostic.h"

namespace hullwatch {
namespace {

using enum ConfigType;

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string plain(double number) {
  std::array<char, 32> text{};
  snprintf(text.data(), text.size(), "%.10g", number);
  return text.data();
}

bool is_endpoint(const std::string& text) {
  if (text == "off") return true;
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  const std::string address = text.substr(0, colon);
  const auto port = parse_number<uint16_t>(std::string_view(text).substr(colon + 1));
  if (!port || *port == 0) return false;
  in_addr parsed{};
  return inet_pton(AF_INET, address.c_str(), &parsed) == 1;
}

class ValueParser {
 public:
  ValueParser(const ConfigKey& key, const YAML::Node& node, const ConfigComplaint& complain)
      : key_(key), node_(node), complain_(complain) {}

  void operator()(bool* v) {
    if (key_.type == choice) return choose([&](size_t index) { *v = index == 1; });
    const auto text = scalar();
    if (!text) return;
    if (*text != "true" && *text != "false") return complain(node_, "expected true or false, got " + describe_node(node_));
    *v = *text == "true";
  }
  void operator()(Priority* v) {
    choose([&](size_t index) { *v = static_cast<Priority>(index); });
  }
  void operator()(LogConfig::Content* v) {
    choose([&](size_t index) { *v = static_cast<LogConfig::Content>(index); });
  }
  void operator()(uint64_t* v) {
    const auto text = scalar();
    if (!text) return;
    const auto number = key_.type == bytes ? parse_byte_size(*text) : parse_number<uint64_t>(*text);
    if (!number) {
      const std::string hint = key_.type == bytes ? "as in 4096, 64KiB, 64MiB, 1GiB" : "";
      return complain(node_, "expected a " + std::string(config_type_name(key_.type)) + ", got " + describe_node(node_), hint);
    }
    if (in_range(static_cast<double>(*number))) *v = *number;
  }
  void operator()(int64_t* v) {
    const auto text = scalar();
    if (!text) return;
    const auto number = parse_number<int64_t>(*text);
    if (!number) return complain(node_, "expected a whole number, got " + describe_node(node_));
    if (in_range(static_cast<double>(*number))) *v = *number;
  }
  void operator()(double* v) {
    const auto text = scalar();
    if (!text) return;
    const auto number = parse_number<double>(*text);
    if (!number || !std::isfinite(*number)) return complain(node_, "expected a number, got " + describe_node(node_));
    if (in_range(*number)) *v = *number;
  }
  void operator()(std::string* v) {
    const auto text = scalar();
    if (!text) return;
    if (key_.type == path && !text->starts_with('/')) return complain(node_, "expected an absolute path, got '" + *text + "'");
    if (key_.type == endpoint && !is_endpoint(*text)) {
      return complain(node_, "expected ADDRESS:PORT or off, got '" + *text + "'",
                      "as in 127.0.0.1:9787; an IPv4 address, since Debian's civetweb has no IPv6");
    }
    *v = *text;
  }
  void operator()(std::vector<std::string>* v) {
    if (!node_.IsSequence()) return complain(node_, "expected a list, got " + describe_node(node_));
    v->clear();
    for (const YAML::Node& entry : node_) {
      if (!entry.IsScalar()) {
        complain(entry, "expected text, got " + describe_node(entry));
        continue;
      }
      v->push_back(entry.Scalar());
      check_entry(entry);
    }
  }
  void operator()(std::vector<RuleSelection>* v) {
    if (!node_.IsSequence()) return complain(node_, "expected a list, got " + describe_node(node_));
    v->clear();
    for (const YAML::Node& entry : node_) parse_selection(entry, complaint(), v->emplace_back());
  }
  void operator()(std::vector<AppendedOutput>* v) {
    if (!node_.IsSequence()) return complain(node_, "expected a list, got " + describe_node(node_));
    v->clear();
    for (const YAML::Node& entry : node_) parse_appended(entry, complaint(), v->emplace_back());
  }
  void operator()(std::vector<RuntimeSocketAllow>* v) {
    if (!node_.IsSequence()) return complain(node_, "expected a list, got " + describe_node(node_));
    v->clear();
    for (const YAML::Node& entry : node_) parse_allowance(entry, v->emplace_back());
  }

 private:
  void complain(const YAML::Node& where, std::string message, std::string hint = "") const {
    complain_(where, std::string(key_.path) + ": " + std::move(message), std::move(hint));
  }

  [[nodiscard]] ConfigComplaint complaint() const {
    return [this](const YAML::Node& where, std::string message, std::string hint) {
      complain(where, std::move(message), std::move(hint));
    };
  }

  std::optional<std::string> scalar() const {
    if (node_.IsScalar()) return node_.Scalar();
    complain(node_, "expected " + std::string(config_type_name(key_.type)) + ", got " + describe_node(node_));
    return std::nullopt;
  }

  bool in_range(double number) const {
    if (number >= key_.min && number <= key_.max) return true;
    complain(node_, plain(number) + " is out of range: from " + plain(key_.min) + " to " + plain(key_.max));
    return false;
  }

  void choose(const std::function<void(size_t)>& set) const {
    const auto text = scalar();
    if (!text) return;
    std::string all;
    for (size_t i = 0; i < key_.choices.size(); ++i) {
      if (*text == key_.choices[i]) return set(i);
      all += (i == 0 ? "" : ", ") + std::string(key_.choices[i]);
    }
    complain(node_, "'" + *text + "' is none of " + all,
             did_you_mean(*text, std::vector<std::string_view>(key_.choices.begin(), key_.choices.end())));
  }

  void check_entry(const YAML::Node& entry) const {
    const std::string& text = entry.Scalar();
    if (text.empty()) return complain(entry, "expected text, got nothing");
    if (key_.type == existing_paths) {
      std::error_code error;
      if (!std::filesystem::exists(text, error)) complain(entry, "there is no file or directory '" + text + "'");
    }
    if (key_.type == patterns) {
      if (auto redactor = Redactor::create({text}); !redactor) complain(entry, redactor.error().message);
    }
  }

  void parse_allowance(const YAML::Node& entry, RuntimeSocketAllow& allow) const {
    if (!entry.IsMap()) return complain(entry, "expected a mapping of image, actions and reason, got " + describe_node(entry));
    std::vector<std::string> seen;
    for (const auto& pair : entry) {
      const YAML::Node& name = pair.first;
      const YAML::Node& value = pair.second;
      const std::string key = name.IsScalar() ? name.Scalar() : "";
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) complain(name, "'" + key + "' is there twice");
      seen.push_back(key);
      if (!value.IsScalar()) {
        complain(value, "expected text, got " + describe_node(value));
      } else if (key == "image") {
        allow.image = value.Scalar();
      } else if (key == "reason") {
        allow.reason = value.Scalar();
      } else if (key == "actions") {
        allow.manage = value.Scalar() == "manage";
        if (!allow.manage && value.Scalar() != "read") complain(value, "'" + value.Scalar() + "' is none of read, manage");
      } else {
        complain(name, "unknown key '" + key + "'", did_you_mean(key, {"image", "actions", "reason"}));
      }
    }
    if (allow.image.empty()) complain(entry, "an allowance needs an image");
    if (allow.reason.empty())
      complain(entry, "an allowance needs a reason", "who asked for it, and what for: it stands in the log");
  }

  const ConfigKey& key_;
  const YAML::Node& node_;
  const ConfigComplaint& complain_;
};

}  // namespace

std::optional<uint64_t> parse_byte_size(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, unsigned>, 9> kUnits = {
      {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}, {"K", 10}, {"M", 20}, {"G", 30}, {"T", 40}, {"B", 0}}};
  unsigned shift = 0;
  for (const auto& [unit, bits] : kUnits) {
    if (!text.ends_with(unit)) continue;
    shift = bits;
    text.remove_suffix(unit.size());
    while (text.ends_with(' ')) text.remove_suffix(1);
    break;
  }
  const auto number = parse_number<uint64_t>(text);
  if (!number || *number > (UINT64_MAX >> shift)) return std::nullopt;
  return *number << shift;
}

std::string describe_node(const YAML::Node& node) {
  if (node.IsSequence()) return "a list";
  if (node.IsMap()) return "a mapping";
  if (node.IsScalar() && !node.Scalar().empty()) return "'" + node.Scalar() + "'";
  return "nothing";
}

void parse_config_value(const ConfigKey& key, const YAML::Node& node, Config& config, const ConfigComplaint& complain) {
  std::visit(ValueParser(key, node, complain), key.slot(config));
}

}  // namespace hullwatch
