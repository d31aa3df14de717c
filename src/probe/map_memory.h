#pragma once
// What the kernel keeps in memory for the maps of a BPF object, at most: by the kernel's own arithmetic (map_mem_usage() of
// each type, 6.4 and later; older ones keep the same structures). Any one thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

struct bpf_object;

namespace hullwatch {

struct MapMemory {
  std::string name;
  uint64_t bytes = 0;     // when full
  uint64_t per_task = 0;  // besides, for each living thread of the node: it goes with the thread
};

/// How a map is laid out, as its definition says.
struct MapShape {
  uint32_t type = 0;  // BPF_MAP_TYPE_*
  uint32_t flags = 0;
  uint64_t entries = 0, key_bytes = 0, value_bytes = 0;
};

/// Of one map, with `cpus` possible processors.
MapMemory memory_of(const MapShape& shape, size_t cpus);
/// Of the maps that loading the opened object will make.
std::vector<MapMemory> memory_of_maps(const bpf_object* object);

}  // namespace hullwatch
