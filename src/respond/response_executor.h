#pragma once
// Carries one order out, at once, or says why not: finds the container's cgroup in the right hierarchy, makes sure that it is
// that container's and none of those off limits, looks whether it is so already, and writes. Blocks for `patience` at most
// (several times that where there is no cgroup.kill). One thread at a time.

#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "enrich/cgroup_tree.h"
#include "respond/off_limits.h"
#include "respond/response.h"
#include "respond/target_cgroup.h"

namespace hullwatch {

/// Where it acts. `own`: hullwatch's own processes.
struct ResponseScene {
  CgroupTree tree;
  std::vector<uint32_t> own = {};
  bool dry_run = false;
  std::string proc_root = "/proc";
  std::chrono::milliseconds patience{1000};  // for a cgroup to be frozen, thawed, empty
};

class ResponseExecutor {
 public:
  explicit ResponseExecutor(ResponseScene scene) : scene_(std::move(scene)), off_limits_(scene_.own, scene_.proc_root) {}

  ResponseEffect carry_out(const ResponseOrder& order);

 private:
  ResponseEffect freeze(const ResponseOrder& order, bool frozen) const;
  ResponseEffect clamp(const ResponseOrder& order) const;
  ResponseEffect signal(const ResponseOrder& order);

  struct Sent {  // a signal, so that it is not sent again for the next alert of the same deed
    uint32_t pid = 0;
    uint64_t start_ns = 0, signal = 0;
    std::chrono::steady_clock::time_point at;
  };
  ResponseScene scene_;
  OffLimits off_limits_;
  std::deque<Sent> sent_;
};

}  // namespace hullwatch
