#include "log/event_body_json.h"

#include <array>

#include "event/decode.h"
#include "event/kernel_names.h"

namespace hullwatch {
namespace {

constexpr std::array<std::string_view, HW_NS_OP_MAX> kNamespaceOps = {"setns", "unshare"};
constexpr std::array<std::string_view, HW_CGROUP_OP_MAX> kCgroupOps = {"mkdir", "rmdir", "attach"};
constexpr std::array<std::string_view, HW_SOCKET_OP_MAX> kSocketOps = {"connect", "use", "receive", "hold", "listen"};
constexpr std::array<std::string_view, 4> kListenerClasses = {"unknown", "pending", "other", "runtime"};

constexpr std::array<std::string_view, HW_SETTING_SOURCE_MAX> kSettingSources = {"sysctl", "release_agent"};

template <size_t N>
std::string_view name_of(const std::array<std::string_view, N>& names, uint32_t index) {
  return index < N ? names[index] : "unknown";
}

void write_key(JsonWriter& json, std::string_view name, const hw_key& key) {
  if (key.tgid == 0) return;
  json.key(name).begin_object();
  write_key_members(json, key);
  json.end_object();
}

void write_cred(JsonWriter& json, std::string_view name, const hw_cred& cred) {
  json.key(name).begin_object();
  json.member("uid", cred.uid).member("gid", cred.gid).member("suid", cred.suid).member("sgid", cred.sgid);
  json.member("euid", cred.euid).member("egid", cred.egid).member("fsuid", cred.fsuid).member("fsgid", cred.fsgid);
  json.member("securebits", cred.securebits).member("userns", cred.userns).member("userns_level", cred.userns_level);
  json.member("userns_owner", cred.userns_owner).member("cap_inheritable", cred.cap_inheritable);
  json.member("cap_permitted", cred.cap_permitted).member("cap_effective", cred.cap_effective);
  json.member("cap_bounding", cred.cap_bounding).member("cap_ambient", cred.cap_ambient).end_object();
}

void write_namespaces(JsonWriter& json, std::string_view name, const hw_namespaces& ns) {
  json.key(name).begin_object();
  json.member("mnt", ns.mnt).member("pid", ns.pid).member("net", ns.net).member("uts", ns.uts).member("ipc", ns.ipc);
  json.member("cgroup", ns.cgroup).member("user", ns.user).member("time", ns.time).end_object();
}

void write_suppressed(JsonWriter& json, const hw_home& counts) {
  json.key("suppressed").begin_object();
  for (size_t kind = 1; kind < HW_KIND_MAX; ++kind) {
    if (counts.suppressed[kind] != 0) json.member(kind_name(static_cast<uint32_t>(kind)), counts.suppressed[kind]);
  }
  json.end_object();
}

/// One overload per body: opens the object it is named for, and closes it.
struct BodyWriter {
  JsonWriter& json;
  const Redactor& redactor;

  void operator()(const std::monostate&) const {}

  void operator()(const ExecEvent& e) const {
    const hw_exec& f = e.facts;
    json.key("exec").begin_object().bytes_member("filename", e.filename).bytes_member("exe", e.exe_path);
    json.bytes_member("cwd", e.cwd).key("args").begin_array();
    const std::string args = redactor.args(e.args);
    for (std::string_view rest = args; !e.args.empty();) {
      const size_t end = rest.find('\0');
      json.value(rest.substr(0, end));
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    json.end_array().member("args_total", f.args_total).member("args_truncated", e.args_truncated);
    if (e.args_truncated) {
      json.bytes_member("args_tail", redactor.args(e.args_tail));
      json.member("args_hash", f.args_hash).member("args_hashed", f.args_hashed);
    }
    if ((f.env_flags & HW_ENV_SEEN) != 0) json.member("env_flags", f.env_flags);
    write_cred(json, "cred", f.cred);
    write_key(json, "parent", f.parent);
    write_namespaces(json, "ns", f.ns);
    json.member("ns_pid", f.ns_pid).member("sid", f.sid).member("pgid", f.pgid).member("tty", f.tty);
    json.member("sessionid", f.sessionid).member("exe_flags", f.exe_flags).member("exe_mode", f.exe_mode);
    json.member("exe_uid", f.exe_uid).member("exe_gid", f.exe_gid).member("exe_magic", f.exe_magic);
    json.member("exe_ctime_ns", f.exe_ctime_ns).member("exe_mtime_ns", f.exe_mtime_ns);
    json.member("no_new_privs", f.no_new_privs != 0).member("seccomp", f.seccomp).member("dumpable", f.dumpable);
    json.member("secureexec", f.secureexec != 0).end_object();
  }

  void operator()(const ForkEvent& e) const {
    json.key("fork").begin_object();
    write_key(json, "child", e.facts.child);
    write_key(json, "child_parent", e.facts.child_parent);
    json.member("clone_flags", e.facts.clone_flags).member("child_home", e.facts.child_home);
    json.member("child_cgroup", e.facts.child_cgroup).member("child_ns_pid", e.facts.child_ns_pid);
    json.member("child_userns", e.facts.child_userns).end_object();
  }

  void operator()(const ExitEvent& e) const {
    json.key("exit").begin_object().member("status", e.facts.exit_code).member("code", (e.facts.exit_code >> 8) & 0xff);
    json.member("signal", e.facts.exit_code & 0x7f).member("ns_pid", e.facts.ns_pid).member("lived_ns", e.facts.lived_ns);
    json.end_object();
  }

  void operator()(const CredentialEvent& e) const {
    const hw_credential& f = e.facts;
    json.key("credential").begin_object().member("way", way_name(f.way));
    write_cred(json, "before", f.before);
    write_cred(json, "after", f.after);
    json.member("exe_flags", f.exe_flags).member("exe_uid", f.exe_uid).member("repeats", f.repeats);
    json.member("uncertain", f.uncertain != 0).member("no_new_privs", f.no_new_privs != 0);
    json.member("root_uid", f.root_uid).end_object();
  }

  void operator()(const CapabilityEvent& e) const {
    const hw_capability& f = e.facts;
    json.key("capability").begin_object().member("number", f.capability).member("granted", f.result == 0);
    json.member("userns", f.userns).member("userns_level", f.userns_level).member("count", f.count).end_object();
  }

  void operator()(const MountEvent& e) const {
    const hw_mount& f = e.facts;
    json.key("mount")
        .begin_object()
        .bytes_member("source", redactor.text(e.source))
        .bytes_member("target", redactor.text(e.target));
    json.bytes_member("fstype", e.fstype).bytes_member("data", redactor.text(e.data));
    json.bytes_member("resolved_source", e.resolved_source).bytes_member("resolved_target", e.resolved_target);
    json.member("from_fd", f.from_fd).member("to_fd", f.to_fd).member("command", f.command).member("result", f.result);
    json.member("mount_flags", f.mount_flags).member("attr_clr", f.attr_clr).member("mnt_ns", f.mnt_ns);
    json.member("userns", f.userns).end_object();
  }

  void operator()(const NamespaceEvent& e) const {
    json.key("namespace").begin_object().member("op", name_of(kNamespaceOps, e.facts.op)).member("fd", e.facts.fd);
    json.member("ns_flags", e.facts.ns_flags).member("result", e.facts.result);
    write_namespaces(json, "before", e.facts.before);
    write_namespaces(json, "after", e.facts.after);
    json.end_object();
  }

  void operator()(const CgroupEvent& e) const {
    const hw_cgroup& f = e.facts;
    json.key("cgroup").begin_object().member("op", name_of(kCgroupOps, f.op)).bytes_member("path", e.path);
    json.member("level", f.level).member("id", f.id).member("parent_id", f.parent_id).member("outermost", f.outermost);
    write_key(json, "moved", f.moved);
    json.member("moved_tid", f.moved_tid).member("moved_home_before", f.moved_home_before);
    json.member("moved_home_after", f.moved_home_after).member("threadgroup", f.threadgroup != 0).end_object();
  }

  void write_listener(const hw_listener& listener, uint64_t connection) const {
    json.key("listener").begin_object().member("ino", listener.ino).member("dev", listener.dev);
    json.member("netns", listener.netns).end_object().member("connection", connection);
  }

  void operator()(const SocketEvent& e) const {
    json.key("socket").begin_object().member("op", name_of(kSocketOps, e.facts.op)).bytes_member("name", e.name);
    write_listener(e.facts.listener, e.facts.connection);
    json.member("class", name_of(kListenerClasses, e.facts.listener_class)).member("listener_pid", e.facts.listener_tgid);
    json.member("type", e.facts.type);
    if (e.facts.opener.tgid != 0) {
      write_key(json, "opener", e.facts.opener);
      json.member("opener_home", e.facts.opener_home);
    }
    if (e.facts.client.port != 0) json.member("client", endpoint_text(e.facts.client));
    json.end_object();
  }

  void operator()(const RequestEvent& e) const {  // never e.bytes: they hold whatever the client sent
    json.key("request").begin_object();
    write_listener(e.facts.listener, e.facts.connection);
    json.member("offset", e.facts.offset).member("length", e.facts.length).member("request_flags", e.facts.request_flags);
    write_key(json, "server", e.facts.server);
    json.end_object();
  }

  void operator()(const BurstEvent& e) const {
    const hw_home& c = e.facts.counts;
    json.key("burst").begin_object().member("over", e.facts.over != 0).member("forks", c.forks).member("exits", c.exits);
    json.member("execs", c.execs).member("live", c.live).member("creators", c.creators);
    json.member("window_forks", c.window_forks).member("window_exits", c.window_exits);
    write_suppressed(json, c);
    json.end_object();
  }

  void operator()(const FloodEvent& e) const {
    json.key("flood").begin_object().member("kind", kind_name(e.facts.flooded)).member("over", e.facts.over != 0);
    json.member("suppressed", e.facts.suppressed).end_object();
  }

  void operator()(const RingEvent& e) const {
    json.key("io_uring").begin_object().member("sq_entries", e.facts.sq_entries).member("cq_entries", e.facts.cq_entries);
    json.member("flags", e.facts.setup_flags).end_object();
  }

  void operator()(const SettingEvent& e) const {
    const hw_setting& f = e.facts;
    json.key("setting").begin_object().member("source", name_of(kSettingSources, f.source)).bytes_member("name", e.name);
    json.bytes_member("value", redactor.text(e.value)).member("length", f.length).member("position", f.position);
    json.member("cut", (f.setting_flags & HW_SETTING_CUT) != 0).member("unread", (f.setting_flags & HW_SETTING_UNREAD) != 0);
    json.member("result", f.result).member("own_namespaces", f.own_namespaces).member("cgroup", f.cgroup).end_object();
  }

  void operator()(const LossEvent& e) const {
    json.key("events_lost").begin_object().member("critical", e.critical).key("lost").begin_object();
    for (size_t kind = 1; kind < HW_KIND_MAX; ++kind) {
      if (e.lost[kind] != 0) json.member(kind_name(static_cast<uint32_t>(kind)), e.lost[kind]);
    }
    json.end_object().key("producers").begin_array();
    for (const LossProducer& producer : e.producers)
      json.begin_object()
          .member("container", producer.name)
          .member("home", producer.home)
          .member("made", producer.made)
          .member("lost", producer.lost)
          .end_object();
    json.end_array().end_object();
  }

  void operator()(const ForkBombFinding& f) const {
    json.key("fork_bomb").begin_object().member("over", f.over).member("reason", f.reason).member("forks", f.forks);
    json.member("exits", f.exits).member("execs", f.execs).member("failed_forks", f.failed_forks);
    json.member("creators", f.creators)
        .member("containers", f.containers)
        .member("live", f.live)
        .member("pids_max", f.pids_max);
    json.member("forks_per_second", f.forks_per_second).member("duration_ns", f.duration_ns).end_object();
  }

  void operator()(const PrivilegeGainFinding& f) const {
    json.key("privilege_gain").begin_object().member("way", f.way).member("explained", f.explained);
    json.member("regained", f.regained).member("to_root", f.to_root).member("gained_caps", f.gained_caps);
    write_cred(json, "before", f.before);
    write_cred(json, "after", f.after);
    json.end_object();
  }

  void operator()(const RuntimeRequestFinding& f) const {
    const auto redacted = [&](std::string_view name, const std::string& text) { json.bytes_member(name, redactor.text(text)); };
    json.key("runtime_request").begin_object().member("runtime", f.runtime).bytes_member("socket", f.socket);
    json.member("readable", f.readable).member("danger", f.danger).bytes_member("method", f.method);
    redacted("path", f.path);
    json.bytes_member("version", f.version).bytes_member("action", f.action).bytes_member("target", f.target);
    json.bytes_member("image", f.image);
    redacted("binds", f.binds);
    json.bytes_member("pid_mode", f.pid_mode).bytes_member("network_mode", f.network_mode).bytes_member("cap_add", f.cap_add);
    redacted("command", f.command);
    json.bytes_member("security_opt", f.security_opt).bytes_member("reasons", f.reasons);
    json.member("privileged", f.privileged).member("allowed", f.allowed).bytes_member("allow_reason", f.allow_reason);
    json.member("runtime_component", f.runtime_component).member("protocol", f.protocol);
    if (!f.address.empty()) json.member("address", f.address).member("remote", f.remote);
    if (f.inherited) {
      json.member("inherited", true).member("opener_pid", f.opener_pid).bytes_member("opener_name", f.opener_name);
      if (f.opener_known) json.member("opener_home", f.opener_home);
    }
    json.end_object();
  }

  void operator()(const NoteFinding& f) const {
    json.key("note").begin_object().member("what", f.what).bytes_member("detail", f.detail).member("over", f.over).end_object();
  }
};

}  // namespace

void write_key_members(JsonWriter& json, const hw_key& key) {
  json.member("pid", key.tgid).member("start_ns", key.start_ns).member("execs", key.execs);
}

void write_event_body(JsonWriter& json, const EventBody& body, const Redactor& redactor) {
  std::visit(BodyWriter{json, redactor}, body);
}

}  // namespace hullwatch
