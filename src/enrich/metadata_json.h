#pragma once
// JSON of runtimes' files, taken for hostile: bounded depth, no exceptions, wrong types read as absent, and text cleaned before
// it becomes anything's name. Pure.

#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "util/result.h"

namespace hullwatch {

using Json = nlohmann::json;

/// Fails on text that is not one JSON value or nests deeper than 64.
Result<Json> parse_json(std::string_view text);

/// The value at a chain of object keys; null where a step is missing or no object.
const Json& json_at(const Json& value, std::initializer_list<std::string_view> keys);
/// The same, as a string; empty unless it is one.
std::string json_string(const Json& value, std::initializer_list<std::string_view> keys);
bool json_true(const Json& value, std::initializer_list<std::string_view> keys);

constexpr size_t kNameMax = 256, kImageMax = 512, kLabelsMax = 64, kLabelKeyMax = 256, kLabelValueMax = 1024;

/// Valid UTF-8 of at most `max` bytes; what is no UTF-8 and all control bytes become '?', but for newlines and tabs where they
/// may stand (`text`: labels).
std::string clean(std::string_view raw, size_t max, bool text = false);
/// Members of an object that are strings, cleaned, the first kLabelsMax in key order.
std::map<std::string, std::string> clean_labels(const Json& object);

}  // namespace hullwatch
