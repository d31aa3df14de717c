#include "enrich/home_inference.h"

#include <map>
#include <set>

namespace hullwatch {
namespace {

/// Who a namespace belongs to, and on what ground.
struct Owner {
  uint64_t home = 0;
  bool sure = false;  // by its runtime, or by processes an earlier daemon knew; else by the cgroups of those who live in it
};
using Owners = std::unordered_map<uint32_t, Owner>;

/// Kernel threads belong to nobody, and show the initial namespaces, which need not be those of the first process.
bool is_kernel_thread(const hw_task& task) { return task.h.process.tgid == 2 || task.parent.tgid == 2; }
bool shows_the_hosts(const hw_task& task) { return task.h.process.tgid == 1 || is_kernel_thread(task); }

/// A namespace belongs to the container whose first process lives in it; else to the one most of its processes are known, or by
/// their cgroups taken, to belong to. Processes of the host do not vote: one that moved itself there is what is looked for.
Owners owners_of(std::span<const hw_task> tasks, const std::unordered_map<uint32_t, uint64_t>& inits,
                 __u32 hw_namespaces::*kind) {
  constexpr uint64_t kSureVote = 1'000'000;
  std::set<uint32_t> hosts = {0};
  for (const hw_task& task : tasks)
    if (shows_the_hosts(task)) hosts.insert(task.ns.*kind);
  std::map<uint32_t, std::map<uint64_t, uint64_t>> votes;
  Owners owners;
  for (const hw_task& task : tasks) {
    const uint32_t inode = task.ns.*kind;
    if (hosts.contains(inode)) continue;
    if (const auto init = inits.find(task.h.process.tgid); init != inits.end()) owners[inode] = {init->second, true};
    if (task.h.home != 0) votes[inode][task.h.home] += task.home_inferred != 0 ? 1 : kSureVote;
  }
  for (const auto& [inode, homes] : votes) {
    uint64_t most = 0, winner = 0;
    for (const auto& [home, count] : homes)
      if (count > most) most = count, winner = home;
    owners.try_emplace(inode, Owner{winner, most >= kSureVote});
  }
  return owners;
}

Owner find(const Owners& owners, uint32_t inode) {
  const auto found = owners.find(inode);
  return found == owners.end() ? Owner{} : found->second;
}

}  // namespace

std::vector<HomeConflict> find_home_conflicts(std::span<const hw_task> tasks,
                                              const std::unordered_map<uint32_t, uint64_t>& inits) {
  std::unordered_map<uint32_t, const hw_task*> by_pid;
  for (const hw_task& task : tasks) by_pid.emplace(task.h.process.tgid, &task);
  const Owners pids = owners_of(tasks, inits, &hw_namespaces::pid);
  const Owners mounts = owners_of(tasks, inits, &hw_namespaces::mnt);
  std::vector<HomeConflict> conflicts;
  for (const hw_task& task : tasks) {
    if (task.home_inferred == 0 || is_kernel_thread(task)) continue;
    const Owner by_pid_namespace = find(pids, task.ns.pid), by_mounts = find(mounts, task.ns.mnt);
    // containers of a pod may share a pid namespace: one that agrees is enough
    if (task.h.home != 0 && (by_pid_namespace.home == task.h.home || by_mounts.home == task.h.home)) continue;
    // a service of the host may have mounts of its own, and lend them: these alone count only where it is sure whose they are
    uint64_t told = by_pid_namespace.home;
    if (told == 0 && by_mounts.sure) told = by_mounts.home;
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
