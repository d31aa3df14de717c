#include "event/event_type.h"

#include <algorithm>
#include <array>
#include <utility>

#include "event/system_call_names.h"

namespace hullwatch {
namespace {

using enum EventType;

constexpr std::array kTable = {
    EventTypeInfo{execve, "execve", "process", "A process began a new program"},
    EventTypeInfo{execveat, "execveat", "process", "The same, by execveat(2): a file descriptor may name the program"},
    EventTypeInfo{clone, "clone", "process", "A process was made by fork, vfork, clone or clone3"},
    EventTypeInfo{procexit, "procexit", "process", "A process ended: its last thread is gone"},
    EventTypeInfo{setuid, "setuid", "credential", "setuid(2) changed user ids"},
    EventTypeInfo{setgid, "setgid", "credential", "setgid(2) changed group ids"},
    EventTypeInfo{setreuid, "setreuid", "credential", "setreuid(2) changed user ids"},
    EventTypeInfo{setregid, "setregid", "credential", "setregid(2) changed group ids"},
    EventTypeInfo{setresuid, "setresuid", "credential", "setresuid(2) changed user ids"},
    EventTypeInfo{setresgid, "setresgid", "credential", "setresgid(2) changed group ids"},
    EventTypeInfo{setfsuid, "setfsuid", "credential", "setfsuid(2) changed the file-system user id"},
    EventTypeInfo{setfsgid, "setfsgid", "credential", "setfsgid(2) changed the file-system group id"},
    EventTypeInfo{setgroups, "setgroups", "credential", "setgroups(2) changed credentials"},
    EventTypeInfo{capset, "capset", "credential", "capset(2) changed capability sets"},
    EventTypeInfo{prctl, "prctl", "credential", "prctl(2) changed the bounding or ambient set, or securebits"},
    EventTypeInfo{keyctl, "keyctl", "credential", "keyctl(2) installed new credentials"},
    EventTypeInfo{credential_change, "credential_change", "credential",
                  "Credentials changed by exec, a new user namespace, or a way that is not known"},
    EventTypeInfo{capable, "capable", "capability", "First use, or refusal, of a capability by a container"},
    EventTypeInfo{mount, "mount", "mount", "mount(2)"},
    EventTypeInfo{umount2, "umount2", "mount", "umount2(2)"},
    EventTypeInfo{pivot_root, "pivot_root", "mount", "pivot_root(2)"},
    EventTypeInfo{open_tree, "open_tree", "mount", "open_tree(2): a mount, or a detached copy of one, was opened"},
    EventTypeInfo{fsopen, "fsopen", "mount", "fsopen(2): a new file system is being configured"},
    EventTypeInfo{fsconfig, "fsconfig", "mount", "fsconfig(2): a file system that was configured is made, or made anew"},
    EventTypeInfo{fsmount, "fsmount", "mount", "fsmount(2): a detached mount was made"},
    EventTypeInfo{move_mount, "move_mount", "mount", "move_mount(2): a mount was attached or moved"},
    EventTypeInfo{mount_setattr, "mount_setattr", "mount", "mount_setattr(2): attributes of a mount changed"},
    EventTypeInfo{fspick, "fspick", "mount", "fspick(2): a mounted file system was opened for reconfiguration"},
    EventTypeInfo{setns, "setns", "namespace", "A process entered other namespaces"},
    EventTypeInfo{unshare, "unshare", "namespace", "A process left namespaces for new ones"},
    EventTypeInfo{cgroup_mkdir, "cgroup_mkdir", "cgroup", "A cgroup was made"},
    EventTypeInfo{cgroup_rmdir, "cgroup_rmdir", "cgroup", "A cgroup was removed"},
    EventTypeInfo{cgroup_attach, "cgroup_attach", "cgroup", "A task was moved into another cgroup"},
    EventTypeInfo{runtime_connect, "runtime_connect", "runtime_socket", "A process connected to a container runtime's socket"},
    EventTypeInfo{runtime_use, "runtime_use", "runtime_socket",
                  "A process wrote to a connection to a runtime's socket that it did not make itself"},
    EventTypeInfo{runtime_hold, "runtime_hold", "runtime_socket",
                  "A process got a connection to a runtime's socket that it did not make: received, taken or inherited"},
    EventTypeInfo{runtime_listen, "runtime_listen", "runtime_socket", "A process began to listen on a TCP port"},
    EventTypeInfo{runtime_bytes, "runtime_bytes", "runtime_socket",
                  "Bytes of a request a runtime read; parsed by the detector"},
    EventTypeInfo{fork_burst, "fork_burst", "process",
                  "A container's fork rate crossed the kernel side's threshold, or fell below it"},
    EventTypeInfo{critical_flood, "critical_flood", "self",
                  "A container made so many events of one kind that further ones are only counted; flood.over: it has ended"},
    EventTypeInfo{io_uring_setup, "io_uring_setup", "io_uring", "A container made its first io_uring"},
    EventTypeInfo{kernel_setting, "kernel_setting", "kernel_setting",
                  "A setting of the kernel was written: below /proc/sys, or a cgroup's release_agent"},
    EventTypeInfo{fork_bomb, "fork_bomb", "finding", "The set of live processes of a container grows like a fork bomb's"},
    EventTypeInfo{privilege_gain, "privilege_gain", "finding", "A process holds more privilege than before"},
    EventTypeInfo{runtime_request, "runtime_request", "finding", "A process asked a container runtime for something"},
    EventTypeInfo{nested_container, "nested_container", "finding",
                  "A container made a cgroup named like a container's inside its own: once for each container"},
    EventTypeInfo{container_crossing, "container_crossing", "finding",
                  "A process of a container entered namespaces of another container, or of the host"},
    EventTypeInfo{
        identity_conflict, "identity_conflict", "finding",
        "What tells a process's container does not agree: its cgroup, its namespaces, its parents, or what was known of it"},
    EventTypeInfo{events_lost, "events_lost", "self", "Records were lost between kernel and user space"},
    EventTypeInfo{self_protection, "self_protection", "self",
                  "hullwatch itself is hindered: a hook that stays silent, a changed map, a stopped or killed daemon, a log "
                  "that cannot be written"},
};

// The table is indexed by type, so order and length must follow the enumeration.
consteval bool table_follows_enum() {
  for (size_t i = 0; i < kTable.size(); ++i)
    if (static_cast<size_t>(kTable[i].type) != i + 1) return false;
  return kTable.size() + 1 == static_cast<size_t>(count_);
}
static_assert(table_follows_enum());

constexpr std::pair<std::string_view, EventType> kAliases[] = {
    {"fork", clone},
    {"vfork", clone},
    {"clone3", clone},
    {"umount", umount2},
};

}  // namespace

std::span<const EventTypeInfo> event_types() { return kTable; }

std::string_view event_type_name(EventType type) {
  const auto index = static_cast<size_t>(type);
  return index == 0 || index > kTable.size() ? "unknown" : kTable[index - 1].name;
}

std::optional<EventType> event_type_from_name(std::string_view name) {
  for (const auto& info : kTable)
    if (info.name == name) return info.type;
  for (const auto& [alias, type] : kAliases)
    if (alias == name) return type;
  return std::nullopt;
}

bool is_known_event_name(std::string_view name) { return event_type_from_name(name).has_value() || is_system_call_name(name); }

}  // namespace hullwatch
