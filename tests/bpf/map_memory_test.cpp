// What the kernel says a map takes, against what hullwatch says it takes at most.
#include "probe/map_memory.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "util/fd.h"

namespace hullwatch {
namespace {

uint64_t memlock(int map) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(map));
  for (std::string key; info >> key;)
    if (uint64_t bytes = 0; key == "memlock:" && info >> bytes) return bytes;
  return 0;
}

class MapMemoryTest : public testing::TestWithParam<MapShape> {};

TEST_P(MapMemoryTest, IsNotBelowTheKernelsOwnCountAndNotFarAbove) {
  const MapShape& shape = GetParam();
  bpf_map_create_opts options{};
  options.sz = sizeof(options);
  options.map_flags = shape.flags;
  const Fd map(bpf_map_create(static_cast<bpf_map_type>(shape.type), "bound", static_cast<uint32_t>(shape.key_bytes),
                              static_cast<uint32_t>(shape.value_bytes), static_cast<uint32_t>(shape.entries), &options));
  ASSERT_TRUE(map) << "cannot make the map: " << errno;
  const std::vector<std::byte> key(shape.key_bytes), value(shape.value_bytes);
  std::vector<std::byte> varied = key;
  if ((shape.flags & BPF_F_NO_PREALLOC) != 0)
    for (uint32_t i = 0; i < shape.entries; ++i) {
      std::memcpy(varied.data(), &i, sizeof(i));
      ASSERT_EQ(bpf_map_update_elem(map.get(), varied.data(), value.data(), BPF_ANY), 0);
    }
  const uint64_t bound = memory_of(shape, static_cast<size_t>(libbpf_num_possible_cpus())).bytes, taken = memlock(map.get());
  EXPECT_GT(taken, 0U);
  EXPECT_GE(bound, taken);
  EXPECT_LE(bound, taken * 2 + (64U << 10));
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, MapMemoryTest,
    testing::Values(MapShape{BPF_MAP_TYPE_HASH, 0, 4097, 8, 296}, MapShape{BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, 1024, 24, 8},
                    MapShape{BPF_MAP_TYPE_LRU_HASH, 0, 8192, 16, 24}, MapShape{BPF_MAP_TYPE_ARRAY, 0, 1, 4, 16},
                    MapShape{BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 1, 4, 5000},
                    MapShape{BPF_MAP_TYPE_PERCPU_ARRAY, 0, 2, 4, 23600}, MapShape{BPF_MAP_TYPE_RINGBUF, 0, 1 << 22, 0, 0}));

}  // namespace
}  // namespace hullwatch
