#pragma once
// How a home's live tasks moved over its last windows: a bomb that doubles every second, or every eight, never forks fast until
// it is too large. What tells it from a server under growing load: the new tasks themselves fork.

#include <array>
#include <cstddef>
#include <cstdint>

namespace hullwatch {

class GrowthHistory {
 public:
  struct Window {
    int64_t live = 0;    // at its end
    int64_t gained = 0;  // tasks
    uint64_t forks = 0, exits = 0;
    uint64_t creators = 0;  // distinct processes that forked
  };

  void add(const Window& window);
  /// Over some of the last windows, three at least and down to the last one: it grew in each, by `net_growth` tasks together,
  /// to twice what it was or more; and in the last one most of the growth came from as many processes.
  [[nodiscard]] bool multiplies(int64_t net_growth) const;

 private:
  static constexpr size_t kWindows = 10;
  static constexpr size_t kFewest = 3;

  std::array<Window, kWindows> windows_{};  // a ring
  size_t next_ = 0, held_ = 0;
};

}  // namespace hullwatch
