// Any bytes as an output template: compiled against the real field table, rendered with nothing known.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/output_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hullwatch;
  using namespace hullwatch::rules;
  SlotTable slots(table_fields());
  const auto compiled = OutputTemplate::compile({reinterpret_cast<const char*>(data), size}, slots);
  if (!compiled) {
    if (compiled.error().offset > size) __builtin_trap();
    return 0;
  }
  Evaluation evaluation(slots);
  const FieldOverlay nothing;
  evaluation.begin(nothing);
  (void)compiled->render(evaluation);
  (void)compiled->fields(evaluation);
  return 0;
}
