#include <algorithm>
#include <optional>

#include "event/kernel_names.h"
#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

constexpr uint32_t kOverlayMagic = 0x794c7630;
constexpr uint64_t kCapDacOverride = 1ULL << 1;

constexpr std::string_view kNoEnvironment = "needs the environment of processes, which is not recorded: it holds secrets";
constexpr std::string_view kNoDescriptors = "needs file-descriptor tracking";
constexpr std::string_view kNoAccounting = "needs resource usage of processes, which is not recorded";
constexpr std::string_view kNoProbes = "needs the health checks of containers and pods";

// --- what the event tells itself goes before what the tree tells ---

std::string_view own_args(Context c) {
  if (const auto* exec = c.event.get<ExecEvent>()) return exec->args;
  const Process* process = own_program(c);
  return process == nullptr ? std::string_view{} : process->args.view();
}

std::string_view own_exe_path(Context c) {
  if (const auto* exec = c.event.get<ExecEvent>()) return exec->exe_path;
  if (const Process* process = own_program(c)) return process->exe_path;
  // Another exec of the same file: its path still holds.
  const auto& header = c.event.header;
  if (c.process != nullptr && header.exe_ino != 0 && c.process->exe_ino == header.exe_ino &&
      c.process->exe_dev == header.exe_dev)
    return c.process->exe_path;
  return {};
}

template <auto Member>
Value process_number(Context c, Argument, Scratch) {
  return c.process == nullptr ? Value{} : number(c.process->*Member);
}
template <auto Member>
Value program_number(Context c, Argument, Scratch) {
  const Process* process = own_program(c);
  return process == nullptr ? Value{} : number(process->*Member);
}
template <auto Member>
Value program_time(Context c, Argument, Scratch) {
  const Process* process = own_program(c);
  return process == nullptr || process->*Member == 0 ? Value{} : number(process->*Member);
}

Value process_name(Context c, Argument, Scratch) {
  const auto comm = c.event.comm();
  return Value(comm.empty() ? kUnknown : comm);
}
Value process_exe(Context c, Argument, Scratch) { return text(first_argument(own_args(c))); }
Value process_exe_path(Context c, Argument, Scratch) { return text(own_exe_path(c)); }
/// Argument `index` of a NUL-separated vector, argv[0] not counted; empty behind the last.
std::string_view nth_argument(std::string_view args, int64_t index) {
  for (; index >= 0; --index) {
    const size_t end = args.find('\0');
    if (end == std::string_view::npos) return {};
    args.remove_prefix(end + 1);
  }
  return first_argument(args);
}
Value process_args(Context c, Argument argument, Scratch scratch) {
  const auto args = own_args(c);
  if (args.empty()) return {};
  if (argument != nullptr && argument->index >= 0) return text(nth_argument(args, argument->index));
  return built(scratch, [&](std::string& out) { append_arguments(out, args); });
}
// Of an unknown process what is known still shows: its comm.
Value process_command_line(Context c, Argument, Scratch scratch) {
  return built(scratch, [&](std::string& out) {
    out.append(c.event.comm().empty() ? kUnknown : c.event.comm());
    const size_t name = out.size();
    append_arguments(out, own_args(c));
    if (out.size() > name) out.insert(name, 1, ' ');
  });
}
Value process_exe_line(Context c, Argument, Scratch scratch) {
  const auto args = own_args(c);
  if (args.empty()) return {};
  return built(scratch, [&](std::string& out) {
    out.append(args);
    std::ranges::replace(out, '\0', ' ');
  });
}
Value argument_count(Context c, Argument, Scratch) {
  const auto args = own_args(c);
  return args.empty() ? Value{} : number(static_cast<uint64_t>(std::ranges::count(args, '\0')));
}
Value arguments_length(Context c, Argument, Scratch) {
  const auto args = own_args(c);
  return args.empty() ? Value{} : number(args.size() - std::min(args.size(), first_argument(args).size() + 1));
}
// Falco ends every directory with a slash, and published rules rely on it.
Value process_cwd(Context c, Argument, Scratch scratch) {
  const Process* process = own_program(c);
  if (process == nullptr || process->cwd.empty()) return {};
  return built(scratch, [&](std::string& out) {
    out.append(process->cwd);
    if (!out.ends_with('/')) out.push_back('/');
  });
}

Value process_id(Context c, Argument, Scratch) {
  const uint32_t pid = c.event.header.process.tgid;
  return pid == 0 ? Value{} : signed_number(pid);
}
Value process_vpid(Context c, Argument, Scratch) {
  return c.process == nullptr || c.process->ns_pid == 0 ? Value{} : signed_number(c.process->ns_pid);
}

Value since(uint64_t start_ns, uint64_t now_ns) {
  return start_ns == 0 || start_ns > now_ns ? Value{} : number(now_ns - start_ns);
}
Value process_duration(Context c, Argument, Scratch) { return since(c.event.header.process.start_ns, c.event.header.time_ns); }
std::optional<uint64_t> started_wall(Context c) {
  const uint64_t start = c.event.header.process.start_ns;
  if (start == 0 || start > c.event.header.time_ns) return std::nullopt;
  return c.wall_ns - (c.event.header.time_ns - start);
}
Value process_start(Context c, Argument, Scratch) {
  const auto start = started_wall(c);
  return start ? number(*start) : Value{};
}
// How old the file was when the process that runs it began.
Value exe_age_at_start(Context c, Argument, Scratch) {
  const Process* process = own_program(c);
  const auto start = started_wall(c);
  return process == nullptr || !start ? Value{} : since(process->exe_ctime_ns, *start);
}

// --- the executable ---

template <uint32_t Flag>
Value exe_has(Context c, Argument, Scratch) {
  if (const auto* exec = c.event.get<ExecEvent>()) return truth((exec->facts.exe_flags & Flag) != 0);
  if (const auto* credential = c.event.get<CredentialEvent>()) return truth((credential->facts.exe_flags & Flag) != 0);
  const Process* process = own_program(c);
  return process == nullptr ? Value{} : truth((process->exe_flags & Flag) != 0);
}
Value exe_lower_layer(Context c, Argument, Scratch) {
  return of<ExecEvent>(
      c, [](const ExecEvent& e) { return e.facts.exe_magic == kOverlayMagic && (e.facts.exe_flags & HW_EXE_UPPER) == 0; });
}
// As the kernel would decide for a write by the process itself.
Value exe_writable(Context c, Argument, Scratch) {
  return of<ExecEvent>(c, [](const ExecEvent& e) {
    const hw_exec& x = e.facts;
    if ((x.cred.cap_effective & kCapDacOverride) != 0) return true;
    if (x.exe_uid == x.cred.fsuid) return (x.exe_mode & 0200) != 0;
    if (x.exe_gid == x.cred.fsgid) return (x.exe_mode & 0020) != 0;
    return (x.exe_mode & 0002) != 0;
  });
}
Value exe_inode(Context c, Argument, Scratch) {
  return c.event.header.exe_ino == 0 ? Value{} : signed_number(static_cast<int64_t>(c.event.header.exe_ino));
}
Value exe_device(Context c, Argument, Scratch) {
  return c.event.header.exe_ino == 0 ? Value{} : number(c.event.header.exe_dev);
}

Value args_truncated(Context c, Argument, Scratch) {
  if (const auto* exec = c.event.get<ExecEvent>()) return truth(exec->args_truncated);
  const Process* process = own_program(c);
  return process == nullptr ? Value{} : truth(process->args_truncated);
}
Value args_tail(Context c, Argument, Scratch scratch) {
  const auto* exec = c.event.get<ExecEvent>();
  if (exec == nullptr || exec->args_tail.empty()) return {};
  return built(scratch, [&](std::string& out) {
    out.append(exec->args_tail);
    std::ranges::replace(out, '\0', ' ');
  });
}
Value args_hash(Context c, Argument, Scratch) {
  const auto* exec = c.event.get<ExecEvent>();
  return exec == nullptr || exec->facts.args_hashed == 0 ? Value{} : number(exec->facts.args_hash);
}
// Of the program that acts; what is missing was not looked at.
template <auto Member>
Value loader_variables(Context c, Argument, Scratch scratch) {
  const Process* process = own_program(c);
  if (process == nullptr || (process->env_flags & HW_ENV_SEEN) == 0) return {};
  return built(scratch, [&](std::string& out) { append_env_flags(out, process->*Member); });
}
Value environment_unread(Context c, Argument, Scratch) {
  const Process* process = own_program(c);
  if (process == nullptr || (process->env_flags & HW_ENV_SEEN) == 0) return {};
  return truth((process->env_flags & HW_ENV_UNREAD) != 0);
}
Value no_new_privileges(Context c, Argument, Scratch) {
  return c.process == nullptr ? Value{} : truth(c.process->no_new_privs);
}
Value seccomp_mode(Context c, Argument, Scratch) {
  constexpr std::string_view kModes[] = {"disabled", "strict", "filter"};
  return c.process == nullptr || c.process->seccomp > 2 ? Value{} : Value(kModes[c.process->seccomp]);
}
Value host_root(Context c, Argument, Scratch) { return truth(c.event.header.euid == 0 && c.event.header.process.tgid != 0); }
Value userns_level(Context c, Argument, Scratch) {
  const hw_cred* cred = own_credentials(c);
  return cred == nullptr ? Value{} : number(cred->userns_level);
}

// --- session and process group ---

template <auto Member>
Value leader_name(Context c, Argument, Scratch) {
  return c.process == nullptr ? Value{} : text(relative_with_pid(c, c.process->*Member).comm);
}
template <auto Member>
Value leader_exe(Context c, Argument, Scratch) {
  const Relative leader = c.process == nullptr ? Relative{} : relative_with_pid(c, c.process->*Member);
  return leader.process == nullptr ? Value{} : text(first_argument(leader.process->args));
}
template <auto Member>
Value leader_exe_path(Context c, Argument, Scratch) {
  const Relative leader = c.process == nullptr ? Relative{} : relative_with_pid(c, c.process->*Member);
  return leader.process == nullptr ? Value{} : text(leader.process->exe_path);
}
template <auto Member>
Value is_leader(Context c, Argument, Scratch) {
  return c.process == nullptr ? Value{} : truth(c.process->*Member == c.process->key.tgid);
}

constexpr auto kNone = Field::Argument::none;

// clang-format off
constexpr Field kFields[] = {
    {"proc.name", string, kNone, "Name of the process (comm) at the event; <NA> when not known", process_name},
    {"proc.exe", string, kNone, "argv[0], which the caller chooses freely", process_exe},
    {"proc.exepath", string, kNone, "Path of the executable as the kernel resolved it", process_exe_path},
    {"proc.args", string, Field::Argument::optional_index, "Arguments without argv[0], joined by spaces; with an index one of them, from 0", process_args},
    {"proc.cmdline", string, kNone, "proc.name and proc.args", process_command_line},
    {"proc.exeline", string, kNone, "proc.exe and proc.args", process_exe_line},
    {"proc.cmdnargs", unsigned_integer, kNone, "Number of arguments, argv[0] not counted", argument_count},
    {"proc.cmdlenargs", unsigned_integer, kNone, "Length of the arguments in bytes, argv[0] not counted", arguments_length},
    {"proc.args_truncated", boolean, kNone, "True when argv was longer than what is recorded", args_truncated},
    {"proc.args_total", unsigned_integer, kNone, "Length of the whole argv in bytes, recorded or not", program_number<&Process::args_total>},
    {"proc.args_tail", string, kNone, "The last bytes of an argv that was truncated; exec events only", args_tail},
    {"proc.args_hash", unsigned_integer, kNone, "Hash of an argv that was truncated, of at most its first 64 KiB; exec events only", args_hash},
    {"proc.loader_env", string, kNone, "Which variables of the dynamic loader the program was given: LD_PRELOAD, LD_AUDIT, LD_LIBRARY_PATH, GLIBC_TUNABLES; of containers' and of setuid programs", loader_variables<&Process::env_flags>},
    {"proc.loader_env_added", string, kNone, "Those of proc.loader_env that the program before it did not have: not the image's nor the runtime's", loader_variables<&Process::env_added>},
    {"proc.env_unread", boolean, kNone, "True when the environment was longer than what is looked through", environment_unread},
    {"proc.cwd", string, kNone, "Working directory at the exec, with a slash at the end", process_cwd},
    {"proc.pid", integer, kNone, "Process id", process_id},
    {"proc.vpid", integer, kNone, "Process id in its own pid namespace", process_vpid},
    {"proc.sid", integer, kNone, "Session id (host pid of the session's leader)", [](Context c, Argument, Scratch) { return c.process == nullptr ? Value{} : signed_number(c.process->sid); }},
    {"proc.sname", string, kNone, "Name of the session's leader, where it is an ancestor", leader_name<&Process::sid>},
    {"proc.sid.exe", string, kNone, "argv[0] of the session's leader", leader_exe<&Process::sid>},
    {"proc.sid.exepath", string, kNone, "Executable of the session's leader", leader_exe_path<&Process::sid>},
    {"proc.is_sid_leader", boolean, kNone, "True when the process leads its session", is_leader<&Process::sid>},
    {"proc.pgid", integer, kNone, "Process group (host pid of the group's leader)", [](Context c, Argument, Scratch) { return c.process == nullptr ? Value{} : signed_number(c.process->pgid); }},
    {"proc.vpgid.name", string, kNone, "Name of the process group's leader, where it is an ancestor", leader_name<&Process::pgid>},
    {"proc.vpgid.exe", string, kNone, "argv[0] of the process group's leader", leader_exe<&Process::pgid>},
    {"proc.vpgid.exepath", string, kNone, "Executable of the process group's leader", leader_exe_path<&Process::pgid>},
    {"proc.is_vpgid_leader", boolean, kNone, "True when the process leads its process group", is_leader<&Process::pgid>},
    {"proc.is_pgid_leader", boolean, kNone, "The same as proc.is_vpgid_leader", is_leader<&Process::pgid>},
    {"proc.pgid.name", string, kNone, "The same as proc.vpgid.name", leader_name<&Process::pgid>},
    {"proc.pgid.exe", string, kNone, "The same as proc.vpgid.exe", leader_exe<&Process::pgid>},
    {"proc.pgid.exepath", string, kNone, "The same as proc.vpgid.exepath", leader_exe_path<&Process::pgid>},
    {"proc.tty", unsigned_integer, kNone, "Device number of the controlling terminal, 0 without one", process_number<&Process::tty>},
    {"proc.duration", relative_time, kNone, "Nanoseconds since the process began", process_duration},
    {"proc.pid.ts", relative_time, kNone, "When the process began, in nanoseconds since the epoch", process_start},
    {"proc.is_exe_writable", boolean, kNone, "True when the process may write its own executable; exec events only", exe_writable},
    {"proc.is_exe_upper_layer", boolean, kNone, "True when the executable is in the writable layer of the container: it was not in the image", exe_has<HW_EXE_UPPER>},
    {"proc.is_exe_lower_layer", boolean, kNone, "True when the executable is in a read-only layer of an overlay; exec events only", exe_lower_layer},
    {"proc.is_exe_from_memfd", boolean, kNone, "True when the executable is an anonymous file in memory", exe_has<HW_EXE_MEMFD>},
    {"proc.is_exe_unlinked", boolean, kNone, "True when the executable has no name left", exe_has<HW_EXE_UNLINKED>},
    {"proc.is_exe_setuid", boolean, kNone, "True when the executable has the setuid bit", exe_has<HW_EXE_SETUID>},
    {"proc.is_exe_setgid", boolean, kNone, "True when the executable has the setgid bit", exe_has<HW_EXE_SETGID>},
    {"proc.is_exe_script", boolean, kNone, "True when a script was run: the executable is its interpreter", exe_has<HW_EXE_SCRIPT>},
    {"proc.is_exe_tmpfs", boolean, kNone, "True when the executable is on a tmpfs", exe_has<HW_EXE_TMPFS>},
    {"proc.is_exe_world_writable", boolean, kNone, "True when group or others may write the executable", exe_has<HW_EXE_WRITABLE>},
    {"proc.is_exe_not_roots", boolean, kNone, "True when the executable's owner is not root", exe_has<HW_EXE_NOT_ROOTS>},
    {"proc.exe_ino", integer, kNone, "Inode of the executable", exe_inode},
    {"proc.exe_dev", unsigned_integer, kNone, "Device of the executable, as the kernel numbers it", exe_device},
    {"proc.exe_ino.ctime", absolute_time, kNone, "Last status change of the executable's inode, nanoseconds since the epoch", program_time<&Process::exe_ctime_ns>},
    {"proc.exe_ino.mtime", absolute_time, kNone, "Last modification of the executable, nanoseconds since the epoch", program_time<&Process::exe_mtime_ns>},
    {"proc.exe_ino.ctime_duration_proc_start", absolute_time, kNone, "Nanoseconds between the last status change of the executable and the start of the process", exe_age_at_start},
    {"proc.no_new_privs", boolean, kNone, "True when exec cannot give the process new privileges", no_new_privileges},
    {"proc.seccomp", string, kNone, "Seccomp mode: disabled, strict or filter", seccomp_mode},
    {"proc.is_host_root", boolean, kNone, "True when the effective user is root of the node: uid 0 of the initial user namespace, container or not", host_root},
    {"proc.is_runtime_setup", boolean, kNone, "True while the process runs the container runtime's code: put into the container by the host, and no program of the container exec'ed yet", [](Context c, Argument, Scratch) -> Value { return (c.event.header.flags & HW_F_RUNTIME_SETUP) != 0; }},
    {"proc.userns_level", unsigned_integer, kNone, "Depth of the process's user namespace, 0 for the initial one", userns_level},
    {"proc.execs", unsigned_integer, kNone, "How many programs the process has been", [](Context c, Argument, Scratch) { return number(c.event.header.process.execs); }},

    {"proc.vpgid", integer, kNone, "Process group in the pid namespace of the process", nullptr, "needs the process group as its own pid namespace numbers it; proc.pgid is the host's"},
    {"proc.env", string, Field::Argument::optional_index, "Environment of the process", nullptr, kNoEnvironment},
    {"proc.nthreads", unsigned_integer, kNone, "Number of threads", nullptr, "needs events of threads, which are not recorded one by one"},
    {"proc.nchilds", unsigned_integer, kNone, "Number of threads besides the main one", nullptr, "needs events of threads, which are not recorded one by one"},
    {"proc.exe_ino.ctime_duration_pidns_start", absolute_time, kNone, "Age of the executable at the start of the pid namespace", nullptr, "needs the start of pid namespaces"},
    {"proc.pidns_init_start_ts", unsigned_integer, kNone, "Start of the pid namespace", nullptr, "needs the start of pid namespaces"},
    {"proc.fdopencount", unsigned_integer, kNone, "Number of open descriptors", nullptr, kNoDescriptors},
    {"proc.fdlimit", integer, kNone, "Limit of open descriptors", nullptr, kNoDescriptors},
    {"proc.fdusage", integer, kNone, "Share of the limit in use", nullptr, kNoDescriptors},
    {"proc.stdin.type", string, kNone, "Type of descriptor 0", nullptr, kNoDescriptors},
    {"proc.stdout.type", string, kNone, "Type of descriptor 1", nullptr, kNoDescriptors},
    {"proc.stderr.type", string, kNone, "Type of descriptor 2", nullptr, kNoDescriptors},
    {"proc.stdin.name", string, kNone, "Name of descriptor 0", nullptr, kNoDescriptors},
    {"proc.stdout.name", string, kNone, "Name of descriptor 1", nullptr, kNoDescriptors},
    {"proc.stderr.name", string, kNone, "Name of descriptor 2", nullptr, kNoDescriptors},
    {"proc.vmsize", unsigned_integer, kNone, "Virtual memory in KiB", nullptr, kNoAccounting},
    {"proc.vmrss", unsigned_integer, kNone, "Resident memory in KiB", nullptr, kNoAccounting},
    {"proc.vmswap", unsigned_integer, kNone, "Swapped memory in KiB", nullptr, kNoAccounting},
    {"proc.is_container_healthcheck", boolean, kNone, "True for a health check of the container", nullptr, kNoProbes},
    {"proc.is_container_liveness_probe", boolean, kNone, "True for a liveness probe of the pod", nullptr, kNoProbes},
    {"proc.is_container_readiness_probe", boolean, kNone, "True for a readiness probe of the pod", nullptr, kNoProbes},
};
// clang-format on

}  // namespace

std::span<const Field> process_fields() { return kFields; }

}  // namespace hullwatch::field
