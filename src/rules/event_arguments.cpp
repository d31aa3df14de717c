#include "rules/event_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "event/decode.h"
#include "event/event_type.h"
#include "event/kernel_names.h"
#include "rules/field_support.h"

namespace hullwatch {
namespace {

using namespace field;

// --- ways to show one fact of a body: Fact is a function of the body ---

template <typename Body, auto Fact>
Value raw(Context context) {
  const Body* body = context.event.get<Body>();
  return body == nullptr ? Value{} : Value(static_cast<int64_t>(Fact(*body)));
}
template <typename Body, auto Fact>
Value decimal(Context context, Scratch scratch) {
  const Body* body = context.event.get<Body>();
  if (body == nullptr) return {};
  return built(scratch, [&](std::string& out) { fmt::format_to(std::back_inserter(out), "{}", Fact(*body)); });
}
template <typename Body, auto Fact>
Value string(Context context, Scratch) {
  const Body* body = context.event.get<Body>();
  return body == nullptr ? Value{} : text(Fact(*body));
}
template <typename Body, auto Fact>
Value user(Context context, Scratch scratch) {
  const Body* body = context.event.get<Body>();
  if (body == nullptr) return {};
  const auto name = user_name(context, Fact(*body));
  return name == kUnknown ? decimal<Body, Fact>(context, scratch) : Value(name);
}
template <typename Body, auto Fact>
Value group(Context context, Scratch scratch) {
  const Body* body = context.event.get<Body>();
  if (body == nullptr) return {};
  const auto name = group_name(context, Fact(*body));
  return name == kUnknown ? decimal<Body, Fact>(context, scratch) : Value(name);
}
// Render is append_…(out, fact).
template <typename Body, auto Fact, auto Render>
Value rendered(Context context, Scratch scratch) {
  const Body* body = context.event.get<Body>();
  if (body == nullptr) return {};
  return built(scratch, [&](std::string& out) { Render(out, Fact(*body)); });
}

// --- facts, named functions because a pointer to them is a template argument ---

#define HW_FACT(name, Body, expression) \
  auto name(const Body& e) { return expression; }

HW_FACT(exec_filename, ExecEvent, e.filename)
HW_FACT(exec_exe, ExecEvent, first_argument(e.args))
HW_FACT(exec_cwd, ExecEvent, e.cwd)
HW_FACT(exec_path, ExecEvent, e.exe_path)
HW_FACT(exec_parent, ExecEvent, e.facts.parent.tgid)
HW_FACT(exec_tty, ExecEvent, e.facts.tty)
HW_FACT(exec_pgid, ExecEvent, e.facts.pgid)
HW_FACT(exec_flags, ExecEvent, e.facts.exe_flags)
HW_FACT(exec_ino, ExecEvent, e.facts.h.exe_ino)
HW_FACT(exec_uid, ExecEvent, e.facts.cred.euid)
HW_FACT(exec_pid, ExecEvent, e.facts.h.process.tgid)
HW_FACT(exec_loginuid, ExecEvent, static_cast<int32_t>(e.facts.h.loginuid))
HW_FACT(exec_effective, ExecEvent, e.facts.cred.cap_effective)
HW_FACT(exec_permitted, ExecEvent, e.facts.cred.cap_permitted)
HW_FACT(exec_inheritable, ExecEvent, e.facts.cred.cap_inheritable)
HW_FACT(exec_result, ExecEvent, (static_cast<void>(e), 0))

HW_FACT(fork_child, ForkEvent, e.facts.child.tgid)
HW_FACT(fork_flags, ForkEvent, e.facts.clone_flags)
HW_FACT(fork_parent, ForkEvent, e.facts.child_parent.tgid)
HW_FACT(fork_vpid, ForkEvent, e.facts.child_ns_pid)

HW_FACT(exit_status, ExitEvent, e.facts.exit_code)
HW_FACT(exit_code, ExitEvent, (e.facts.exit_code >> 8) & 0xff)
HW_FACT(exit_signal, ExitEvent, e.facts.exit_code & 0x7f)
HW_FACT(exit_lived, ExitEvent, e.facts.lived_ns)

HW_FACT(cred_uid, CredentialEvent, e.facts.after.uid)
HW_FACT(cred_euid, CredentialEvent, e.facts.after.euid)
HW_FACT(cred_suid, CredentialEvent, e.facts.after.suid)
HW_FACT(cred_fsuid, CredentialEvent, e.facts.after.fsuid)
HW_FACT(cred_gid, CredentialEvent, e.facts.after.gid)
HW_FACT(cred_egid, CredentialEvent, e.facts.after.egid)
HW_FACT(cred_sgid, CredentialEvent, e.facts.after.sgid)
HW_FACT(cred_fsgid, CredentialEvent, e.facts.after.fsgid)
HW_FACT(cred_way, CredentialEvent, way_name(e.facts.way))
HW_FACT(cred_effective, CredentialEvent, e.facts.after.cap_effective)
HW_FACT(cred_permitted, CredentialEvent, e.facts.after.cap_permitted)
HW_FACT(cred_inheritable, CredentialEvent, e.facts.after.cap_inheritable)

HW_FACT(note_what, NoteFinding, std::string_view(e.what))
HW_FACT(note_detail, NoteFinding, std::string_view(e.detail))

HW_FACT(cap_number, CapabilityEvent, e.facts.capability)
HW_FACT(cap_name, CapabilityEvent, capability_name(e.facts.capability))
HW_FACT(cap_result, CapabilityEvent, e.facts.result)
HW_FACT(cap_count, CapabilityEvent, e.facts.count)

HW_FACT(mount_result, MountEvent, e.facts.result)
HW_FACT(mount_source, MountEvent, e.source)
HW_FACT(mount_target, MountEvent, e.target)
HW_FACT(mount_fstype, MountEvent, e.fstype)
HW_FACT(mount_flags, MountEvent, e.facts.mount_flags)
HW_FACT(mount_from_fd, MountEvent, e.facts.from_fd)
HW_FACT(mount_to_fd, MountEvent, e.facts.to_fd)
HW_FACT(mount_command, MountEvent, e.facts.command)

HW_FACT(ns_result, NamespaceEvent, e.facts.result)
HW_FACT(ns_flags, NamespaceEvent, e.facts.ns_flags)
HW_FACT(ns_fd, NamespaceEvent, e.facts.fd)

HW_FACT(cgroup_path, CgroupEvent, e.path)
HW_FACT(cgroup_id, CgroupEvent, e.facts.id)
HW_FACT(cgroup_parent, CgroupEvent, e.facts.parent_id)
HW_FACT(cgroup_moved, CgroupEvent, e.facts.moved.tgid)

HW_FACT(socket_name, SocketEvent, e.name)
HW_FACT(socket_listener, SocketEvent, e.facts.listener_tgid)
HW_FACT(socket_connection, SocketEvent, e.facts.connection)

HW_FACT(request_connection, RequestEvent, e.facts.connection)
HW_FACT(request_offset, RequestEvent, e.facts.offset)
HW_FACT(request_length, RequestEvent, e.facts.length)

HW_FACT(burst_forks, BurstEvent, e.facts.counts.forks)
HW_FACT(burst_live, BurstEvent, e.facts.counts.live)
HW_FACT(burst_over, BurstEvent, e.facts.over)
HW_FACT(flood_kind, FloodEvent, kind_name(e.facts.flooded))
HW_FACT(flood_suppressed, FloodEvent, e.facts.suppressed)
HW_FACT(flood_over, FloodEvent, e.facts.over)

HW_FACT(ring_entries, RingEvent, e.facts.sq_entries)
HW_FACT(ring_flags, RingEvent, e.facts.setup_flags)

HW_FACT(bomb_reason, ForkBombFinding, std::string_view(e.reason))
HW_FACT(bomb_forks, ForkBombFinding, e.forks)
HW_FACT(bomb_live, ForkBombFinding, e.live)
HW_FACT(setting_name, SettingEvent, e.name)
HW_FACT(setting_value, SettingEvent, e.value)
HW_FACT(gain_way, PrivilegeGainFinding, std::string_view(e.way))
HW_FACT(gain_caps, PrivilegeGainFinding, std::string_view(e.gained_caps))
HW_FACT(api_method, RuntimeRequestFinding, std::string_view(e.method))
HW_FACT(api_path, RuntimeRequestFinding, std::string_view(e.path))
HW_FACT(api_danger, RuntimeRequestFinding, std::string_view(e.danger))
HW_FACT(api_socket, RuntimeRequestFinding, std::string_view(e.socket))

#undef HW_FACT

Value exec_arguments(Context context, Scratch scratch) {
  const auto* exec = context.event.get<ExecEvent>();
  if (exec == nullptr) return {};
  return built(scratch, [&](std::string& out) { append_arguments(out, exec->args); });
}
Value exec_comm(Context context, Scratch) { return text(context.event.comm()); }

Value mount_flag_names(Context context, Scratch scratch) {
  const auto* mount = context.event.get<MountEvent>();
  if (mount == nullptr) return {};
  return built(scratch, [&](std::string& out) { append_mount_flags(out, mount->facts.op, mount->facts.mount_flags); });
}

// A call's result as Falco renders it: the number, or the error's name. Missing before the outcome.
template <typename Body, auto Fact>
Value outcome(Context context, Scratch scratch) {
  const Body* body = context.event.get<Body>();
  if (body == nullptr || (context.event.header.flags & HW_F_ATTEMPT) != 0) return {};
  const int64_t result = Fact(*body);
  if (const auto name = result_name(result); result < 0 && !name.empty()) return Value(name);
  return decimal<Body, Fact>(context, scratch);
}
template <typename Body, auto Fact>
Value raw_outcome(Context context) {
  return (context.event.header.flags & HW_F_ATTEMPT) != 0 ? Value{} : raw<Body, Fact>(context);
}

Value lost_counts(Context context, Scratch scratch) {
  const auto* loss = context.event.get<LossEvent>();
  if (loss == nullptr) return {};
  return built(scratch, [&](std::string& out) {
    for (uint32_t kind = 1; kind < HW_KIND_MAX; ++kind)
      if (loss->lost[kind] != 0)
        fmt::format_to(std::back_inserter(out), "{}{}:{}", out.empty() ? "" : ",", kind_name(kind), loss->lost[kind]);
  });
}

// --- one row of a table each ---

template <typename Body, auto Fact>
constexpr EventArgument shows_number(std::string_view name) {
  return {name, decimal<Body, Fact>, raw<Body, Fact>};
}
template <typename Body, auto Fact>
constexpr EventArgument shows_text(std::string_view name) {
  return {name, string<Body, Fact>};
}
template <typename Body, auto Fact>
constexpr EventArgument shows_user(std::string_view name) {
  return {name, user<Body, Fact>, raw<Body, Fact>};
}
template <typename Body, auto Fact>
constexpr EventArgument shows_group(std::string_view name) {
  return {name, group<Body, Fact>, raw<Body, Fact>};
}
template <typename Body, auto Fact>
constexpr EventArgument shows_result() {
  return {"res", outcome<Body, Fact>, raw_outcome<Body, Fact>};
}
template <typename Body, auto Fact, auto Render>
constexpr EventArgument shows_flags(std::string_view name) {
  return {name, rendered<Body, Fact, Render>, raw<Body, Fact>};
}
constexpr EventArgument alias(EventArgument argument) {
  argument.alias = true;
  return argument;
}

constexpr EventArgument kExec[] = {
    shows_number<ExecEvent, exec_result>("res"),
    shows_text<ExecEvent, exec_filename>("filename"),
    shows_text<ExecEvent, exec_exe>("exe"),
    {"args", exec_arguments},
    shows_number<ExecEvent, exec_pid>("tid"),
    shows_number<ExecEvent, exec_pid>("pid"),
    shows_number<ExecEvent, exec_parent>("ptid"),
    shows_text<ExecEvent, exec_cwd>("cwd"),
    {"comm", exec_comm},
    shows_number<ExecEvent, exec_tty>("tty"),
    shows_number<ExecEvent, exec_pgid>("pgid"),
    shows_number<ExecEvent, exec_loginuid>("loginuid"),
    shows_flags<ExecEvent, exec_flags, append_exe_flags>("flags"),
    shows_flags<ExecEvent, exec_inheritable, append_capabilities>("cap_inheritable"),
    shows_flags<ExecEvent, exec_permitted, append_capabilities>("cap_permitted"),
    shows_flags<ExecEvent, exec_effective, append_capabilities>("cap_effective"),
    shows_number<ExecEvent, exec_ino>("exe_ino"),
    {"uid", user<ExecEvent, exec_uid>, raw<ExecEvent, exec_uid>},
    shows_text<ExecEvent, exec_path>("trusted_exepath"),
};
constexpr EventArgument kFork[] = {
    shows_number<ForkEvent, fork_child>("res"),
    shows_flags<ForkEvent, fork_flags, append_clone_flags>("flags"),
    shows_number<ForkEvent, fork_parent>("ptid"),
    shows_number<ForkEvent, fork_vpid>("vpid"),
};
constexpr EventArgument kExit[] = {
    shows_number<ExitEvent, exit_status>("status"),
    shows_number<ExitEvent, exit_code>("ret"),
    shows_number<ExitEvent, exit_signal>("sig"),
    shows_number<ExitEvent, exit_lived>("lived"),
};
constexpr EventArgument kCredential[] = {
    shows_user<CredentialEvent, cred_uid>("uid"),
    shows_user<CredentialEvent, cred_euid>("euid"),
    shows_user<CredentialEvent, cred_suid>("suid"),
    shows_user<CredentialEvent, cred_fsuid>("fsuid"),
    shows_group<CredentialEvent, cred_gid>("gid"),
    shows_group<CredentialEvent, cred_egid>("egid"),
    shows_group<CredentialEvent, cred_sgid>("sgid"),
    shows_group<CredentialEvent, cred_fsgid>("fsgid"),
    shows_text<CredentialEvent, cred_way>("way"),
    shows_flags<CredentialEvent, cred_inheritable, append_capabilities>("cap_inheritable"),
    shows_flags<CredentialEvent, cred_permitted, append_capabilities>("cap_permitted"),
    shows_flags<CredentialEvent, cred_effective, append_capabilities>("cap_effective"),
    alias(shows_user<CredentialEvent, cred_uid>("ruid")),
    alias(shows_group<CredentialEvent, cred_gid>("rgid")),
};
constexpr EventArgument kCapability[] = {
    shows_result<CapabilityEvent, cap_result>(),
    {"capability", string<CapabilityEvent, cap_name>, raw<CapabilityEvent, cap_number>},
    shows_number<CapabilityEvent, cap_count>("count"),
};
constexpr EventArgument kMount[] = {
    shows_result<MountEvent, mount_result>(),
    shows_text<MountEvent, mount_source>("dev"),
    shows_text<MountEvent, mount_target>("dir"),
    shows_text<MountEvent, mount_fstype>("type"),
    {"flags", mount_flag_names, raw<MountEvent, mount_flags>},
    alias(shows_text<MountEvent, mount_source>("source")),
    alias(shows_text<MountEvent, mount_target>("target")),
    alias(shows_text<MountEvent, mount_fstype>("fstype")),
    alias(shows_text<MountEvent, mount_target>("name")),
    alias(shows_number<MountEvent, mount_from_fd>("from_fd")),
    alias(shows_number<MountEvent, mount_to_fd>("to_fd")),
};
constexpr EventArgument kFsconfig[] = {
    shows_result<MountEvent, mount_result>(),       shows_number<MountEvent, mount_from_fd>("fd"),
    shows_number<MountEvent, mount_command>("cmd"), shows_text<MountEvent, mount_fstype>("type"),
    shows_text<MountEvent, mount_source>("source"),
};
constexpr EventArgument kNamespace[] = {
    shows_result<NamespaceEvent, ns_result>(),
    shows_number<NamespaceEvent, ns_fd>("fd"),
    shows_flags<NamespaceEvent, ns_flags, append_clone_flags>("flags"),
    alias(shows_flags<NamespaceEvent, ns_flags, append_clone_flags>("nstype")),
};
constexpr EventArgument kCgroup[] = {
    shows_text<CgroupEvent, cgroup_path>("path"),
    shows_number<CgroupEvent, cgroup_id>("id"),
    shows_number<CgroupEvent, cgroup_parent>("parent"),
};
constexpr EventArgument kCgroupAttach[] = {
    shows_number<CgroupEvent, cgroup_id>("id"),
    shows_number<CgroupEvent, cgroup_moved>("pid"),
};
constexpr EventArgument kSocket[] = {
    shows_text<SocketEvent, socket_name>("name"),
    shows_number<SocketEvent, socket_listener>("listener"),
    shows_number<SocketEvent, socket_connection>("connection"),
};
constexpr EventArgument kRequest[] = {
    shows_number<RequestEvent, request_connection>("connection"),
    shows_number<RequestEvent, request_offset>("offset"),
    shows_number<RequestEvent, request_length>("length"),
};
constexpr EventArgument kBurst[] = {
    shows_number<BurstEvent, burst_forks>("forks"),
    shows_number<BurstEvent, burst_live>("live"),
    shows_number<BurstEvent, burst_over>("over"),
};
constexpr EventArgument kFlood[] = {
    shows_text<FloodEvent, flood_kind>("kind"),
    shows_number<FloodEvent, flood_suppressed>("suppressed"),
    shows_number<FloodEvent, flood_over>("over"),
};
constexpr EventArgument kRing[] = {
    shows_number<RingEvent, ring_entries>("entries"),
    shows_number<RingEvent, ring_flags>("flags"),
};
constexpr EventArgument kSetting[] = {
    shows_text<SettingEvent, setting_name>("name"),
    shows_text<SettingEvent, setting_value>("value"),
};
constexpr EventArgument kBomb[] = {
    shows_text<ForkBombFinding, bomb_reason>("reason"),
    shows_number<ForkBombFinding, bomb_forks>("forks"),
    shows_number<ForkBombFinding, bomb_live>("live"),
};
constexpr EventArgument kGain[] = {
    shows_text<PrivilegeGainFinding, gain_way>("way"),
    shows_text<PrivilegeGainFinding, gain_caps>("caps"),
};
constexpr EventArgument kRuntimeRequest[] = {
    shows_text<RuntimeRequestFinding, api_method>("method"),
    shows_text<RuntimeRequestFinding, api_path>("path"),
    shows_text<RuntimeRequestFinding, api_danger>("danger"),
    shows_text<RuntimeRequestFinding, api_socket>("socket"),
};
constexpr EventArgument kNote[] = {
    shows_text<NoteFinding, note_what>("what"),
    shows_text<NoteFinding, note_detail>("detail"),
};
constexpr EventArgument kLoss[] = {{"lost", lost_counts}};

// Arguments of Falco's other events: rules that name them load, though those events are not produced here.
constexpr std::string_view kFalcoArguments[] = {
    // clang-format off
    "ID", "action", "addr", "arg", "arg2", "arg2_int", "arg2_str", "arg3", "arg4", "arg5", "args", "argument", "argv",
    "attr", "aux", "backlog", "cap_effective", "cap_inheritable", "cap_permitted", "cgroups", "clockid", "cmd", "comm",
    "container_id", "core", "cpu", "cpu_sys", "cpu_usr", "cputype", "cq_entries", "creat_flags", "cur", "cwd", "data",
    "desc", "description", "dev", "dir", "dirfd", "domain", "dpid", "dqb_bhardlimit", "dqb_bsoftlimit", "dqb_btime",
    "dqb_curspace", "dqb_ihardlimit", "dqb_isoftlimit", "dqb_itime", "dqi_bgrace", "dqi_flags", "dqi_igrace", "egid",
    "entries", "env", "error", "euid", "event", "event_data", "event_type", "exe", "exe_ino", "exe_ino_ctime",
    "exe_ino_mtime", "exe_ino_num", "exepath", "fd", "fd1", "fd2", "fd_in", "fd_out", "fd_type", "fdin", "fdlimit",
    "fdlist", "fdout", "fds", "features", "filename", "first", "flags", "gid", "home", "how", "id", "image", "img",
    "in_fd", "initval", "ino", "ino_num", "interval", "ip", "json", "key", "last", "len", "length", "level", "linkdirfd",
    "linkpath", "local_ip", "local_port", "loginuid", "mask", "max", "maxevents", "min_complete", "mnt_id", "mode",
    "mountfd", "msgcontrol", "name", "nativeID", "newcur", "newdir", "newdirfd", "newfd", "newmax", "newpath", "next",
    "nfds", "nr_args", "nsems", "nsops", "nstype", "off", "offin", "offout", "offset", "oldcur", "olddir", "olddirfd",
    "oldfd", "oldmax", "oldpath", "op", "opcode", "operation", "option", "optlen", "optname", "optval", "out_fd", "path",
    "pathname", "peer", "pgft_maj", "pgft_min", "pgid", "pgoffset", "pid", "pid_fd", "pidns_init_start_ts", "plugin_id",
    "pos", "ppid", "prot", "proto", "ptid", "queuelen", "queuemax", "queuepct", "quota_fmt", "quota_fmt_out",
    "quotafilepath", "ratio", "reaper_tid", "remote_ip", "remote_port", "request", "res", "res_or_fd", "resolve",
    "resource", "ret", "rgid", "root", "ruid", "scope", "sem_flg_0", "sem_flg_1", "sem_num_0", "sem_num_1", "sem_op_0",
    "sem_op_1", "semflg", "semid", "semnum", "sgid", "shell", "sid", "sig", "sigmask", "size", "sk_pointer", "sk_proto",
    "sk_type", "source", "special", "spid", "sq_entries", "sq_thread_cpu", "sq_thread_idle", "start_time", "status",
    "suid", "sun_path", "tags", "target", "target_fd", "tid", "timeout", "to_submit", "trusted_exepath", "tty", "tuple",
    "type", "uargs", "uid", "val", "value_bytebuf", "value_charbuf", "vm_rss", "vm_size", "vm_swap", "vpgid", "vpid",
    "vtgid", "vtid", "whence",
    // clang-format on
};

}  // namespace

std::span<const EventArgument> event_arguments(EventType type) {
  switch (type) {
    using enum EventType;
    case execve:
    case execveat: return kExec;
    case clone: return kFork;
    case procexit: return kExit;
    case setuid:
    case setgid:
    case setreuid:
    case setregid:
    case setresuid:
    case setresgid:
    case setfsuid:
    case setfsgid:
    case setgroups:
    case capset:
    case prctl:
    case keyctl:
    case credential_change: return kCredential;
    case capable: return kCapability;
    case fsconfig: return kFsconfig;
    case mount:
    case umount2:
    case pivot_root:
    case open_tree:
    case fsopen:
    case fsmount:
    case move_mount:
    case mount_setattr:
    case fspick: return kMount;
    case setns:
    case unshare: return kNamespace;
    case cgroup_mkdir:
    case cgroup_rmdir: return kCgroup;
    case cgroup_attach: return kCgroupAttach;
    case runtime_connect:
    case runtime_use:
    case runtime_hold:
    case runtime_listen: return kSocket;
    case runtime_bytes: return kRequest;
    case fork_burst: return kBurst;
    case critical_flood: return kFlood;
    case io_uring_setup: return kRing;
    case kernel_setting: return kSetting;
    case fork_bomb: return kBomb;
    case privilege_gain: return kGain;
    case runtime_request: return kRuntimeRequest;
    case events_lost: return kLoss;
    case nested_container:
    case container_crossing:
    case identity_conflict:
    case self_protection: return kNote;
    case unknown:
    case count_: break;
  }
  return {};
}

bool is_known_argument(std::string_view name) {
  if (std::ranges::find(kFalcoArguments, name) != std::end(kFalcoArguments)) return true;
  return std::ranges::any_of(event_types(), [&](const EventTypeInfo& info) {
    return std::ranges::any_of(event_arguments(info.type),
                               [&](const EventArgument& argument) { return argument.name == name; });
  });
}

}  // namespace hullwatch
