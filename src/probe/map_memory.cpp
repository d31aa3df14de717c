#include "probe/map_memory.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <bit>

namespace hullwatch {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kMapHead = 1024;       // struct bpf_htab, bpf_array, …: 0.3 to 0.9 KiB
constexpr uint64_t kBucket = 16;          // list head and lock
constexpr uint64_t kElementHead = 48;     // struct htab_elem
constexpr uint64_t kStorageHead = 128;    // struct bpf_local_storage_elem, in whole cache lines
constexpr uint64_t kStorageOfTask = 256;  // struct bpf_local_storage, one for all maps: counted for each, as if it were not
constexpr uint64_t kFreeElements = 128;   // that the allocator keeps ready on each processor

uint64_t round_up(uint64_t bytes, uint64_t to) { return (bytes + to - 1) / to * to; }

/// The slab an object of this size comes from.
uint64_t slab(uint64_t bytes) {
  if (bytes > 64 && bytes <= 96) return 96;
  if (bytes > 128 && bytes <= 192) return 192;
  return std::bit_ceil(std::max<uint64_t>(bytes, 8));
}

uint64_t hash_bytes(const MapShape& shape, size_t cpus) {
  const uint64_t element = kElementHead + round_up(shape.key_bytes, 8) + round_up(shape.value_bytes, 8);
  const uint64_t buckets = std::bit_ceil(shape.entries) * kBucket;
  if ((shape.flags & BPF_F_NO_PREALLOC) != 0)
    return buckets + (shape.entries + cpus * kFreeElements) * slab(element + sizeof(void*));
  return buckets + (shape.entries + cpus) * element;
}

uint64_t array_bytes(const MapShape& shape) {
  const uint64_t bytes = shape.entries * round_up(shape.value_bytes, 8);
  return (shape.flags & BPF_F_MMAPABLE) != 0 ? round_up(bytes, kPage) + kPage : bytes;
}

/// Data pages, one of the kernel's and two of positions, and their addresses: data is mapped twice in a row.
uint64_t ring_bytes(uint64_t size) {
  constexpr uint64_t kOwnPages = 3;
  return size + kOwnPages * kPage + (2 * size / kPage + kOwnPages) * sizeof(void*);
}

}  // namespace

MapMemory memory_of(const MapShape& shape, size_t cpus) {
  MapMemory memory{.name = {}, .bytes = kMapHead, .per_task = 0};
  switch (shape.type) {
    case BPF_MAP_TYPE_RINGBUF: memory.bytes += ring_bytes(shape.entries); break;
    case BPF_MAP_TYPE_TASK_STORAGE:
      memory.bytes += std::bit_ceil(cpus) * 2 * kBucket;
      memory.per_task = slab(kStorageHead + round_up(shape.value_bytes, 8)) + kStorageOfTask;
      break;
    case BPF_MAP_TYPE_ARRAY: memory.bytes += array_bytes(shape); break;
    case BPF_MAP_TYPE_PERCPU_ARRAY:
      memory.bytes += shape.entries * (sizeof(void*) + cpus * round_up(shape.value_bytes, 8));
      break;
    default: memory.bytes += hash_bytes(shape, cpus);
  }
  memory.bytes = round_up(memory.bytes, kPage);  // before 6.4 the kernel counts in pages
  return memory;
}

std::vector<MapMemory> memory_of_maps(const bpf_object* object) {
  const auto cpus = static_cast<size_t>(std::max(libbpf_num_possible_cpus(), 1));
  std::vector<MapMemory> all;
  const bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (!bpf_map__autocreate(map)) continue;
    all.push_back(memory_of({.type = static_cast<uint32_t>(bpf_map__type(map)),
                             .flags = bpf_map__map_flags(map),
                             .entries = bpf_map__max_entries(map),
                             .key_bytes = bpf_map__key_size(map),
                             .value_bytes = bpf_map__value_size(map)},
                            cpus));
    all.back().name = bpf_map__name(map);
  }
  return all;
}

}  // namespace hullwatch
