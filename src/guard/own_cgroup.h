#pragma once
// A cgroup of the daemon's own with a large weight, so that a storm of thousands of tasks in another cgroup leaves the daemon
// its share of the processors: without one it is a task among all those of the root. Beside real-time priority, and where that
// is refused. Made at the start, before the watchdog is forked and before the sensor looks; removed at the end. Of the
// hierarchy that has the cpu controller: v1's, else the unified one. Main thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "enrich/cgroup_tree.h"
#include "util/result.h"

namespace hullwatch {

/// What it looks at and writes.
struct CgroupScene {
  CgroupTree tree;
  std::string proc_root = "/proc";
  std::string systemd = "/run/systemd/system";  // there where systemd keeps the cgroups
};

class OwnCgroup {
 public:
  static constexpr std::string_view kName = "hullwatch-daemon";  // below the root; several daemons share it

  /// Why there will be none, changing nothing; empty: there should be one. In a unit of systemd's, a container's cgroup or any
  /// other but the root it is not for hullwatch to leave: whoever put it there gives it a weight.
  static std::string why_not(const CgroupScene& scene);

  /// Moves the calling process into it. `weight`: as cpu.weight counts, 100 being everybody's. With `realtime`, only where its
  /// threads may still be real-time in it (a v1 cgroup has a budget of its own for that).
  static Result<OwnCgroup> enter(const CgroupScene& scene, uint64_t weight, bool realtime);
  /// Moves the process back, and removes it unless another daemon is in it.
  ~OwnCgroup();
  OwnCgroup(OwnCgroup&& other) noexcept;
  OwnCgroup(const OwnCgroup&) = delete;
  OwnCgroup& operator=(const OwnCgroup&) = delete;
  OwnCgroup& operator=(OwnCgroup&&) = delete;

 private:
  explicit OwnCgroup(std::string mount) : mount_(std::move(mount)) {}

  std::string mount_;  // of the hierarchy; empty: moved from
};

}  // namespace hullwatch
