#include "enrich/metadata_json.h"

#include "util/utf8.h"

namespace hullwatch {
namespace {

constexpr int kDepthMax = 64;

bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDepthMax) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  if (too_deep(text)) return fail("not read: nests deeper than " + std::to_string(kDepthMax));
  Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return fail("not valid JSON");
  return value;
}

const Json& json_at(const Json& value, std::initializer_list<std::string_view> keys) {
  static const Json kNull;
  const Json* at = &value;
  for (const std::string_view key : keys) {
    if (!at->is_object()) return kNull;
    const auto found = at->find(std::string(key));
    if (found == at->end()) return kNull;
    at = &*found;
  }
  return *at;
}

std::string json_string(const Json& value, std::initializer_list<std::string_view> keys) {
  const Json& at = json_at(value, keys);
  return at.is_string() ? at.get<std::string>() : std::string();
}

bool json_true(const Json& value, std::initializer_list<std::string_view> keys) {
  const Json& at = json_at(value, keys);
  return at.is_boolean() && at.get<bool>();
}

std::string clean(std::string_view raw, size_t max, bool text) {
  std::string out;
  while (!raw.empty()) {
    const size_t length = utf8_sequence_length(raw);
    const unsigned char first = static_cast<unsigned char>(raw[0]);
    // C1 controls (U+0080 to U+009F) drive terminals as the C0 ones do.
    const bool c1 = length == 2 && first == 0xc2 && static_cast<unsigned char>(raw[1]) < 0xa0;
    const bool control = first < 0x20 || first == 0x7f || c1;
    const bool kept = length > 0 && (!control || (text && (raw[0] == '\n' || raw[0] == '\t')));
    const size_t taken = length == 0 ? 1 : length;
    if (out.size() + (kept ? taken : 1) > max) break;
    out += kept ? raw.substr(0, taken) : std::string_view("?");
    raw.remove_prefix(taken);
  }
  return out;
}

std::map<std::string, std::string> clean_labels(const Json& object) {
  std::map<std::string, std::string> labels;
  if (!object.is_object()) return labels;
  for (const auto& [key, value] : object.items()) {
    if (labels.size() == kLabelsMax) break;
    if (value.is_string()) labels[clean(key, kLabelKeyMax)] = clean(value.get_ref<const std::string&>(), kLabelValueMax, true);
  }
  return labels;
}

}  // namespace hullwatch
