#pragma once
// What a field yields: nothing (missing), or a typed value. Views live as long as the event's context.

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace hullwatch {

enum class ValueType : uint8_t {
  boolean,
  integer,
  unsigned_integer,
  string,
  relative_time,
  absolute_time,
  string_list,
  ip,
  port
};
std::string_view value_type_name(ValueType type);

using Value = std::variant<std::monostate, bool, int64_t, uint64_t, std::string_view, std::vector<std::string_view>>;

}  // namespace hullwatch
