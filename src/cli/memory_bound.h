#pragma once
// How much memory hullwatch takes at most under a configuration, part by part: what `doctor` prints and tests/bench/churn
// holds a running daemon to. docs/performance.md tells the formula in words. Pure.

#include <cstdint>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "probe/map_memory.h"

namespace hullwatch {

/// Of everything of one kind.
struct MemoryPart {
  std::string_view name, formula;
  uint64_t full = 0;     // bytes with as many entries as are kept, of usual size
  uint64_t at_most = 0;  // and each of them as large as it may be made
};

struct MemoryBound {
  std::vector<MapMemory> maps;     // kernel memory
  std::vector<MemoryPart> daemon;  // of VmRSS

  [[nodiscard]] uint64_t kernel() const;           // bytes
  [[nodiscard]] uint64_t kernel_per_task() const;  // besides, for each living thread of the node
  [[nodiscard]] uint64_t daemon_full() const;
  [[nodiscard]] uint64_t daemon_at_most() const;
};

/// `bulk_bytes`: the bulk ring's size, as the maps were sized. `rule_state`: RuleSet::memory_limit().
MemoryBound memory_bound(const Config& config, std::vector<MapMemory> maps, uint32_t bulk_bytes, uint64_t rule_state);

}  // namespace hullwatch
