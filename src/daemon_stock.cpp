// What is there when the daemon starts: the state an earlier one left, containers, processes, listeners.

#include <iostream>

#include "daemon.h"
#include "enrich/home_inference.h"
#include "enrich/proc_reader.h"
#include "probe/socket_scan.h"
#include "probe/task_snapshot.h"

namespace hullwatch {
namespace {

constexpr size_t kConflictsTold = 64;  // each is an event; the start record has the number of all

std::string conflict_text(const HomeConflict& conflict, ContainerIndex& containers) {
  const auto name = [&](uint64_t home) -> std::string {
    if (home == 0) return "the host";
    const Container* container = containers.find(home);
    return container == nullptr ? "a container that is gone" : "container " + std::string(container->short_id());
  };
  return "its cgroup is " + name(conflict.by_cgroup) + "'s, its " + (conflict.by_parent ? "parent " : "namespaces ") +
         name(conflict.by_namespaces) + "'s";
}

}  // namespace

/// Where there is no bpffs the daemon does its work all the same; a restart then has to infer.
void Daemon::open_pins() {
  if (options_.config.pin_directory == "off") return;
  auto pins = StatePins::open(options_.config.pin_directory);
  if (pins)
    pins_ = std::move(*pins);
  else
    stock_.without = pins.error().message;
}

/// Cgroups the kernel knows to be no container, whatever their names: the scan must not believe these.
void Daemon::take_cgroups() {
  const auto known = sensor_->object().cgroups();
  for (const auto& [cgroup, home] : known)
    if (home == 0) containers_->refuse(cgroup);
}

/// In this order: containers, so that the kernel knows their cgroups; then tasks, which take their home from those.
Status Daemon::take_stock() {
  BpfObject& object = sensor_->object();
  if (pins_) {
    stock_.superseded = pins_->superseded();
    if (pins_->given_up()) stock_.without = "state is not kept over restarts: " + *pins_->given_up();
    stock_.from_pins = pins_->adopted();
  }
  if (const hw_mark mark = object.mark(); stock_.from_pins && mark.alive_ns != 0) {
    const uint64_t last = std::max<uint64_t>(mark.alive_ns, mark.stopped_ns), now = clock_.boot_ns();
    stock_.gap_ns = now - std::min(now, last);
    stock_.unclean = mark.stopped_ns == 0;
  }
  take_cgroups();
  if (auto scanned = containers_->scan(); !scanned) return fail(std::move(scanned.error()));
  if (stock_.from_pins)
    for (const auto& [cgroup, home] : object.cgroups())
      if (home != 0 && !containers_->homes().contains(cgroup))
        note_update("containers", object.forget_cgroup(cgroup));  // removed meanwhile
  for (const auto& [cgroup, home] : containers_->homes())
    if (auto told = object.set_container(cgroup, home); !told) return told;
  auto tasks = take_task_snapshot(object);
  if (!tasks) return fail(std::move(tasks.error()));
  if (auto settled = settle_homes(*tasks); !settled) return settled;
  pipeline_->homes_are_known();
  const ProcReader proc;
  for (const hw_task& task : *tasks) {
    const auto details = proc.read(task.h.process.tgid);
    pipeline_->tree().insert(process_from_snapshot(task, details ? *details : ProcDetails{}));
    // The host's are PID 1's, and kthreadd's, which shows the initial ones.
    if (task.h.home != 0 || task.h.process.tgid <= 2) pipeline_->boundary().learn(task.h.home, task.ns);
  }
  if (stock_.from_pins) {
    sample_homes();
    pipeline_->know_homes(homes_);
  }
  if (auto found = classify_existing_listeners(*listeners_); !found)
    std::cerr << "hullwatch: " << found.error().message << "; listeners are met at their first contact\n";
  return {};
}

/// Processes that nobody saw placed: their cgroup has spoken, now their namespaces and parents do.
Status Daemon::settle_homes(std::vector<hw_task>& tasks) {
  std::unordered_map<uint32_t, uint64_t> inits;
  std::unordered_map<std::string, uint64_t> by_path;
  for (const Container* container : containers_->all()) by_path.emplace(container->cgroup_path, container->cgroup_id);
  for (const RuntimeState& state : runtime_states_->read_all())
    for (const std::string& path : state.cgroups)
      if (const auto found = by_path.find(path); found != by_path.end() && state.init_pid != 0)
        inits.emplace(state.init_pid, found->second);
  const auto conflicts = find_home_conflicts(tasks, inits);
  for (const hw_task& task : tasks) {
    if (task.home_inferred != 0)
      ++stock_.inferred;
    else if (stock_.from_pins)  // else it was forked since the programs were attached: seen, not adopted
      ++stock_.adopted;
  }
  stock_.tasks = tasks.size();
  stock_.conflicts = conflicts.size();
  if (conflicts.empty()) return {};
  std::unordered_map<uint32_t, uint64_t> corrected;
  for (const HomeConflict& conflict : conflicts) {
    if (auto told = sensor_->object().tell_home(conflict.task.h.process, conflict.by_namespaces); !told)
      std::cerr << "hullwatch: " << told.error().message << '\n';
    else
      corrected.emplace(conflict.task.h.process.tgid, conflict.by_namespaces);
  }
  for (hw_task& task : tasks)
    if (const auto home = corrected.find(task.h.process.tgid); home != corrected.end()) task.h.home = home->second;
  for (size_t i = 0; i < std::min(conflicts.size(), kConflictsTold); ++i) {
    Event event;
    event.type = EventType::identity_conflict;
    event.header = conflicts[i].task.h;
    event.header.home = conflicts[i].by_namespaces;
    event.body = NoteFinding{.what = "at_start", .detail = conflict_text(conflicts[i], *containers_), .over = false};
    pending_conflicts_.push_back(std::move(event));
  }
  return correct_homes(sensor_->object());
}

}  // namespace hullwatch
