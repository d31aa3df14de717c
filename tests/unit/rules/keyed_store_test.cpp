#include "rules/keyed_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>

namespace hullwatch::rules {
namespace {

struct Count {
  int value = 0;
  void reset() { value = 0; }
};

TEST(KeyedStore, KeepsTheKeysUsedLastAsALotOfRandomUseShows) {
  constexpr size_t kCapacity = 50;
  KeyedStore<Count> store(kCapacity, 1000);
  struct Known {
    std::string key;
    int value;
  };
  std::list<Known> model;  // least recently used first
  uint64_t evicted = 0;
  std::mt19937 random(7);
  for (int i = 0; i < 50'000; ++i) {
    const std::string key = "key " + std::to_string(random() % 120);
    auto found = std::ranges::find(model, key, &Known::key);
    if (found == model.end()) {
      if (model.size() == kCapacity) {
        model.pop_front();
        ++evicted;
      }
      model.push_back({key, 0});
      found = std::prev(model.end());
    } else {
      model.splice(model.end(), model, found);
    }
    Count& count = store.at(key, 5);
    ASSERT_EQ(count.value, found->value) << i;
    count.value = ++found->value;
    ASSERT_EQ(store.size(), model.size());
  }
  EXPECT_EQ(store.evicted(), evicted);
}

TEST(KeyedStore, WhatIsOlderThanItsLifetimeIsNoLoss) {
  KeyedStore<Count> store(2, 100);
  store.at("a", 1000).value = 1;
  store.at("b", 1000).value = 1;
  store.at("c", 1101).value = 1;
  EXPECT_EQ(store.evicted(), 0U);
  store.at("d", 1102);
  EXPECT_EQ(store.evicted(), 0U);
  store.at("e", 1150);
  EXPECT_EQ(store.evicted(), 1U);
}

TEST(KeyedStore, ExpiryEndsAtTheFirstThatStillMatters) {
  KeyedStore<Count> store(10, 100);
  store.at("a", 1000).value = 1;
  store.at("b", 1050).value = 1;
  store.at("a", 1060);
  store.expire(1155);
  EXPECT_EQ(store.size(), 1U);
  EXPECT_EQ(store.at("a", 1155).value, 1);
  EXPECT_EQ(store.at("b", 1155).value, 0);
}

TEST(KeyedStore, ALateEventMakesNothingOlder) {
  KeyedStore<Count> store(10, 100);
  store.at("a", 1000);
  store.at("a", 10);
  store.expire(1050);
  EXPECT_EQ(store.size(), 1U);
}

}  // namespace
}  // namespace hullwatch::rules
