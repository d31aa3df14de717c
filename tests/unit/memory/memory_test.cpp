// The constants of the memory bound (`hullwatch doctor`), against what is really allocated.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "enrich/process_tree.h"
#include "heap_bytes.h"
#include "rules/keyed_store.h"
#include "support/event_builder.h"

namespace hullwatch {
namespace {

using namespace test;

constexpr uint64_t kGrace = 5'000'000'000ULL;

TEST(MemoryBound, OfProcessesIsNotBelowWhatTheyTake) {
  constexpr uint32_t kProcesses = 8192;
  ProcessTree tree(kProcesses, kGrace);
  const uint64_t before = heap_bytes();
  for (uint32_t pid = 2; pid < kProcesses + 2; ++pid) tree.update(forks(pid).by_pid(1).build());
  const uint64_t taken = heap_bytes() - before;
  EXPECT_EQ(tree.size(), kProcesses);
  EXPECT_LE(taken, kProcesses * ProcessTree::kEntryBytes);
  EXPECT_GE(taken, kProcesses * ProcessTree::kEntryBytes / 2) << "the constant is much too large";
}

TEST(MemoryBound, OfTextsIsNotBelowWhatTheyTake) {
  const uint64_t before = heap_bytes();
  const size_t alive = SharedText::alive();
  {
    std::vector<SharedText> texts;
    texts.reserve(3000);
    const uint64_t reserved = heap_bytes();
    for (size_t i = 0; i < 3000; ++i) texts.emplace_back(std::string(1 + i, 'x'));
    EXPECT_LE(heap_bytes() - reserved, SharedText::alive() - alive);
  }
  EXPECT_EQ(heap_bytes(), before);
  EXPECT_EQ(SharedText::alive(), alive);
}

struct State {
  std::vector<uint64_t> values;
  void reset() { values.clear(); }
};

TEST(MemoryBound, OfRuleStateIsNotBelowWhatItTakes) {
  constexpr size_t kCapacity = 4096, kKey = 512, kValues = 16;
  const uint64_t before = heap_bytes();
  rules::KeyedStore<State> store(kCapacity, kGrace);
  for (size_t i = 0; i < kCapacity * 2; ++i) {
    std::string key = std::to_string(i);
    key.resize(kKey, 'x');
    store.at(key, i).values.resize(kValues);
  }
  EXPECT_EQ(store.size(), kCapacity);
  EXPECT_LE(heap_bytes() - before, rules::KeyedStore<State>::memory_limit(kCapacity, kKey, kValues * sizeof(uint64_t)));
}

}  // namespace
}  // namespace hullwatch
