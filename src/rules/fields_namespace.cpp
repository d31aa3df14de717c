#include <linux/sched.h>

#include "event/kernel_names.h"
#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

struct Kind {
  std::string_view name;
  __u32 hw_namespaces::*inode;
  uint64_t clone_flag;
  uint32_t initial;                // inode of the initial namespace where the kernel fixes it, else 0
  bool own_in_containers = false;  // nearly always
};
constexpr Kind kKinds[] = {
    {"mnt", &hw_namespaces::mnt, CLONE_NEWNS, 0},
    {"pid", &hw_namespaces::pid, CLONE_NEWPID, 0xeffffffc, true},
    {"net", &hw_namespaces::net, CLONE_NEWNET, 0},
    {"uts", &hw_namespaces::uts, CLONE_NEWUTS, 0xeffffffe, true},
    {"ipc", &hw_namespaces::ipc, CLONE_NEWIPC, 0xefffffff, true},
    {"cgroup", &hw_namespaces::cgroup, CLONE_NEWCGROUP, 0xeffffffb},
    {"user", &hw_namespaces::user, CLONE_NEWUSER, 0xeffffffd},
    {"time", &hw_namespaces::time, CLONE_NEWTIME, 0xeffffffa},
};

// Names of the kinds for which `holds` is true, separated by spaces.
template <typename Holds>
Value kinds(Context c, Scratch scratch, Holds holds) {
  const auto* event = c.event.get<NamespaceEvent>();
  if (event == nullptr) return {};
  return built(scratch, [&](std::string& out) {
    for (const Kind& kind : kKinds) {
      if (!holds(kind, event->facts.before.*kind.inode, event->facts.after.*kind.inode)) continue;
      if (!out.empty()) out.push_back(' ');
      out.append(kind.name);
    }
  });
}
Value changed(Context c, Argument, Scratch scratch) {
  return kinds(c, scratch, [](const Kind&, uint32_t was, uint32_t is) { return was != 0 && is != 0 && was != is; });
}
/// Did setns lead into this kind's initial namespace? T4 does not know those before: then kinds that were asked for, else those
/// that containers have of their own.
bool entered(const Kind& kind, const hw_namespace& facts) {
  const uint32_t was = facts.before.*kind.inode, is = facts.after.*kind.inode;
  if (is == 0 || is != kind.initial || was == is) return false;
  if (was != 0) return true;
  return facts.ns_flags != 0 ? (facts.ns_flags & kind.clone_flag) != 0 : kind.own_in_containers;
}
// Missing where there are none, so that a rule can ask whether it exists.
Value entered_initial(Context c, Argument, Scratch scratch) {
  const auto* event = c.event.get<NamespaceEvent>();
  if (event == nullptr || event->facts.op != HW_NS_SETNS) return {};
  std::string& out = scratch.next();
  for (const Kind& kind : kKinds)
    if (entered(kind, event->facts)) out.append(out.empty() ? "" : " ").append(kind.name);
  return text(out);
}

Value operation(Context c, Argument, Scratch) {
  return of<NamespaceEvent>(c, [](const auto& e) { return std::string_view(e.facts.op == HW_NS_SETNS ? "setns" : "unshare"); });
}
Value flags(Context c, Argument, Scratch scratch) {
  const auto* event = c.event.get<NamespaceEvent>();
  if (event == nullptr) return {};
  return built(scratch, [&](std::string& out) { append_clone_flags(out, event->facts.ns_flags); });
}
Value descriptor(Context c, Argument, Scratch) {
  const auto* event = c.event.get<NamespaceEvent>();
  return event == nullptr || event->facts.fd < 0 ? Value{} : signed_number(event->facts.fd);
}
Value result(Context c, Argument, Scratch) {
  const auto* event = c.event.get<NamespaceEvent>();
  return event == nullptr || (c.event.header.flags & HW_F_ATTEMPT) != 0 ? Value{} : signed_number(event->facts.result);
}

// --- cgroups ---

template <auto Member>
Value cgroup_number(Context c, Argument, Scratch) {
  const auto* event = c.event.get<CgroupEvent>();
  return event == nullptr ? Value{} : number(event->facts.*Member);
}
template <auto Member>
Value move_number(Context c, Argument, Scratch) {
  const auto* event = c.event.get<CgroupEvent>();
  return event == nullptr || event->facts.op != HW_CGROUP_ATTACH ? Value{} : number(event->facts.*Member);
}
Value cgroup_operation(Context c, Argument, Scratch) {
  constexpr std::string_view kNames[] = {"mkdir", "rmdir", "attach"};
  return of<CgroupEvent>(c, [&](const auto& e) { return kNames[e.facts.op]; });
}
Value cgroup_path(Context c, Argument, Scratch) {
  const auto* event = c.event.get<CgroupEvent>();
  return event == nullptr ? Value{} : text(event->path);
}
Value moved_pid(Context c, Argument, Scratch) {
  const auto* event = c.event.get<CgroupEvent>();
  return event == nullptr || event->facts.moved.tgid == 0 ? Value{} : signed_number(event->facts.moved.tgid);
}
Value moved_name(Context c, Argument, Scratch) {
  const auto* event = c.event.get<CgroupEvent>();
  const Process* moved = event == nullptr ? nullptr : c.tree.find(event->facts.moved);
  return moved == nullptr ? Value{} : text(moved->comm);
}
// Inside its own subtree a container may do as it likes.
Value leaves_home(Context c, Argument, Scratch) {
  const auto* event = c.event.get<CgroupEvent>();
  if (event == nullptr || event->facts.op == HW_CGROUP_RMDIR) return {};
  if (event->facts.op == HW_CGROUP_MKDIR) return truth(c.event.in_container() && event->facts.outermost != c.event.header.home);
  const uint64_t home = event->facts.moved_home_before;
  return truth(home != 0 && event->facts.outermost != home);
}
Value changes_home(Context c, Argument, Scratch) {
  const auto* event = c.event.get<CgroupEvent>();
  if (event == nullptr || event->facts.op != HW_CGROUP_ATTACH) return {};
  return truth(event->facts.moved_home_before != event->facts.moved_home_after);
}

constexpr auto kNone = Field::Argument::none;

// clang-format off
constexpr Field kFields[] = {
    {"ns.op", string, kNone, "setns or unshare", operation},
    {"ns.flags", string, kNone, "Kinds of namespaces asked for, as CLONE_NEWNS|CLONE_NEWPID; empty for setns with any", flags},
    {"ns.fd", integer, kNone, "Descriptor given to setns", descriptor},
    {"ns.result", integer, kNone, "Outcome of the call; missing where the provider sees only the attempt", result},
    {"ns.changed", string, kNone, "Kinds of namespaces that are others now: mnt pid net uts ipc cgroup user time", changed},
    {"ns.entered_host", string, kNone, "Kinds in which the process entered the node's own namespace; mnt and net cannot be told", entered_initial},
    {"cgroup.op", string, kNone, "mkdir, rmdir or attach", cgroup_operation},
    {"cgroup.path", string, kNone, "Path of the new cgroup, from the hierarchy's root", cgroup_path},
    {"cgroup.id", unsigned_integer, kNone, "Id of the cgroup made, removed or entered", cgroup_number<&hw_cgroup::id>},
    {"cgroup.parent_id", unsigned_integer, kNone, "Id of the cgroup above it", cgroup_number<&hw_cgroup::parent_id>},
    {"cgroup.level", unsigned_integer, kNone, "Depth below the hierarchy's root", cgroup_number<&hw_cgroup::level>},
    {"cgroup.outermost", unsigned_integer, kNone, "Id of the container's cgroup it lies in, 0 for the host's own", cgroup_number<&hw_cgroup::outermost>},
    {"cgroup.moved_pid", integer, kNone, "Process that was moved", moved_pid},
    {"cgroup.moved_name", string, kNone, "Name of the process that was moved", moved_name},
    {"cgroup.home_before", unsigned_integer, kNone, "Container of the moved process before, 0 for the host", move_number<&hw_cgroup::moved_home_before>},
    {"cgroup.home_after", unsigned_integer, kNone, "Container of the moved process after, 0 for the host", move_number<&hw_cgroup::moved_home_after>},
    {"cgroup.leaves_home", boolean, kNone, "True when a container's process was put into, or made, a cgroup outside its container", leaves_home},
    {"cgroup.changes_home", boolean, kNone, "True when the move gave the process another container", changes_home},
};
// clang-format on

}  // namespace

std::span<const Field> namespace_fields() { return kFields; }

}  // namespace hullwatch::field
