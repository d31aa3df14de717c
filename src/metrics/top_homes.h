#pragma once
// Which containers have series of their own: those that fork and exec most, and all others together as one. A container that
// gets its series late begins it at nought, what it did before having been counted among the others: the sum of all series is
// exact, and none ever falls. The host has always one. Evaluator thread only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "detect/home_sample.h"

namespace hullwatch {

/// One series of each metric of tasks.
struct HomeFigures {
  std::string name;  // container's; "host", "other"
  std::string id;    // short id; "host", "other"
  uint64_t forks = 0, exits = 0, execs = 0, failed_forks = 0;
  std::array<uint64_t, HW_KIND_MAX> suppressed{};  // records counted, not sent, by hw_kind
  int64_t tasks = 0;
  uint64_t creators = 0;
};

class TopHomes {
 public:
  explicit TopHomes(size_t containers) : slots_(containers) {}

  /// Name and short id of a container.
  using NameOf = std::function<std::pair<std::string, std::string>(uint64_t home)>;
  /// Counts of all homes, about once a second. Those that are missing are gone: their series ends.
  void update(std::span<const HomeSample> homes, const NameOf& name_of);
  /// As of the last update(): the host, those with a series of their own, the others.
  [[nodiscard]] const std::vector<HomeFigures>& figures() const { return figures_; }

 private:
  struct Counts {
    uint64_t forks = 0, exits = 0, execs = 0, failed_forks = 0;
    std::array<uint64_t, HW_KIND_MAX> suppressed{};
    void add(const Counts& from, const Counts& to);
  };
  struct Known {
    Counts now;
    Counts base;       // not in its own series
    bool own = false;  // has one
    bool seen = false;
  };
  static Counts counts_of(const HomeSample& sample);
  void promote();

  size_t slots_;
  std::map<uint64_t, Known> known_;
  Counts other_;
  std::vector<HomeFigures> figures_;
};

}  // namespace hullwatch
