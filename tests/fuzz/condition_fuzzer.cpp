// Any text as a condition, written as JSON when it is one, and as the start of an output template's field. An error must point
// into the text.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rules/condition_json.h"
#include "rules/condition_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto condition = hullwatch::rules::parse_condition(text);
  if (!condition && condition.error().offset > size) std::abort();

  if (condition) {
    hullwatch::JsonWriter json;
    hullwatch::rules::write_condition(json, *condition);
  }

  size_t length = 0;
  const auto field = hullwatch::rules::parse_field_or_transformer(text, length);
  if (field && length > size) std::abort();
  return 0;
}
