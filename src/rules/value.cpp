#include "rules/value.h"

namespace hullwatch {

std::string_view value_type_name(ValueType type) {
  switch (type) {
    case ValueType::boolean: return "bool";
    case ValueType::integer: return "integer";
    case ValueType::unsigned_integer: return "unsigned integer";
    case ValueType::string: return "string";
    case ValueType::relative_time: return "duration";
    case ValueType::absolute_time: return "time";
    case ValueType::string_list: return "string list";
    case ValueType::ip: return "IP address";
    case ValueType::port: return "port";
  }
  return "unknown";
}

}  // namespace hullwatch
