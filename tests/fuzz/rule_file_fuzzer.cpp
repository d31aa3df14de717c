// Any text as a rule file. It loads or says why not: a refusal without a diagnostic is a bug.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "rules/rule_set.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto loaded = hullwatch::RuleSet::load_text({{"fuzzed.yaml", text}}, {});
  if (!loaded.rules && loaded.diagnostics.empty()) std::abort();
  return 0;
}
