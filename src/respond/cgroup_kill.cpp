#include "respond/cgroup_kill.h"

#include <algorithm>
#include <csignal>

#include "enrich/proc_reader.h"
#include "respond/cgroup_freezer.h"
#include "respond/process_signal.h"

namespace hullwatch {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kForFreezing{100};

std::string processes_text(size_t count) { return std::to_string(count) + (count == 1 ? " process" : " processes"); }

/// The v1 controller of the hierarchy that tells containers apart; empty: it is the unified one.
std::string identity_controller(const CgroupTree& tree) {
  if (tree.version == 2) return {};
  for (const auto& [controller, mount] : tree.controllers)
    if (mount == tree.path) return controller;
  return "pids";
}

/// How many are left; v2 tells by one flag that there are none. A cgroup that its runtime has removed holds nobody.
Result<size_t> left_in(const TargetCgroup& cgroup) {
  if (!cgroup.has("cgroup.procs")) return 0;
  const int64_t populated = cgroup.flag("cgroup.events", "populated");
  if (populated == 0) return 0;
  const auto processes = cgroup.processes();
  if (!processes) return fail(processes.error());
  return std::max<size_t>(processes->size(), populated == 1 ? 1 : 0);
}

/// Held still while they are killed, so that none is forked meanwhile; v1's dead wait to be thawed. Without a freezer the kills
/// race with the forks, and the rounds go on.
Status kill_each(const TargetCgroup& cgroup, const CgroupTree& tree, const std::string& path, const std::string& proc_root,
                 Clock::time_point end) {
  const ProcReader proc(proc_root);
  const std::string controller = identity_controller(tree);
  const auto freezer = CgroupFreezer::open(tree, path);
  do {
    if (freezer) static_cast<void>(freezer->set(true, kForFreezing));
    const auto processes = cgroup.processes();
    Status round;
    if (!processes) round = fail(processes.error());
    for (const uint32_t pid : processes ? *processes : std::vector<uint32_t>{}) {
      const auto sent = signal_process(pid, SIGKILL, [&] {
        const std::string now = proc.cgroup(pid, controller);
        return now == path || now.starts_with(path + '/');
      });
      if (!sent) round = fail(sent.error());
    }
    if (freezer) static_cast<void>(freezer->set(false, kForFreezing));
    if (cgroup.wait("cgroup.events", kForFreezing, [&] { return left_in(cgroup).value_or(1) == 0; })) return {};
    if (!round) return round;
  } while (Clock::now() < end);
  return {};
}

}  // namespace

ResponseEffect kill_cgroup(const TargetCgroup& cgroup, const CgroupTree& tree, const std::string& cgroup_path,
                           const std::string& proc_root, std::chrono::milliseconds patience, bool dry_run) {
  const bool at_once = cgroup.has("cgroup.kill");
  const char* file = at_once ? "cgroup.kill" : "cgroup.procs";
  ResponseEffect effect{.result = ResponseResult::done, .reason = {}, .target = cgroup.path_of(file)};
  const auto stopped = [&](ResponseResult result, std::string reason) {
    effect.result = result;
    effect.reason = std::move(reason);
    return effect;
  };
  const auto before = left_in(cgroup);
  if (!before) return stopped(ResponseResult::failed, before.error().message);
  if (*before == 0) return stopped(ResponseResult::done, "already: no process is left");
  if (dry_run) return stopped(ResponseResult::dry_run, "would kill " + processes_text(*before));

  const auto end = Clock::now() + patience;
  const Status killed = at_once ? cgroup.write(file, "1") : kill_each(cgroup, tree, cgroup_path, proc_root, end);
  if (!killed) return stopped(ResponseResult::failed, killed.error().message);
  size_t left = 1;
  const bool empty = cgroup.wait("cgroup.events", patience, [&] {
    left = left_in(cgroup).value_or(1);
    return left == 0;
  });
  if (!empty) return stopped(ResponseResult::failed, processes_text(left) + " left: killed, not gone yet");
  return stopped(ResponseResult::done, processes_text(*before) + " killed");
}

}  // namespace hullwatch
