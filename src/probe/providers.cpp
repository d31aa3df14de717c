#include "probe/providers.h"

#include <array>

namespace hullwatch {
namespace {

using K = Hook::Kind;

constexpr std::array kProcessKinds = {HW_EXEC, HW_FORK, HW_EXIT};
constexpr std::array kCgroupKinds = {HW_CGROUP};
constexpr std::array kCredentialKinds = {HW_CREDENTIAL};
constexpr std::array kCapabilityKinds = {HW_CAPABILITY};
constexpr std::array kMountKinds = {HW_MOUNT};
constexpr std::array kNamespaceKinds = {HW_NAMESPACE};
constexpr std::array kRingKinds = {HW_IO_URING};
constexpr std::array kSettingKinds = {HW_SETTING};
constexpr std::array kSocketKinds = {HW_SOCKET, HW_REQUEST};

constexpr std::array kObservations = {
    Observation{"process", true, kProcessKinds,
                "exec, fork and exit of every process, with the program, arguments and identity"},
    Observation{"cgroup", true, kCgroupKinds,
                "cgroups made and removed, tasks moved between them: which container a process is in"},
    Observation{"credential", true, kCredentialKinds,
                "ids and capability sets before and after each change, and the way it came"},
    Observation{"capability", false, kCapabilityKinds, "first use of each capability in each container, and refusals"},
    Observation{"mount", true, kMountKinds, "calls of the old and the new mount API, with their outcome"},
    Observation{"namespace", false, kNamespaceKinds, "setns and unshare, with namespaces before and after"},
    Observation{"runtime_socket", true, kSocketKinds,
                "connections to runtimes' sockets by identity, and the requests sent over them"},
    Observation{"io_uring", false, kRingKinds, "the first io_uring of each container"},
    Observation{"kernel_setting", false, kSettingKinds,
                "writes of the kernel's settings: below /proc/sys, and a cgroup's release_agent"},
};

constexpr std::array<std::string_view, 6> kProcessPrograms = {
    "process_fork", "process_exec", "process_exit", "process_fork_relief", "process_exec_relief", "process_exit_relief"};
constexpr std::array kProcessHooks = {Hook{K::tp_btf, "sched_process_fork", 2}, Hook{K::tp_btf, "sched_process_exec", 3},
                                      Hook{K::tp_btf, "sched_process_exit", 1}};

constexpr std::array<std::string_view, 3> kCgroupPrograms = {"cgroup_mkdir", "cgroup_rmdir", "cgroup_attach"};
constexpr std::array kCgroupHooks = {Hook{K::tp_btf, "cgroup_mkdir", 2}, Hook{K::tp_btf, "cgroup_rmdir", 2},
                                     Hook{K::tp_btf, "cgroup_attach_task", 4}};

constexpr std::array<std::string_view, 1> kRingPrograms = {"io_uring_create"};
constexpr std::array kRingHooks = {Hook{K::tp_btf, "io_uring_create", 5}};

constexpr std::array<std::string_view, 2> kReturnSettingPrograms = {"fexit_proc_sys_write", "fexit_release_agent_write"};
constexpr std::array kReturnSettingHooks = {Hook{K::fexit, "proc_sys_write"}, Hook{K::fexit, "cgroup_release_agent_write"}};
constexpr std::array<std::string_view, 2> kQuietSettingPrograms = {"quiet_sysctl", "quiet_cap_capable"};
constexpr std::array kQuietSettingHooks = {Hook{K::cgroup_sysctl, "cgroup/sysctl"}, Hook{K::tp_btf, "cap_capable", 5}};

constexpr std::array<std::string_view, 8> kLsmCredentialPrograms = {
    "credential_fork", "credential_prepare_exec", "credential_exec", "fexit_commit_creds", "lsm_use_exec",
    "lsm_use_open",    "lsm_use_connect",         "lsm_use_kill"};
constexpr std::array kLsmCredentialHooks = {Hook{K::fexit, "commit_creds"}, Hook{K::lsm, "bprm_creds_for_exec"},
                                            Hook{K::lsm, "file_open"}, Hook{K::lsm, "socket_connect"},
                                            Hook{K::lsm, "task_kill"}};
constexpr std::array<std::string_view, 8> kReturnCredentialPrograms = {
    "credential_fork", "credential_prepare_exec", "credential_exec",    "fexit_commit_creds",
    "fentry_use_exec", "fentry_use_open",         "fentry_use_connect", "fentry_use_kill"};
constexpr std::array kReturnCredentialHooks = {
    Hook{K::fexit, "commit_creds"}, Hook{K::fentry, "security_bprm_creds_for_exec"}, Hook{K::fentry, "security_file_open"},
    Hook{K::fentry, "security_socket_connect"}, Hook{K::fentry, "security_task_kill"}};

constexpr std::array<std::string_view, 5> kQuietCredentialPrograms = {
    "credential_fork", "credential_prepare_exec", "credential_exec", "quiet_cap_capable", "quiet_proc_connector"};
constexpr std::array kQuietCredentialHooks = {Hook{K::tp_btf, "cap_capable", 5}, Hook{K::proc_connector, "proc connector"}};
constexpr std::array<std::string_view, 4> kUseCredentialPrograms = {"credential_fork", "credential_prepare_exec",
                                                                    "credential_exec", "quiet_cap_capable"};
constexpr std::array<std::string_view, 3> kExecCredentialPrograms = {"credential_fork", "credential_prepare_exec",
                                                                     "credential_exec"};

constexpr std::array<std::string_view, 1> kDispatchPrograms = {"dispatch_sys_exit"};
constexpr std::array<std::string_view, 4> kDispatchCredentialPrograms = {"credential_fork", "credential_prepare_exec",
                                                                         "credential_exec", "dispatch_sys_exit"};
constexpr std::array kDispatchHooks = {Hook{K::tp_btf, "sys_exit", 2}};
constexpr std::array<std::string_view, 5> kDispatchSocketPrograms = {"dispatch_sys_exit", "quiet_skb_copy",
                                                                     "quiet_skb_copy_old", "socket_held_at_exec", "tcp_state"};
constexpr std::array kDispatchSocketHooks = {Hook{K::tp_btf, "sys_exit", 2}, Hook{K::tp_btf, "skb_copy_datagram_iovec", 2}};

constexpr std::array<std::string_view, 1> kCapablePrograms = {"quiet_cap_capable"};
constexpr std::array kCapableHooks = {Hook{K::tp_btf, "cap_capable", 5}};
constexpr std::array<std::string_view, 1> kReturnCapablePrograms = {"fexit_cap_capable"};
constexpr std::array kReturnCapableHooks = {Hook{K::fexit, "cap_capable"}};
constexpr std::array kCapableOutcomeHooks = {
    Hook{K::tp_btf, "cap_capable", 5}, Hook{K::kfunc, "bpf_task_work_schedule_resume_impl|bpf_task_work_schedule_resume"}};

#if defined(__x86_64__)
#define ENTRY "__x64_sys_"
#else
#define ENTRY "__arm64_sys_"
#endif
constexpr std::array<std::string_view, 25> kReturnMountPrograms = {"fexit_path_mount",
                                                                   "fentry_path_umount",
                                                                   "fexit_path_umount",
                                                                   "fentry_move_mount",
                                                                   "fentry_pivot_root",
                                                                   "fexit_pivot_root",
                                                                   "fexit_open_tree",
                                                                   "fexit_open_tree_attr",
                                                                   "fexit_fsopen",
                                                                   "fexit_fsconfig",
                                                                   "fentry_fsmount",
                                                                   "fexit_fsmount",
                                                                   "fexit_fspick",
                                                                   "fexit_move_mount",
                                                                   "fexit_mount_setattr",
                                                                   "fexit_ia32_pivot_root",
                                                                   "fexit_ia32_open_tree",
                                                                   "fexit_ia32_fsopen",
                                                                   "fexit_ia32_fsconfig",
                                                                   "fentry_ia32_fsmount",
                                                                   "fexit_ia32_fsmount",
                                                                   "fexit_ia32_open_tree_attr",
                                                                   "fexit_ia32_fspick",
                                                                   "fexit_ia32_move_mount",
                                                                   "fexit_ia32_mount_setattr"};
constexpr std::array kReturnMountHooks = {Hook{K::fexit, "path_mount"},           Hook{K::fexit, "path_umount"},
                                          Hook{K::fexit, ENTRY "fsmount"},        Hook{K::fexit, ENTRY "move_mount"},
                                          Hook{K::fentry, "security_move_mount"}, Hook{K::fentry, "security_sb_pivotroot"}};
constexpr std::array<std::string_view, 4> kLsmMountPrograms = {"lsm_sb_mount", "lsm_sb_umount", "lsm_move_mount",
                                                               "lsm_sb_pivotroot"};
constexpr std::array kLsmMountHooks = {Hook{K::lsm, "sb_mount"}, Hook{K::lsm, "sb_umount"}, Hook{K::lsm, "move_mount"},
                                       Hook{K::lsm, "sb_pivotroot"}};

constexpr std::array<std::string_view, 8> kCallNamespacePrograms = {
    "fentry_unshare",      "fexit_unshare",      "fentry_setns",      "fexit_setns",
    "fentry_ia32_unshare", "fexit_ia32_unshare", "fentry_ia32_setns", "fexit_ia32_setns"};
constexpr std::array kCallNamespaceHooks = {Hook{K::fexit, ENTRY "unshare"}, Hook{K::fexit, ENTRY "setns"}};

constexpr std::array<std::string_view, 8> kLsmSocketPrograms = {
    "lsm_unix_stream_connect", "lsm_unix_may_send",  "lsm_file_receive",    "quiet_sk_data_ready",
    "quiet_skb_copy",          "quiet_skb_copy_old", "socket_held_at_exec", "tcp_state"};
constexpr std::array kLsmSocketHooks = {Hook{K::lsm, "unix_stream_connect"}, Hook{K::tp_btf, "skb_copy_datagram_iovec", 2},
                                        Hook{K::tp_btf, "sk_data_ready", 1}};
constexpr std::array<std::string_view, 8> kFentrySocketPrograms = {"fentry_unix_stream_connect",
                                                                   "fentry_unix_may_send",
                                                                   "fentry_file_receive",
                                                                   "quiet_sk_data_ready",
                                                                   "quiet_skb_copy",
                                                                   "quiet_skb_copy_old",
                                                                   "socket_held_at_exec",
                                                                   "tcp_state"};
constexpr std::array kFentrySocketHooks = {Hook{K::fentry, "security_unix_stream_connect"},
                                           Hook{K::tp_btf, "skb_copy_datagram_iovec", 2}, Hook{K::tp_btf, "sk_data_ready", 1}};
/// Without the tracepoint where data wakes a reader, its last one, nobody is there when a client writes.
constexpr std::span<const Hook> kLsmReadHooks = std::span(kLsmSocketHooks).first<2>();
constexpr std::span<const Hook> kFentryReadHooks = std::span(kFentrySocketHooks).first<2>();
constexpr std::array<std::string_view, 4> kQuietSocketPrograms = {"quiet_sk_data_ready", "quiet_skb_copy",
                                                                  "socket_held_at_exec", "tcp_state"};
constexpr std::array kQuietSocketHooks = {Hook{K::tp_btf, "sk_data_ready", 1}, Hook{K::tp_btf, "skb_copy_datagram_iovec", 2}};

/// Of credentials, where each use is looked at.
constexpr std::string_view kUnusedOverwrites =
    "credentials overwritten in memory, until they are used: at once for what files ask for (effective and file-system ids, "
    "effective capabilities) when a file is opened; for the rest at the next exec, fork, connect, signal or capability check";

#define HW_UNSEEN_OF_SOCKETS                                                                                            \
  "what a runtime takes by splice; contents of datagrams; pages a client sent by sendfile or splice and changes while " \
  "they are read; descriptors above 63 that a container's program is started with; over TCP: what TLS hides, who uses " \
  "a connection that another made, who is behind a translated address"
constexpr std::string_view kUnseenOfSockets = HW_UNSEEN_OF_SOCKETS;
constexpr std::string_view kUnseenOfReads = HW_UNSEEN_OF_SOCKETS
    "; who uses a connection that another process opened, whose requests are told as the opener's; bytes "
    "in page fragments (TCP, sendfile, large writes), which are told as unreadable and judged as the worst";

constexpr std::array<std::string_view, 2> kResolvedMounts = {"mount.resolved", "mount.resolved_source"};
/// The hooks come before the outcome, have only resolved paths, and none is of the calls with descriptors and options.
constexpr std::array<std::string_view, 10> kMountCalls = {
    "mount.target",        "mount.result", "mount.command", "mount.from_fd", "mount.to_fd",
    "mount.cleared_flags", "evt.res",      "evt.rawres",    "evt.failed",    "evt.count.error"};
constexpr std::array<std::string_view, 1> kRefusals = {"capability.granted"};
constexpr std::array<std::string_view, 5> kSettingOutcomes = {"setting.result", "evt.res", "evt.rawres", "evt.failed",
                                                              "evt.count.error"};
constexpr std::array<std::string_view, 1> kNamespacesBefore = {"ns.changed"};

constexpr std::array kProviders = {
    Provider{"process", HW_BY_ALWAYS, "tp_btf/sched_process_{fork,exec,exit}", kProcessPrograms, kProcessHooks, true,
             "type information (BTF)", ""},
    Provider{"cgroup", HW_BY_ALWAYS, "tp_btf/cgroup_{mkdir,rmdir,attach_task}", kCgroupPrograms, kCgroupHooks, true,
             "type information (BTF)", "a cgroup that is renamed (v1 only)"},

    Provider{"credential", HW_BY_LSM, "fexit/commit_creds, lsm/{bprm_creds_for_exec,file_open,socket_connect,task_kill}",
             kLsmCredentialPrograms, kLsmCredentialHooks, true,
             "\"bpf\" among the active LSMs, and fexit on commit_creds (CONFIG_DEBUG_INFO_BTF, CONFIG_FUNCTION_TRACER)",
             kUnusedOverwrites},
    Provider{"credential", HW_BY_FENTRY,
             "fexit/commit_creds, fentry/security_{bprm_creds_for_exec,file_open,socket_connect,task_kill}",
             kReturnCredentialPrograms, kReturnCredentialHooks, true,
             "fentry and fexit (CONFIG_DEBUG_INFO_BTF, CONFIG_FUNCTION_TRACER; no lockdown)", kUnusedOverwrites},
    Provider{"credential", HW_BY_QUIET, "socket/proc connector, tp_btf/cap_capable", kQuietCredentialPrograms,
             kQuietCredentialHooks, true,
             "cap_capable tracepoint (6.17), CAP_NET_ADMIN in the initial network namespace, CONFIG_PROC_EVENTS",
             "unshare(CLONE_NEWUSER), keyctl, ambient capabilities and in-place overwrites, until the next capability check, "
             "fork or exec"},
    Provider{
        "credential", HW_BY_QUIET, "tp_btf/cap_capable", kUseCredentialPrograms, kCapableHooks, true,
        "cap_capable tracepoint (6.17)",
        "a return to a saved id by an unprivileged process (it asks for no capability), until its next check, fork or exec"},
    Provider{"credential", HW_BY_DISPATCH, "tp_btf/sys_exit, tp_btf/sched_process_{fork,exec}", kDispatchCredentialPrograms,
             kDispatchHooks, true, "type information (BTF); costs every system call",
             "credentials overwritten in memory, until the next exec, fork or call that may change them; commits by io_uring"},
    Provider{"credential", HW_BY_ALWAYS, "tp_btf/sched_process_{fork,exec}", kExecCredentialPrograms, kProcessHooks, true,
             "type information (BTF)", "every change between two execs or forks, until the next of them"},

    Provider{"capability", HW_BY_QUIET, "tp_btf/cap_capable", kCapablePrograms, kCapableHooks, true,
             "cap_capable tracepoint (6.17)",
             "CAP_SYS_ADMIN checks made to account memory (dropped: they are most of all checks)"},
    Provider{"capability", HW_BY_FENTRY, "fexit/cap_capable", kReturnCapablePrograms, kReturnCapableHooks, true,
             "fexit on cap_capable (CONFIG_DEBUG_INFO_BTF, CONFIG_FUNCTION_TRACER; no lockdown)",
             "CAP_SYS_ADMIN checks made to account memory (dropped: they are most of all checks)"},
    Provider{
        "capability", HW_BY_DISPATCH, "tp_btf/sys_exit of calls that need one", kDispatchPrograms, kDispatchHooks, true,
        "type information (BTF); costs every system call",
        "refusals; capabilities used otherwise than for modules, reboot and kexec, ports (iopl, ioperm), the system's clock, "
        "bpf programs, the kernel's log, files by handle, mounts and swap; calls whose arguments in memory are changed while "
        "they run; calls by io_uring",
        kRefusals},

    Provider{"mount", HW_BY_FENTRY,
             "fexit/path_{mount,umount}, fexit on the other calls, fentry/security_{move_mount,sb_pivotroot}",
             kReturnMountPrograms, kReturnMountHooks, true,
             "fexit on path_mount (CONFIG_DEBUG_INFO_BTF, CONFIG_FUNCTION_TRACER; no lockdown)",
             "resolved targets of mount_setattr, open_tree and fspick; fsconfig's single options; open_tree without "
             "OPEN_TREE_CLONE"},
    Provider{"mount", HW_BY_LSM, "lsm/{sb_mount,sb_umount,move_mount,sb_pivotroot}", kLsmMountPrograms, kLsmMountHooks, false,
             "\"bpf\" among the active LSMs",
             "outcomes; calls refused before the hook; fsopen, fsconfig, fsmount, fspick, open_tree and mount_setattr",
             kMountCalls},
    Provider{"mount", HW_BY_QUIET, "tp_btf/cap_capable with task work", kCapablePrograms, kCapableOutcomeHooks, true,
             "cap_capable tracepoint and bpf_task_work (6.18)",
             "resolved targets; fsconfig's single options; open_tree without OPEN_TREE_CLONE; calls that fail before the check",
             kResolvedMounts},

    Provider{"mount", HW_BY_DISPATCH, "tp_btf/sys_exit", kDispatchPrograms, kDispatchHooks, true,
             "type information (BTF); costs every system call",
             "resolved targets; type and source of what fsmount mounts; fsconfig's single options; open_tree without "
             "OPEN_TREE_CLONE",
             kResolvedMounts},

    Provider{"namespace", HW_BY_FENTRY, "fentry and fexit on unshare and setns", kCallNamespacePrograms, kCallNamespaceHooks,
             true, "fexit on system calls' functions (CONFIG_DEBUG_INFO_BTF, CONFIG_FUNCTION_TRACER; no lockdown)", ""},
    Provider{"namespace", HW_BY_QUIET, "tp_btf/cap_capable with task work", kCapablePrograms, kCapableOutcomeHooks, true,
             "cap_capable tracepoint and bpf_task_work (6.18)",
             "unshare(CLONE_NEWUSER) alone: found as a credential change at the next check, fork or exec"},

    Provider{"namespace", HW_BY_DISPATCH, "tp_btf/sys_exit", kDispatchPrograms, kDispatchHooks, true,
             "type information (BTF); costs every system call", "the namespaces before a call", kNamespacesBefore},

    Provider{"runtime_socket", HW_BY_LSM, "lsm/unix_stream_connect, tp_btf/sk_data_ready, tp_btf/skb_copy_datagram_iovec",
             kLsmSocketPrograms, kLsmSocketHooks, true, "\"bpf\" among the active LSMs, sk_data_ready tracepoint",
             kUnseenOfSockets},
    Provider{"runtime_socket", HW_BY_LSM, "lsm/unix_stream_connect, tp_btf/skb_copy_datagram_iovec", kLsmSocketPrograms,
             kLsmReadHooks, true, "\"bpf\" among the active LSMs", kUnseenOfReads},
    Provider{"runtime_socket", HW_BY_FENTRY,
             "fentry/security_unix_stream_connect, tp_btf/sk_data_ready, tp_btf/skb_copy_datagram_iovec", kFentrySocketPrograms,
             kFentrySocketHooks, true, "fentry on security_unix_stream_connect, sk_data_ready tracepoint", kUnseenOfSockets},
    Provider{"runtime_socket", HW_BY_FENTRY, "fentry/security_unix_stream_connect, tp_btf/skb_copy_datagram_iovec",
             kFentrySocketPrograms, kFentryReadHooks, true, "fentry on security_unix_stream_connect", kUnseenOfReads},
    Provider{"runtime_socket", HW_BY_QUIET, "tp_btf/sk_data_ready, tp_btf/skb_copy_datagram_iovec", kQuietSocketPrograms,
             kQuietSocketHooks, true, "sk_data_ready tracepoint (6.12)",
             HW_UNSEEN_OF_SOCKETS "; a descriptor received by SCM_RIGHTS or pidfd_getfd, until it is used or its holder execs; "
                                  "connections that fail"},
    Provider{
        "runtime_socket", HW_BY_DISPATCH, "tp_btf/sys_exit, tp_btf/skb_copy_datagram_iovec", kDispatchSocketPrograms,
        kDispatchSocketHooks, true, "type information (BTF); costs every system call",
        HW_UNSEEN_OF_SOCKETS
        "; a descriptor received by SCM_RIGHTS, until it is used or its holder execs; connections that fail; datagrams sent "
        "to an address; connections made by io_uring, until they are used; what is written by io_uring, over a descriptor "
        "that another thread replaces during the call, or is read before the writing call is over, which is told as the "
        "opener's or as its last writer's; bytes in page fragments below 6.4 (TCP, sendfile, large writes), which are told "
        "as unreadable and judged as the worst"},

    Provider{"io_uring", HW_BY_ALWAYS, "tp_btf/io_uring_create", kRingPrograms, kRingHooks, true,
             "CONFIG_IO_URING, type information (BTF)",
             "what is asked through a ring, other than by the observations it passes"},

    Provider{"kernel_setting", HW_BY_FENTRY, "fexit/{proc_sys_write,cgroup_release_agent_write}", kReturnSettingPrograms,
             kReturnSettingHooks, true, "fexit on proc_sys_write (CONFIG_DEBUG_INFO_BTF, CONFIG_FUNCTION_TRACER; no lockdown)",
             "values written by splice or sendfile; the first pieces of one written by writev"},
    Provider{"kernel_setting", HW_BY_QUIET, "cgroup/sysctl, tp_btf/cap_capable", kQuietSettingPrograms, kQuietSettingHooks,
             false,
             "a mounted cgroup v2 hierarchy, whose root is shown; cgroup/sysctl programs with task storage (6.16), cap_capable "
             "tracepoint (6.17)",
             "outcomes; settings refused for lack of permission; release_agent written by io_uring or over a descriptor that "
             "another thread replaces meanwhile, and its value where it was not given by write or pwrite",
             kSettingOutcomes},
};

constexpr std::array<std::string_view, 3> kNotObserved = {
    "files that are opened or written, but for the kernel's settings: the node's files on a shared mount, those by which "
    "sysfs, "
    "binfmt_misc and debugfs change the kernel",
    "libraries and code that a program loads after its exec",
    "names a process gives itself after its exec (PR_SET_NAME is shown as the process's name, next to the executable)",
};

}  // namespace

std::span<const Observation> observations() { return kObservations; }
std::span<const Provider> providers() { return kProviders; }
std::span<const std::string_view> not_observed() { return kNotObserved; }

std::string_view tier_name(hw_provider tier) {
  switch (tier) {
    case HW_BY_ALWAYS: return "always";
    case HW_BY_QUIET: return "T3 quiet";
    case HW_BY_LSM: return "T1 lsm";
    case HW_BY_FENTRY: return "T2 fentry";
    case HW_BY_KPROBE: return "T2 kprobe";
    case HW_BY_DISPATCH: return "T4 dispatch";
    case HW_BY_ITERATOR: return "iterator";
    case HW_PROVIDER_MAX: break;
  }
  return "unknown";
}

}  // namespace hullwatch
