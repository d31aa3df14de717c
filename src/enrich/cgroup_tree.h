#pragma once
// Which cgroup hierarchy tells containers apart on this node, from a process's mountinfo: the unified one wherever it is
// mounted (alone, or beside v1 controllers: hybrid), else v1's pids, else its memory hierarchy. The kernel side uses the ids of
// the same.

#include <map>
#include <string>

#include "util/result.h"

namespace hullwatch {

struct CgroupTree {
  std::string path;      // where the hierarchy is mounted
  int version = 2;       // 1: `path` is a v1 controller's
  bool hybrid = false;   // unified, with v1 controllers beside it
  bool partial = false;  // the mount shows a part of the hierarchy: hullwatch is in a container's cgroup namespace
  std::map<std::string, std::string> controllers;  // v1 only: controller -> mount point

  /// Where that controller's files are: its own v1 hierarchy where it has one, else the one that tells containers apart.
  [[nodiscard]] const std::string& mount_of(const std::string& controller) const {
    const auto own = controllers.find(controller);
    return own == controllers.end() ? path : own->second;
  }
};

/// Fails, saying what is missing, where no usable hierarchy is mounted or the file cannot be read.
Result<CgroupTree> find_cgroup_tree(const std::string& mountinfo = "/proc/self/mountinfo");

}  // namespace hullwatch
