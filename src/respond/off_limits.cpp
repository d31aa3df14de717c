#include "respond/off_limits.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "enrich/proc_reader.h"

namespace hullwatch {
namespace {

constexpr int kDeepest = 64;                                         // ancestors that are looked at
constexpr std::string_view kFirstNamespace = "cgroup:[4026531835]";  // the kernel's PROC_CGROUP_INIT_INO

/// In any other cgroup namespace /proc shows paths that are not those of the mounted tree.
bool sees_true_paths(const std::string& proc_root) {
  std::error_code failed;
  const std::string seen = std::filesystem::read_symlink(proc_root + "/self/ns/cgroup", failed);
  return failed || seen == kFirstNamespace;
}

}  // namespace

std::string OffLimits::cgroup(const std::string& path, std::string_view controller) const {
  if (path.empty()) return "the container's cgroup is not known";
  if (path.find_first_not_of('/') == path.npos) return "the root cgroup holds the host";
  if (!sees_true_paths(proc_root_)) return "in a cgroup namespace of its own hullwatch cannot tell which cgroup holds it";
  const ProcReader proc(proc_root_);
  for (const uint32_t pid : own_) {
    const std::string own = proc.cgroup(pid, controller);
    if (own == path || own.starts_with(path + '/')) return "hullwatch itself runs in cgroup " + path;
  }
  return {};
}

std::string OffLimits::process(uint32_t pid) const {
  if (pid <= 1) return "pid " + std::to_string(pid) + " is the host's";
  if (std::ranges::find(own_, pid) != own_.end()) return "pid " + std::to_string(pid) + " is hullwatch itself";
  const ProcReader proc(proc_root_);
  for (uint32_t ancestor : own_)
    for (int depth = 0; depth < kDeepest; ++depth) {
      const auto stat = proc.stat(ancestor);
      if (!stat || stat->parent <= 1) break;
      ancestor = stat->parent;
      if (ancestor == pid) return "pid " + std::to_string(pid) + " is an ancestor of hullwatch";
    }
  return {};
}

}  // namespace hullwatch
