// Settings of the kernel: what was written, and whose it is.
#include <linux/sched.h>

#include <algorithm>
#include <array>

#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

/// A setting that each namespace of a kind has for itself; all others are the machine's.
struct Namespaced {
  std::string_view name;  // one that ends with '/': all below
  std::string_view kind;
  uint64_t clone_flag;
};
// pid_max, too, since 6.14; before it was the machine's, and no record tells which it was.
constexpr std::array kNamespaced = {
    Namespaced{"net/", "net", CLONE_NEWNET},
    Namespaced{"fs/mqueue/", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/auto_msgmni", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/msg_next_id", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/msgmax", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/msgmnb", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/msgmni", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/sem", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/sem_next_id", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/shm_next_id", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/shm_rmid_forced", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/shmall", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/shmmax", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/shmmni", "ipc", CLONE_NEWIPC},
    Namespaced{"kernel/domainname", "uts", CLONE_NEWUTS},
    Namespaced{"kernel/hostname", "uts", CLONE_NEWUTS},
    Namespaced{"kernel/ns_last_pid", "pid", CLONE_NEWPID},
    Namespaced{"user/", "user", CLONE_NEWUSER},
};

/// Null: of the machine.
const Namespaced* namespace_of(const SettingEvent& setting) {
  if (setting.facts.source != HW_SETTING_SYSCTL) return nullptr;
  const auto* found = std::ranges::find_if(kNamespaced, [&](const Namespaced& each) {
    return each.name.ends_with('/') ? setting.name.starts_with(each.name) : setting.name == each.name;
  });
  return found == kNamespaced.end() ? nullptr : found;
}

Value name(Context c, Argument, Scratch) {
  return of<SettingEvent>(c, [](const auto& e) { return e.name; });
}
Value value(Context c, Argument, Scratch) {
  const auto* setting = c.event.get<SettingEvent>();
  if (setting == nullptr || (setting->facts.setting_flags & HW_SETTING_UNREAD) != 0) return {};
  return Value(setting->value);
}
Value source(Context c, Argument, Scratch) {
  return of<SettingEvent>(
      c, [](const auto& e) { return std::string_view(e.facts.source == HW_SETTING_SYSCTL ? "sysctl" : "release_agent"); });
}
Value length(Context c, Argument, Scratch) {
  const auto* setting = c.event.get<SettingEvent>();
  return setting == nullptr || setting->facts.length == 0 ? Value{} : number(setting->facts.length);
}
Value is_cut(Context c, Argument, Scratch) {
  return of<SettingEvent>(c, [](const auto& e) { return (e.facts.setting_flags & HW_SETTING_CUT) != 0; });
}
Value result(Context c, Argument, Scratch) {
  const auto* setting = c.event.get<SettingEvent>();
  return setting == nullptr || (c.event.header.flags & HW_F_ATTEMPT) != 0 ? Value{} : signed_number(setting->facts.result);
}
Value namespace_kind(Context c, Argument, Scratch) {
  const auto* setting = c.event.get<SettingEvent>();
  const Namespaced* kind = setting == nullptr ? nullptr : namespace_of(*setting);
  return kind == nullptr ? Value{} : Value(kind->kind);
}
Value is_of_host(Context c, Argument, Scratch) {
  return of<SettingEvent>(c, [](const auto& e) {
    const Namespaced* kind = namespace_of(e);
    return kind == nullptr || (e.facts.own_namespaces & kind->clone_flag) == 0;
  });
}
Value cgroup(Context c, Argument, Scratch) {
  const auto* setting = c.event.get<SettingEvent>();
  return setting == nullptr || setting->facts.cgroup == 0 ? Value{} : number(setting->facts.cgroup);
}

constexpr auto kNone = Field::Argument::none;

// clang-format off
constexpr Field kFields[] = {
    {"setting.name", string, kNone, "Setting of the kernel that was written: its path below /proc/sys, or release_agent", name},
    {"setting.value", string, kNone, "What was written, up to 256 bytes; missing where it could not be read", value},
    {"setting.length", unsigned_integer, kNone, "Bytes that were written; missing where they are not known", length},
    {"setting.is_cut", boolean, kNone, "True when the value is longer than setting.value, or was written in pieces", is_cut},
    {"setting.source", string, kNone, "sysctl or release_agent", source},
    {"setting.result", integer, kNone, "Bytes the kernel took, or an error; missing where the provider sees only the attempt", result},
    {"setting.namespace", string, kNone, "Kind of namespace that each has this setting for itself: net ipc uts pid user; missing for the machine's", namespace_kind},
    {"setting.is_of_host", boolean, kNone, "True when the setting is the machine's, or of a namespace the node itself is in", is_of_host},
    {"setting.cgroup_id", unsigned_integer, kNone, "Id, in its own hierarchy, of the cgroup whose release_agent was written", cgroup},
};
// clang-format on

}  // namespace

std::span<const Field> setting_fields() { return kFields; }

}  // namespace hullwatch::field
