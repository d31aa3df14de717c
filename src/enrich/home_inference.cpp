#include "enrich/home_inference.h"

#include <map>

namespace hullwatch {
namespace {

/// Namespace (inode) -> home.
using Owners = std::unordered_map<uint32_t, uint64_t>;

/// A namespace belongs to the container whose first process lives in it; else to the one most of its processes are known, or by
/// their cgroups taken, to belong to. Processes of the host do not vote: one that moved itself there is what is looked for.
Owners owners_of(std::span<const hw_task> tasks, const std::unordered_map<uint32_t, uint64_t>& inits,
                 __u32 hw_namespaces::*kind, uint32_t hosts) {
  constexpr uint64_t kSureVote = 1'000'000;
  std::map<uint32_t, std::map<uint64_t, uint64_t>> votes;
  Owners owners;
  for (const hw_task& task : tasks) {
    const uint32_t inode = task.ns.*kind;
    if (inode == 0 || inode == hosts) continue;
    if (const auto init = inits.find(task.h.process.tgid); init != inits.end()) owners[inode] = init->second;
    if (task.h.home != 0) votes[inode][task.h.home] += task.home_inferred != 0 ? 1 : kSureVote;
  }
  for (const auto& [inode, homes] : votes) {
    uint64_t most = 0, winner = 0;
    for (const auto& [home, count] : homes)
      if (count > most) most = count, winner = home;
    owners.try_emplace(inode, winner);
  }
  return owners;
}

uint64_t find(const Owners& owners, uint32_t inode) {
  const auto found = owners.find(inode);
  return found == owners.end() ? 0 : found->second;
}

}  // namespace

std::vector<HomeConflict> find_home_conflicts(std::span<const hw_task> tasks,
                                              const std::unordered_map<uint32_t, uint64_t>& inits) {
  hw_namespaces host{};
  std::unordered_map<uint32_t, const hw_task*> by_pid;
  for (const hw_task& task : tasks) {
    by_pid.emplace(task.h.process.tgid, &task);
    if (task.h.process.tgid == 1) host = task.ns;
  }
  const Owners pids = owners_of(tasks, inits, &hw_namespaces::pid, host.pid);
  const Owners mounts = owners_of(tasks, inits, &hw_namespaces::mnt, host.mnt);
  std::vector<HomeConflict> conflicts;
  for (const hw_task& task : tasks) {
    if (task.home_inferred == 0) continue;
    const uint64_t by_pid_namespace = find(pids, task.ns.pid), by_mounts = find(mounts, task.ns.mnt);
    // containers of a pod may share a pid namespace: one that agrees is enough
    if (task.h.home != 0 && (by_pid_namespace == task.h.home || by_mounts == task.h.home)) continue;
    uint64_t told = by_pid_namespace != 0 ? by_pid_namespace : by_mounts;
    bool by_parent = false;
    if (told == 0 && task.h.home == 0) {
      // who shares all namespaces with the host is his parent's, if that is known to be a container's: only the host places
      const auto parent = by_pid.find(task.parent.tgid);
      if (parent != by_pid.end() && parent->second->home_inferred == 0 && parent->second->h.home != 0) {
        told = parent->second->h.home;
        by_parent = true;
      }
    }
    if (told != 0 && told != task.h.home)
      conflicts.push_back({.task = task, .by_cgroup = task.h.home, .by_namespaces = told, .by_parent = by_parent});
  }
  return conflicts;
}

}  // namespace hullwatch
