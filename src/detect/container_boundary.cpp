#include "detect/container_boundary.h"

#include <linux/sched.h>

#include <array>
#include <map>
#include <string_view>

namespace hullwatch {
namespace {

struct Kind {
  std::string_view name;
  __u32 hw_namespaces::*inode;
  uint64_t clone_flag;
};
// Not the user namespace: a runtime may give one to many containers.
constexpr std::array<Kind, 6> kKinds = {{{"pid", &hw_namespaces::pid, CLONE_NEWPID},
                                         {"mnt", &hw_namespaces::mnt, CLONE_NEWNS},
                                         {"net", &hw_namespaces::net, CLONE_NEWNET},
                                         {"ipc", &hw_namespaces::ipc, CLONE_NEWIPC},
                                         {"uts", &hw_namespaces::uts, CLONE_NEWUTS},
                                         {"cgroup", &hw_namespaces::cgroup, CLONE_NEWCGROUP}}};

Event note(const EventContext& context, EventType type, std::string what, std::string detail) {
  Event event;
  event.type = type;
  event.header = context.event.header;
  event.ancestors = context.event.ancestors;
  event.body = NoteFinding{.what = std::move(what), .detail = std::move(detail), .over = false};
  return event;
}

std::string name_of(const Container* container) {
  if (container == nullptr) return "a container that is gone";
  return container->meta.name.empty() ? std::string(container->short_id()) : container->meta.name;
}

bool set_up(const Event& event) { return (event.header.flags & HW_F_RUNTIME_SETUP) != 0; }

}  // namespace

void ContainerBoundaryDetector::on_event(const EventContext& context, const FindingSink& found) {
  const Event& event = context.event;
  if (!event.in_container() || set_up(event)) return;
  if (const auto* exec = event.get<ExecEvent>()) {
    learn(event.header.home, exec->facts.ns);
  } else if (const auto* entry = event.get<NamespaceEvent>(); entry != nullptr && event.type == EventType::setns) {
    look_at_entry(context, *entry, found);
  } else if (event.type == EventType::cgroup_mkdir) {
    look_at_nesting(context, found);
  }
}

void ContainerBoundaryDetector::learn(uint64_t home, const hw_namespaces& namespaces) {
  // A container's own are those of its first process; what it makes later would fill the map and outlive its numbers.
  if (home != 0 && !learned_.insert(home).second) return;
  for (const Kind& kind : kKinds) {
    const uint32_t inode = namespaces.*kind.inode;
    if (inode != 0 && owners_.size() < kMaxNamespaces) owners_.try_emplace(inode, home);
  }
}

void ContainerBoundaryDetector::forget(uint64_t home) {
  nested_.erase(home);
  learned_.erase(home);
  if (home != 0) std::erase_if(owners_, [&](const auto& entry) { return entry.second == home; });
}

/// What was entered is what the process is in now and was not before; a refused call changed nothing.
void ContainerBoundaryDetector::look_at_entry(const EventContext& context, const NamespaceEvent& entry,
                                              const FindingSink& found) const {
  std::map<uint64_t, std::string> entered;  // home -> kinds
  for (const Kind& kind : kKinds) {
    const uint32_t was = entry.facts.before.*kind.inode, is = entry.facts.after.*kind.inode;
    if (is == 0 || is == was) continue;
    // T4 does not know those before: what was not asked for was not entered.
    if (was == 0 && entry.facts.ns_flags != 0 && (entry.facts.ns_flags & kind.clone_flag) == 0) continue;
    const auto owner = owners_.find(is);
    if (owner == owners_.end() || owner->second == context.event.header.home) continue;
    std::string& kinds = entered[owner->second];
    kinds.append(kinds.empty() ? "" : " ").append(kind.name);
  }
  for (const auto& [home, kinds] : entered)
    found(note(context, EventType::container_crossing, home == 0 ? "host" : "container",
               kinds + " of " + (home == 0 ? "the host" : name_of(find_(home)))));
}

void ContainerBoundaryDetector::look_at_nesting(const EventContext& context, const FindingSink& found) {
  if (context.container == nullptr || context.container->nested.empty()) return;
  if (nested_.insert(context.event.header.home).second)
    found(note(context, EventType::nested_container, "nested", context.container->nested));
}

}  // namespace hullwatch
