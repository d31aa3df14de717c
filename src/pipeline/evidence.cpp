#include "pipeline/evidence.h"

#include "event/decode.h"
#include "event/kernel_names.h"

namespace hullwatch {
namespace {

class Writer {
 public:
  explicit Writer(Evidence& out) : out_(out) {}

  void text(const char* name, std::string_view value) {
    if (!value.empty()) out_.emplace_back(name, std::string(value));
  }
  void number(const char* name, uint64_t value) { out_.emplace_back(name, value); }
  void signed_number(const char* name, int64_t value) { out_.emplace_back(name, value); }
  void truth(const char* name, bool value) { out_.emplace_back(name, value); }
  void real(const char* name, double value) { out_.emplace_back(name, value); }

 private:
  Evidence& out_;
};

void credentials(Writer& to, const hw_cred& before, const hw_cred& after) {
  const auto ids = [](const hw_cred& c) {
    return "uid=" + std::to_string(c.uid) + " euid=" + std::to_string(c.euid) + " suid=" + std::to_string(c.suid) +
           " fsuid=" + std::to_string(c.fsuid) + " gid=" + std::to_string(c.gid) + " egid=" + std::to_string(c.egid) +
           " userns=" + std::to_string(c.userns) + " level=" + std::to_string(c.userns_level);
  };
  to.text("credentials_before", ids(before));
  to.text("credentials_after", ids(after));
  to.text("capabilities_before", capability_set_text(before.cap_permitted));
  to.text("capabilities_after", capability_set_text(after.cap_permitted));
}

struct Body {
  Writer& to;

  void operator()(const std::monostate&) const {}
  void operator()(const ExecEvent& e) const {
    to.text("exec_filename", e.filename);
    to.number("exe_inode", e.facts.h.exe_ino);
    to.number("exe_device", e.facts.h.exe_dev);
    to.number("exe_flags", e.facts.exe_flags);
    if ((e.facts.env_flags & HW_ENV_VARIABLES) != 0) {
      std::string variables;
      append_env_flags(variables, e.facts.env_flags);
      to.text("loader_variables", variables);
    }
    if (e.args_truncated) {
      to.number("args_total", e.facts.args_total);
      to.number("args_hash", e.facts.args_hash);
    }
  }
  void operator()(const ForkEvent& e) const {
    to.number("child_pid", e.facts.child.tgid);
    to.number("clone_flags", e.facts.clone_flags);
  }
  void operator()(const ExitEvent& e) const {
    to.signed_number("exit_status", e.facts.exit_code);
    to.number("lived_ns", e.facts.lived_ns);
  }
  void operator()(const CredentialEvent& e) const { credentials(to, e.facts.before, e.facts.after); }
  void operator()(const CapabilityEvent& e) const {
    to.text("capability", capability_name(e.facts.capability));
    to.truth("granted", e.facts.result == 0);
    to.number("count", e.facts.count);
  }
  void operator()(const MountEvent& e) const {
    to.text("source", e.source);
    to.text("target", e.target);
    to.text("resolved_target", e.resolved_target);
    to.text("fstype", e.fstype);
    to.number("flags", e.facts.mount_flags);
    if ((e.facts.h.flags & HW_F_ATTEMPT) == 0) to.signed_number("result", e.facts.result);
  }
  void operator()(const NamespaceEvent& e) const {
    to.number("namespace_flags", e.facts.ns_flags);
    if ((e.facts.h.flags & HW_F_ATTEMPT) == 0) to.signed_number("result", e.facts.result);
    to.number("mnt_before", e.facts.before.mnt);
    to.number("mnt_after", e.facts.after.mnt);
    to.number("pid_before", e.facts.before.pid);
    to.number("pid_after", e.facts.after.pid);
  }
  void operator()(const CgroupEvent& e) const {
    to.number("cgroup", e.facts.id);
    to.text("cgroup_path", e.path);
    to.number("moved_pid", e.facts.moved.tgid);
    to.number("home_before", e.facts.moved_home_before);
    to.number("home_after", e.facts.moved_home_after);
  }
  void operator()(const SocketEvent& e) const {
    to.text("socket_name", e.name);
    to.number("socket_inode", e.facts.listener.ino);
    to.number("socket_device", e.facts.listener.dev);
    to.number("listener_pid", e.facts.listener_tgid);
    if (e.facts.opener.tgid != 0) to.number("opener_pid", e.facts.opener.tgid);
    if (e.facts.client.port != 0) to.text("client_address", endpoint_text(e.facts.client));
  }
  void operator()(const RequestEvent& e) const { to.number("connection", e.facts.connection); }
  void operator()(const BurstEvent& e) const {
    to.number("forks", e.facts.counts.forks);
    to.signed_number("live", e.facts.counts.live);
  }
  void operator()(const FloodEvent& e) const {
    to.text("kind", kind_name(e.facts.flooded));
    to.number("suppressed", e.facts.suppressed);
    to.truth("over", e.facts.over != 0);
  }
  void operator()(const RingEvent& e) const { to.number("ring_flags", e.facts.setup_flags); }
  void operator()(const SettingEvent& e) const {
    to.text("setting", e.name);
    to.text("value", e.value);
    if ((e.facts.h.flags & HW_F_ATTEMPT) == 0) to.signed_number("result", e.facts.result);
    if (e.facts.cgroup != 0) to.number("setting_cgroup", e.facts.cgroup);
  }
  void operator()(const LossEvent& e) const {
    uint64_t total = 0;
    for (uint64_t lost : e.lost) total += lost;
    to.number("lost", total);
    to.text("producers", e.producers_text());
  }
  void operator()(const ForkBombFinding& e) const {
    to.text("reason", e.reason);
    to.number("forks", e.forks);
    to.number("exits", e.exits);
    to.number("execs", e.execs);
    to.number("failed_forks", e.failed_forks);
    to.number("creators", e.creators);
    to.number("containers", e.containers);
    to.signed_number("live", e.live);
    to.signed_number("pids_max", e.pids_max);
    to.real("forks_per_second", e.forks_per_second);
    to.number("duration_ns", e.duration_ns);
    to.truth("over", e.over);
  }
  void operator()(const PrivilegeGainFinding& e) const {
    to.text("way", e.way);
    to.truth("explained", e.explained);
    credentials(to, e.before, e.after);
    to.text("gained_capabilities", e.gained_caps);
  }
  void operator()(const RuntimeRequestFinding& e) const {
    to.text("runtime", e.runtime);
    to.text("socket_name", e.socket);
    to.text("danger", e.danger);
    to.truth("readable", e.readable);
    to.text("method", e.method);
    to.text("path", e.path);
    to.text("action", e.action);
    to.text("target", e.target);
    to.text("image", e.image);
    to.truth("privileged", e.privileged);
    to.text("binds", e.binds);
    to.text("reasons", e.reasons);
    to.text("allow_reason", e.allow_reason);
    to.text("protocol", e.protocol);
    to.text("client_address", e.address);
    if (e.inherited) {
      to.number("opener_pid", e.opener_pid);
      to.text("opener_name", e.opener_name);
      if (e.opener_known) to.number("opener_home", e.opener_home);
    }
  }
  void operator()(const NoteFinding& e) const {
    to.text("what", e.what);
    to.text("detail", e.detail);
    to.truth("over", e.over);
  }
};

}  // namespace

Evidence evidence_of(const EventContext& context) {
  Evidence evidence;
  Writer to(evidence);
  const hw_header& header = context.event.header;
  to.text("provider", provider_name(header.provider));
  to.signed_number("syscall", header.syscall);
  to.number("cgroup", header.cgroup);
  to.number("home", header.home);
  if ((header.flags & HW_F_HOME_INFERRED) != 0) to.truth("home_inferred", true);
  if ((header.flags & HW_F_ATTEMPT) != 0) to.truth("attempt", true);
  if ((header.flags & HW_F_LATE) != 0) to.truth("late", true);
  if ((header.flags & HW_F_USER_STRINGS) != 0) to.truth("strings_from_user_memory", true);
  std::visit(Body{to}, context.event.body);
  return evidence;
}

}  // namespace hullwatch
