#pragma once
// The transformers as pure functions on strings. A result that is not there means: no match.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hullwatch::rules {

std::string to_lower(std::string_view text);  // ASCII only
std::string to_upper(std::string_view text);
std::string_view base_name(std::string_view path);
/// Decodes base64; padding may be missing. Empty on any other character.
std::optional<std::string> decode_base64(std::string_view text);

/// getopt(3) over a list of arguments (without argv[0]). Without a selector: option names and their values in order; with one:
/// the value of that option, or its name when it takes none; a list of no or one element.
std::vector<std::string_view> parse_options(const std::vector<std::string_view>& arguments, std::string_view options,
                                            std::optional<char> selector);

}  // namespace hullwatch::rules
