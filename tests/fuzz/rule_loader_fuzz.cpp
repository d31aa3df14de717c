// Any bytes as a rule file: loads or says why not, in bounded time and memory; each diagnostic can be shown.

#include <cstddef>
#include <cstdint>
#include <string>

#include "rules/rule_set.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hullwatch;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto loaded = RuleSet::load_text({{"fuzz.yaml", text}}, {});
  bool failed = false;
  for (const auto& diagnostic : loaded.diagnostics) {
    failed |= diagnostic.severity == Diagnostic::Severity::error;
    if (format_diagnostic(diagnostic).empty()) __builtin_trap();
  }
  if (failed == (loaded.rules != nullptr)) __builtin_trap();
  return 0;
}
