#pragma once
// Writes JSON in one pass, members in the order given, and nothing but valid UTF-8 whatever bytes come in: invalid ones become
// U+FFFD, control characters are escaped. The one JSON writer of everything that is written often. Not thread safe.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace hullwatch {

class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth);
  JsonWriter& value(double number);  // null where JSON has no such number
  JsonWriter& value(std::integral auto number) {
    if constexpr (std::signed_integral<decltype(number)>)
      return signed_value(number);
    else
      return unsigned_value(number);
  }
  JsonWriter& null();

  /// key(name).value(v)
  template <typename T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  /// The same, left out when the text is empty.
  JsonWriter& member_if(std::string_view name, std::string_view text) { return text.empty() ? *this : member(name, text); }
  /// Bytes as text; where they are not UTF-8, `<name>_b64` carries them whole as well. Left out when empty.
  JsonWriter& bytes_member(std::string_view name, std::string_view bytes);
  /// Members already written elsewhere ("\"a\":1,\"b\":2"); nothing when empty.
  JsonWriter& raw_members(std::string_view members);

  [[nodiscard]] const std::string& text() const { return out_; }
  [[nodiscard]] std::string take();

 private:
  JsonWriter& signed_value(int64_t number);
  JsonWriter& unsigned_value(uint64_t number);
  void separate();

  std::string out_;
  bool comma_ = false;  // a value was written at this level
};

}  // namespace hullwatch
