#pragma once
// One builder for each kind of record. See record_builder.h for what all of them can say, world.h for what is around an event.

#include "support/record_builder.h"

namespace hullwatch::test {

class ExecBuilder : public RecordBuilder<ExecBuilder, hw_exec> {
 public:
  explicit ExecBuilder(std::string_view path) : RecordBuilder(HW_EXEC) {
    const size_t slash = path.rfind('/');
    const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    comm(name);
    facts_.filename = add_text(path);
    facts_.exe = add_path(path);
    facts_.exe_mode = 0100755;
    by(root());
    exe(0x800001, 1000 + std::hash<std::string_view>{}(path) % 100'000);
    cwd("/");
    args({name});
  }
  ExecBuilder& args(std::initializer_list<std::string_view> list) {
    std::string joined;
    for (const auto arg : list) joined.append(arg).push_back('\0');
    facts_.args = add(joined);
    facts_.args_total = static_cast<uint32_t>(joined.size());
    return *this;
  }
  /// argv went on for `total` bytes, more than were copied.
  ExecBuilder& args_total(uint32_t total) {
    facts_.args_total = total;
    return *this;
  }
  ExecBuilder& args_tail(std::string_view bytes) {
    facts_.args_tail = add(bytes);
    return *this;
  }
  /// hw_env_flag; that the environment was looked through goes without saying.
  ExecBuilder& env_flags(uint32_t flags) {
    facts_.env_flags = flags | HW_ENV_SEEN;
    return *this;
  }
  ExecBuilder& cwd(std::string_view path) {
    facts_.cwd = add_path(path);
    return *this;
  }
  ExecBuilder& exe_flags(uint32_t flags) {
    facts_.exe_flags |= flags;
    return *this;
  }
  ExecBuilder& tty(uint32_t device) {
    facts_.tty = device;
    return *this;
  }
};
inline ExecBuilder exec(std::string_view path) { return ExecBuilder(path); }

class ForkBuilder : public RecordBuilder<ForkBuilder, hw_fork> {
 public:
  explicit ForkBuilder(uint32_t child) : RecordBuilder(HW_FORK) {
    facts_.child = key_of(child);
    facts_.child_ns_pid = child;
    facts_.child_parent = facts_.h.process;
  }
  ForkBuilder& by_pid(uint32_t pid) {
    facts_.child_parent = key_of(pid);
    return this->pid(pid);
  }
  /// CLONE_PARENT: the child hangs below `pid`, not below its creator.
  ForkBuilder& child_parent(uint32_t pid) {
    facts_.clone_flags |= 0x8000;
    facts_.child_parent = key_of(pid);
    return *this;
  }
  ForkBuilder& in(const Container& container) {
    facts_.child_home = facts_.child_cgroup = container.cgroup_id;
    return RecordBuilder::in(container);
  }
};
/// `forks(101).by_pid(100)`: process 100 made process 101.
inline ForkBuilder forks(uint32_t child) { return ForkBuilder(child); }

class ExitBuilder : public RecordBuilder<ExitBuilder, hw_exit> {
 public:
  explicit ExitBuilder(uint32_t pid) : RecordBuilder(HW_EXIT) { this->pid(pid); }
  ExitBuilder& code(int status) {
    return with([=](hw_exit& e) { e.exit_code = status << 8; });
  }
  ExitBuilder& signal(int number) {
    return with([=](hw_exit& e) { e.exit_code = number; });
  }
};
inline ExitBuilder exits(uint32_t pid) { return ExitBuilder(pid); }

class CredentialBuilder : public RecordBuilder<CredentialBuilder, hw_credential> {
 public:
  CredentialBuilder(const hw_cred& before, const hw_cred& after) : RecordBuilder(HW_CREDENTIAL) {
    facts_.before = before;
    facts_.after = after;
    by(after);
  }
  CredentialBuilder& way(uint32_t way) {
    facts_.way = way;
    return *this;
  }
};
inline CredentialBuilder credential(const hw_cred& before, const hw_cred& after) { return {before, after}; }

class CapabilityBuilder : public RecordBuilder<CapabilityBuilder, hw_capability> {
 public:
  explicit CapabilityBuilder(uint32_t number) : RecordBuilder(HW_CAPABILITY) {
    facts_.capability = number;
    facts_.count = 1;
    facts_.userns = kInitialUserNamespace;
  }
  CapabilityBuilder& denied() {
    return with([](hw_capability& c) { c.result = -1; });
  }
};
inline CapabilityBuilder uses_capability(uint32_t number) { return CapabilityBuilder(number); }

class MountBuilder : public RecordBuilder<MountBuilder, hw_mount> {
 public:
  explicit MountBuilder(uint32_t op) : RecordBuilder(HW_MOUNT) {
    facts_.op = op;
    facts_.from_fd = facts_.to_fd = -1;
    by(root());
  }
  MountBuilder& source(std::string_view text) {
    return with([&](hw_mount& m) { m.source = add_text(text); });
  }
  MountBuilder& target(std::string_view text) {
    return with([&](hw_mount& m) { m.target = add_text(text); });
  }
  MountBuilder& fstype(std::string_view text) {
    return with([&](hw_mount& m) { m.fstype = add_text(text); });
  }
  MountBuilder& data(std::string_view text) {
    return with([&](hw_mount& m) { m.data = add_text(text); });
  }
  MountBuilder& resolved(std::string_view path) {
    return with([&](hw_mount& m) { m.resolved = add_path(path); });
  }
  MountBuilder& mount_flags(uint64_t flags) {
    return with([=](hw_mount& m) { m.mount_flags = flags; });
  }
  MountBuilder& result(int64_t value) {
    return with([=](hw_mount& m) { m.result = value; });
  }
};
inline MountBuilder mounts(std::string_view source, std::string_view target, std::string_view fstype) {
  return MountBuilder(HW_MOUNT_MOUNT).source(source).target(target).fstype(fstype);
}
inline MountBuilder mount_operation(uint32_t op) { return MountBuilder(op); }

class NamespaceBuilder : public RecordBuilder<NamespaceBuilder, hw_namespace> {
 public:
  NamespaceBuilder(uint32_t op, uint64_t flags) : RecordBuilder(HW_NAMESPACE) {
    facts_.op = op;
    facts_.ns_flags = flags;
    facts_.fd = -1;
  }
  NamespaceBuilder& result(int64_t value) {
    return with([=](hw_namespace& n) { n.result = value; });
  }
};
inline NamespaceBuilder enters_namespaces(uint64_t flags) { return {HW_NS_SETNS, flags}; }
inline NamespaceBuilder unshares(uint64_t flags) { return {HW_NS_UNSHARE, flags}; }

class CgroupBuilder : public RecordBuilder<CgroupBuilder, hw_cgroup> {
 public:
  CgroupBuilder(uint32_t op, uint64_t id) : RecordBuilder(HW_CGROUP) {
    facts_.op = op;
    facts_.id = id;
  }
  CgroupBuilder& path(std::string_view text) {
    return with([&](hw_cgroup& c) { c.path = add_path(text); });
  }
  /// Process `pid` went into it, and its home from `before` to `after`.
  CgroupBuilder& moved(uint32_t pid, uint64_t before, uint64_t after) {
    facts_.moved = key_of(pid);
    facts_.moved_tid = pid;
    facts_.moved_home_before = before;
    facts_.moved_home_after = after;
    facts_.threadgroup = 1;
    return *this;
  }
};
inline CgroupBuilder makes_cgroup(uint64_t id, std::string_view path) { return CgroupBuilder(HW_CGROUP_MKDIR, id).path(path); }
inline CgroupBuilder removes_cgroup(uint64_t id) { return {HW_CGROUP_RMDIR, id}; }
inline CgroupBuilder attaches_to_cgroup(uint64_t id) { return {HW_CGROUP_ATTACH, id}; }

class SocketBuilder : public RecordBuilder<SocketBuilder, hw_socket> {
 public:
  /// `name` as bound; abstract names begin with '@'.
  SocketBuilder(uint32_t op, std::string_view name) : RecordBuilder(HW_SOCKET) {
    facts_.op = op;
    facts_.listener_class = HW_LISTENER_RUNTIME;
    facts_.type = 1;  // SOCK_STREAM
    facts_.connection = 1;
    facts_.listener = {.ino = 77, .dev = 0x1a, .netns = 0};
    facts_.name_len = static_cast<uint32_t>(std::min<size_t>(name.size(), HW_SUN_PATH));
    std::memcpy(facts_.name, name.data(), facts_.name_len);
    if (name.starts_with('@')) facts_.name[0] = '\0';
  }
  SocketBuilder& connection(uint64_t id) {
    return with([=](hw_socket& s) { s.connection = id; });
  }
};
inline SocketBuilder connects_to(std::string_view name) { return {HW_SOCKET_CONNECT, name}; }
inline SocketBuilder uses_socket(std::string_view name) { return {HW_SOCKET_USE, name}; }

class RequestBuilder : public RecordBuilder<RequestBuilder, hw_request> {
 public:
  explicit RequestBuilder(std::string_view bytes) : RecordBuilder(HW_REQUEST) {
    facts_.bytes = add(bytes);
    facts_.length = static_cast<uint32_t>(bytes.size());
    facts_.connection = 1;
    facts_.listener = {.ino = 77, .dev = 0x1a, .netns = 0};
    facts_.server = key_of(50);
  }
  RequestBuilder& connection(uint64_t id) {
    return with([=](hw_request& r) { r.connection = id; });
  }
  RequestBuilder& offset(uint64_t value) {
    return with([=](hw_request& r) { r.offset = value; });
  }
  RequestBuilder& request_flags(uint32_t value) {
    return with([=](hw_request& r) { r.request_flags = value; });
  }
};
inline RequestBuilder request_bytes(std::string_view bytes) { return RequestBuilder(bytes); }

class BurstBuilder : public RecordBuilder<BurstBuilder, hw_burst> {
 public:
  BurstBuilder() : RecordBuilder(HW_BURST) {}
  BurstBuilder& counts(const hw_home& counts) {
    return with([&](hw_burst& b) { b.counts = counts; });
  }
  BurstBuilder& over() {
    return with([](hw_burst& b) { b.over = 1; });
  }
};
inline BurstBuilder burst() { return {}; }

class FloodBuilder : public RecordBuilder<FloodBuilder, hw_flood> {
 public:
  explicit FloodBuilder(uint32_t kind) : RecordBuilder(HW_FLOOD) { facts_.flooded = kind; }
};
inline FloodBuilder flood_of(uint32_t kind) { return FloodBuilder(kind); }

class RingBuilder : public RecordBuilder<RingBuilder, hw_io_uring> {
 public:
  RingBuilder() : RecordBuilder(HW_IO_URING) {}
};
inline RingBuilder makes_ring() { return {}; }

class SettingBuilder : public RecordBuilder<SettingBuilder, hw_setting> {
 public:
  SettingBuilder(std::string_view name, std::string_view value) : RecordBuilder(HW_SETTING) {
    facts_.name_len = static_cast<uint16_t>(name.copy(facts_.name, sizeof(facts_.name)));
    facts_.value_len = static_cast<uint16_t>(value.copy(facts_.value, sizeof(facts_.value)));
    facts_.length = value.size();
    facts_.result = static_cast<int64_t>(value.size());
    if (name == "release_agent") facts_.source = HW_SETTING_RELEASE_AGENT;
  }
};
inline SettingBuilder writes_setting(std::string_view name, std::string_view value) { return {name, value}; }

}  // namespace hullwatch::test
