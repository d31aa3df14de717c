#pragma once
// Freezes and thaws one container: by cgroup.freeze of the unified hierarchy (5.2), else by v1's freezer, wherever that is
// mounted. Any thread; owns the open directory.

#include <chrono>
#include <string>
#include <string_view>

#include "enrich/cgroup_tree.h"
#include "respond/target_cgroup.h"

namespace hullwatch {

class CgroupFreezer {
 public:
  /// Fails where neither shows the cgroup.
  static Result<CgroupFreezer> open(const CgroupTree& tree, const std::string& cgroup_path);

  /// The v1 controller whose hierarchy it is in; empty: the unified one.
  [[nodiscard]] std::string_view controller() const { return v1_ ? "freezer" : ""; }
  [[nodiscard]] std::string target() const { return cgroup_.path_of(file()); }
  /// What is asked of it, by whomever; it may still be on the way.
  [[nodiscard]] Result<bool> frozen() const;
  /// Asks, and waits for it. False: not so in time.
  [[nodiscard]] Result<bool> set(bool frozen, std::chrono::milliseconds patience) const;

 private:
  CgroupFreezer(TargetCgroup cgroup, bool v1) : cgroup_(std::move(cgroup)), v1_(v1) {}
  [[nodiscard]] const char* file() const { return v1_ ? "freezer.state" : "cgroup.freeze"; }

  TargetCgroup cgroup_;
  bool v1_;
};

}  // namespace hullwatch
