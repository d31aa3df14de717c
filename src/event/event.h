#pragma once
// One thing that happened, as user space sees it. An Event is a view: its strings point into the record it was decoded from
// and into the decoder's scratch, and are valid until the next decode. Passive data, evaluator thread only.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hullwatch/wire.h"

namespace hullwatch {

/// What rules call `evt.type`. Names and groups are in event_type.cpp, the one table behind `hullwatch events`.
// clang-format off
enum class EventType : uint8_t {
  unknown,
  execve, execveat,
  clone,      // fork, vfork, clone, clone3: a new process
  procexit,
  setuid, setgid, setreuid, setregid, setresuid, setresgid, setfsuid, setfsgid, setgroups, capset, prctl, keyctl,
  credential_change,  // a change whose call is not known, or that no call explains
  capable,
  mount, umount2, pivot_root, open_tree, fsopen, fsconfig, fsmount, move_mount, mount_setattr, fspick,
  setns, unshare,
  cgroup_mkdir, cgroup_rmdir, cgroup_attach,
  // Contact with a runtime's socket; bytes of a request, before parsing; a TCP listener that may become one.
  runtime_connect, runtime_use, runtime_hold, runtime_listen, runtime_bytes,
  fork_burst, critical_flood, io_uring_setup,
  kernel_setting,  // a write below /proc/sys, or to a cgroup's release_agent
  // Findings, made by detectors (src/detect) from the above:
  fork_bomb, privilege_gain, runtime_request, nested_container, container_crossing, identity_conflict,
  // Made by hullwatch about itself:
  events_lost, self_protection,
  count_,
};
// clang-format on

struct ExecEvent {
  hw_exec facts;
  std::string_view filename;
  std::string_view exe_path;  // assembled, absolute; "memfd:x" and the like stand as they are
  std::string_view cwd;
  std::string_view args;  // NUL separated, argv[0] first; no NUL after the last
  bool args_truncated;
  std::string_view args_tail;  // the last bytes of a truncated argv, from amid an argument
};
struct ForkEvent {
  hw_fork facts;
};
struct ExitEvent {
  hw_exit facts;
};
struct CredentialEvent {
  hw_credential facts;
};
struct CapabilityEvent {
  hw_capability facts;
};
struct MountEvent {
  hw_mount facts;
  std::string_view source, target, fstype, data;
  std::string_view resolved_target, resolved_source;  // empty where the provider cannot see them
};
struct NamespaceEvent {
  hw_namespace facts;
};
struct CgroupEvent {
  hw_cgroup facts;
  std::string_view path;  // mkdir only, from the hierarchy's root: "/docker/<id>"
};
struct SocketEvent {
  hw_socket facts;
  std::string_view name;  // as bound; abstract names begin with '@'; of TCP "tcp:2375"
};
struct RequestEvent {
  hw_request facts;
  std::string_view bytes;
};
struct BurstEvent {
  hw_burst facts;
};
struct FloodEvent {
  hw_flood facts;
};
struct RingEvent {
  hw_io_uring facts;
};
struct SettingEvent {
  hw_setting facts;
  std::string_view name;   // "kernel/core_pattern", "release_agent"
  std::string_view value;  // as it was written, up to a NUL and less the white space at its end; may have been cut
};

/// A container, or the host, that made many of the records of which some were lost.
struct LossProducer {
  uint64_t home = 0;
  std::string name;             // of the container: its name, else its id
  uint64_t made = 0, lost = 0;  // records for the ring that lost some, since the last such event
};

/// Records lost since the last such event, by kind; made by the daemon from the kernel's counters.
struct LossEvent {
  uint64_t lost[HW_KIND_MAX];
  bool critical;
  std::vector<LossProducer> producers{};  // the largest first, a few of them; of critical records where some were lost

  /// "web made 800 and lost 120, host made 3 and lost 0"
  [[nodiscard]] std::string producers_text() const;
};

// --- findings: what detectors conclude. They own their strings: made rarely. ---

struct ForkBombFinding {
  bool over = false;   // the end record, with totals
  std::string reason;  // "growth", "slow_growth", "near_limit", "failed_forks", "split"
  uint64_t forks = 0, exits = 0, execs = 0, failed_forks = 0, creators = 0;
  uint64_t containers = 1;  // "split": so many together
  int64_t live = 0;
  int64_t pids_max = -1;  // -1: no limit, or not readable
  double forks_per_second = 0;
  uint64_t duration_ns = 0;  // since the burst began
};

struct PrivilegeGainFinding {
  hw_cred before, after;
  std::string way;  // "setuid_file", "file_capabilities", "setid", "capset", "userns", "setns", "fork", "unexplained", "late"
  bool explained = true;    // false: no legal sequence of calls leads from before to after
  bool regained = false;    // the process dropped this privilege itself and took it back (su, sudo, sshd toggles)
  bool to_root = false;     // relative to the container's own user namespace
  std::string gained_caps;  // "CAP_SYS_ADMIN CAP_NET_RAW"
};

struct RuntimeRequestFinding {
  std::string runtime;   // "docker", "containerd", "crio", "podman", "buildkit", "kubelet", "unknown"
  std::string socket;    // name the listener was bound to
  bool readable = true;  // false: judged as the worst
  std::string danger;    // "contact", "read", "manage", "critical"
  std::string method, path, version, action, target;
  std::string image, binds, pid_mode, network_mode, cap_add, command, security_opt, reasons;
  bool privileged = false;
  bool allowed = false;  // lowered by runtime_socket.allow
  std::string allow_reason;
  bool runtime_component = false;
  std::string protocol;       // "http", "grpc", "ttrpc", "tls"; empty for a contact without a request
  std::string address;        // of a client over TCP: "10.0.0.7:40112"
  bool remote = false;        // nobody on this node is known to have made the connection
  bool inherited = false;     // the process uses, or holds, a connection that another program made
  uint32_t opener_pid = 0;    // which
  std::string opener_name;    // empty: gone before it could be seen
  uint64_t opener_home = 0;   // its container, 0: the host
  bool opener_known = false;  // opener_name and opener_home mean something
};

/// nested_container, container_crossing, identity_conflict, self_protection: what was concluded, in words.
struct NoteFinding {
  std::string what;    // one word or two, for rules to compare
  std::string detail;  // for a person
  bool over = false;   // what was wrong is right again
};

using EventBody =
    std::variant<std::monostate, ExecEvent, ForkEvent, ExitEvent, CredentialEvent, CapabilityEvent, MountEvent, NamespaceEvent,
                 CgroupEvent, SocketEvent, RequestEvent, BurstEvent, FloodEvent, RingEvent, SettingEvent, LossEvent,
                 ForkBombFinding, PrivilegeGainFinding, RuntimeRequestFinding, NoteFinding>;

struct Event {
  EventType type = EventType::unknown;
  hw_header header{};
  /// Ancestors the record itself carried, nearest first; null for bulk records.
  const hw_ancestor* ancestors = nullptr;
  EventBody body;

  template <typename T>
  [[nodiscard]] const T* get() const {
    return std::get_if<T>(&body);
  }
  [[nodiscard]] std::string_view comm() const { return {header.comm, strnlen_comm(header.comm)}; }
  [[nodiscard]] bool in_container() const { return header.home != 0; }

 private:
  static size_t strnlen_comm(const char* s) {
    size_t n = 0;
    while (n < HW_COMM_LEN && s[n] != '\0') ++n;
    return n;
  }
};

}  // namespace hullwatch
