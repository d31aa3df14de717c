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
    int64_t live = 0;  // at its end
    int32_t gained = 0;
    uint32_t forks = 0, exits = 0, execs = 0;
    uint32_t creators = 0;  // processes that forked; one that did in two of the kernel's windows counts twice
  };
  /// Some of the last windows, summed.
  struct Span {
    size_t windows = 0;  // 0: nothing multiplies
    uint64_t forks = 0, exits = 0, execs = 0;
    int64_t gained = 0;
  };

  void add(const Window& window);
  /// The shortest span, three windows at least and down to the last one, in which it never shrank, and grew in one of any two
  /// windows, by `net_growth` tasks together, to twice what it was or more; and in the last one most of the growth came from as
  /// many processes.
  [[nodiscard]] Span multiplies(int64_t net_growth) const;

 private:
  static constexpr size_t kWindows = 10;
  static constexpr size_t kFewest = 3;

  [[nodiscard]] const Window& back(size_t windows) const { return windows_.at((next_ + kWindows - windows) % kWindows); }

  std::array<Window, kWindows> windows_{};  // a ring
  size_t next_ = 0, held_ = 0;
};

}  // namespace hullwatch
