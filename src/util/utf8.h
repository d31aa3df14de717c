#pragma once
// UTF-8 as untrusted bytes. Pure functions, any thread.

#include <cstddef>
#include <string>
#include <string_view>

namespace hullwatch {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// Length of the well-formed sequence (no overlong form, no surrogate, at most U+10FFFF) that `text` begins with; 0: none.
size_t utf8_sequence_length(std::string_view text);
bool is_utf8(std::string_view text);
/// Each byte that belongs to no well-formed sequence becomes U+FFFD.
std::string to_utf8(std::string_view bytes);
/// Safe for a terminal and for a log of lines: to_utf8, and control characters (C0, DEL, C1) written as \n, \t, \x1b …
std::string to_terminal(std::string_view bytes);

}  // namespace hullwatch
