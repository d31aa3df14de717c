// Any bytes as a condition: parsed, and what parses is compiled and evaluated against the real field table without an event.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/condition_compiler.h"
#include "rules/condition_parser.h"

namespace {

using namespace hullwatch;
using namespace hullwatch::rules;

class NoMacros final : public MacroLookup {
 public:
  Compiled<NodeId> macro(std::string_view, uint32_t offset) override { return compile_error(offset, "undefined macro"); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto expr = parse_condition(text);
  if (!expr) {
    if (expr.error().offset > size) __builtin_trap();
    return 0;
  }
  ConditionPool pool(table_fields());
  NoMacros macros;
  ConditionCompiler compiler(pool, macros);
  NodeId node = 0;
  if (!compiler.compile(*expr, node).empty()) return 0;
  pool.seal();
  Evaluation evaluation(pool.slots());
  const FieldOverlay nothing, something = {{"proc.name", Value(text.substr(0, 64))}, {"proc.cmdline", Value(text)}};
  for (const auto* overlay : {&nothing, &something}) {
    evaluation.begin(*overlay);
    (void)pool.evaluate(node, EventType::execve, evaluation);
  }
  return 0;
}
