#pragma once
// Sets of event types, for the algebra that finds out which events a condition can be true for. Besides hullwatch's own types a
// set holds names that are known but that nothing here produces (`open`, `ptrace`): they tell why a rule is inert.

#include <array>
#include <bit>
#include <cstdint>

#include "event/event.h"

namespace hullwatch::rules {

struct TypeSet {
  static constexpr size_t kWords = 16;
  static constexpr size_t kForeign = 64;  // first bit of the names nothing here produces
  static_assert(static_cast<size_t>(EventType::count_) <= kForeign);
  std::array<uint64_t, kWords> words{};

  static TypeSet all() {
    TypeSet set;
    set.words.fill(~uint64_t{0});
    set.words[0] = own_mask();
    return set;
  }
  static constexpr uint64_t own_mask() {
    return ((uint64_t{1} << static_cast<unsigned>(EventType::count_)) - 1) & ~uint64_t{1};
  }

  void insert(size_t bit) { words[bit / 64] |= uint64_t{1} << bit % 64; }
  [[nodiscard]] bool contains(size_t bit) const { return (words[bit / 64] >> bit % 64 & 1) != 0; }
  [[nodiscard]] uint64_t own() const { return words[0]; }
  [[nodiscard]] bool empty() const { return count() == 0; }
  [[nodiscard]] size_t count() const {
    size_t n = 0;
    for (const uint64_t word : words) n += static_cast<size_t>(std::popcount(word));
    return n;
  }
  TypeSet& operator&=(const TypeSet& other) {
    for (size_t i = 0; i < kWords; ++i) words[i] &= other.words[i];
    return *this;
  }
  TypeSet& operator|=(const TypeSet& other) {
    for (size_t i = 0; i < kWords; ++i) words[i] |= other.words[i];
    return *this;
  }
  [[nodiscard]] TypeSet complement() const {
    TypeSet out = all();
    for (size_t i = 0; i < kWords; ++i) out.words[i] &= ~words[i];
    return out;
  }
  bool operator==(const TypeSet&) const = default;
};

}  // namespace hullwatch::rules
