#include "event/decode.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "event/record_reader.h"
#include "event/system_call_names.h"

namespace hullwatch {
namespace {

static_assert(HW_CGROUP_COMPONENTS <= HW_PATH_COMPONENTS);

constexpr size_t kPathMax = 4096;  // the kernel's own bound of any path or option string

constexpr std::string_view kKindNames[] = {"unknown", "exec",      "fork",    "exit",   "credential", "capability",
                                           "mount",   "namespace", "cgroup",  "socket", "request",    "burst",
                                           "flood",   "io_uring",  "setting", "task"};
static_assert(std::size(kKindNames) == HW_KIND_MAX);

constexpr EventType kMountTypes[] = {
    EventType::mount,    EventType::umount2, EventType::pivot_root, EventType::open_tree,     EventType::fsopen,
    EventType::fsconfig, EventType::fsmount, EventType::move_mount, EventType::mount_setattr, EventType::fspick};
static_assert(std::size(kMountTypes) == HW_MOUNT_OP_MAX);

// Decodes the body of one record whose header is known to be sound. The first error is kept and everything after it yields
// zeros and empty strings, so that each kind reads as a list of its parts; finish() returns the error instead of the event.
class BodyDecoder {
 public:
  BodyDecoder(RecordReader& reader, std::string& scratch) : reader_(reader), scratch_(scratch) {}

  Result<Event> decode() {
    switch (reader_.header().kind) {
      case HW_EXEC: return exec();
      case HW_FORK: return finish(EventType::clone, ForkEvent{without_tail<hw_fork>()});
      case HW_EXIT: return finish(EventType::procexit, ExitEvent{without_tail<hw_exit>()});
      case HW_CREDENTIAL: return credential();
      case HW_CAPABILITY: return capability();
      case HW_MOUNT: return mount();
      case HW_NAMESPACE: return name_space();
      case HW_CGROUP: return cgroup();
      case HW_SOCKET: return socket();
      case HW_REQUEST: return request();
      case HW_BURST: return finish(EventType::fork_burst, BurstEvent{without_tail<hw_burst>()});
      case HW_FLOOD: return flood();
      case HW_IO_URING: return finish(EventType::io_uring_setup, RingEvent{without_tail<hw_io_uring>()});
      case HW_SETTING: return setting();
      default: return reader_.error("is no event");
    }
  }

 private:
  void note(Error error) {
    if (!error_) error_ = std::move(error);
  }
  template <typename T>
  T value_of(Result<T> result) {
    if (result) return *std::move(result);
    note(std::move(result).error());
    return T{};
  }
  template <typename Fixed>
  Fixed fixed() {
    return value_of(reader_.fixed<Fixed>());
  }
  template <typename Fixed>
  Fixed without_tail() {
    const Fixed facts = fixed<Fixed>();
    if (auto status = reader_.expect_no_tail(); !status) note(std::move(status).error());
    return facts;
  }
  std::string_view text(hw_span span, std::string_view what) { return value_of(reader_.text(span, kPathMax, what)); }
  std::string_view bytes(hw_span span, size_t limit, std::string_view what) {
    return value_of(reader_.bytes(span, limit, what));
  }
  /// Appends to the scratch; returns where it ends.
  size_t path(const hw_path& path, uint32_t limit, std::string_view what) {
    if (auto status = reader_.append_path(path, limit, what, scratch_); !status) note(std::move(status).error());
    return scratch_.size();
  }
  /// The value where it is below `end`, else 0 and an error: safe as an index.
  uint32_t in_range(uint32_t value, uint32_t end, std::string_view what) {
    if (value < end) return value;
    note(reader_.error(std::string(what) + " " + std::to_string(value) + " is out of range").value());
    return 0;
  }
  [[nodiscard]] SystemCallTable table() const { return system_call_table(reader_.header().flags); }

  template <typename Body>
  Result<Event> finish(EventType type, const Body& body) {
    if (error_) return fail(std::move(*error_));
    Event event;
    event.type = type;
    event.header = reader_.header();
    event.body = body;
    return event;
  }

  Result<Event> exec();
  Result<Event> credential();
  Result<Event> capability();
  Result<Event> mount();
  Result<Event> name_space();
  Result<Event> cgroup();
  Result<Event> socket();
  Result<Event> request();
  Result<Event> flood();
  Result<Event> setting();

  RecordReader& reader_;
  std::string& scratch_;
  std::optional<Error> error_;
};

Result<Event> BodyDecoder::exec() {
  const auto facts = fixed<hw_exec>();
  in_range(facts.seccomp, 3, "seccomp mode");
  auto args = bytes(facts.args, HW_ARGS_MAX, "args");
  const bool truncated = facts.args_total > args.size();
  // The kernel ends each argument by NUL; as separators they are one too many.
  if (args.ends_with('\0')) args.remove_suffix(1);
  auto tail = bytes(facts.args_tail, HW_ARGS_TAIL_MAX, "end of the args");
  if (tail.ends_with('\0')) tail.remove_suffix(1);
  const size_t exe_end = path(facts.exe, HW_PATH_COMPONENTS, "exe path");
  path(facts.cwd, HW_PATH_COMPONENTS, "cwd");
  const auto paths = std::string_view(scratch_);
  auto cwd = paths.substr(exe_end);
  if (facts.cwd.count == 0 && facts.cwd.flags == 0) cwd = "/";  // the walk met the task's root at once

  const bool at = is_execveat(table(), reader_.header().syscall);
  return finish(at ? EventType::execveat : EventType::execve,
                ExecEvent{facts, text(facts.filename, "filename"), paths.substr(0, exe_end), cwd, args, truncated, tail});
}

Result<Event> BodyDecoder::credential() {
  const auto facts = without_tail<hw_credential>();
  in_range(facts.way, HW_WAY_MAX, "way");
  return finish(credential_event_of(table(), reader_.header().syscall), CredentialEvent{facts});
}

Result<Event> BodyDecoder::capability() {
  const auto facts = without_tail<hw_capability>();
  in_range(facts.capability, 64, "capability");
  return finish(EventType::capable, CapabilityEvent{facts});
}

Result<Event> BodyDecoder::mount() {
  const auto facts = fixed<hw_mount>();
  const auto type = kMountTypes[in_range(facts.op, HW_MOUNT_OP_MAX, "mount operation")];
  const size_t resolved_end = path(facts.resolved, HW_PATH_COMPONENTS, "resolved target");
  path(facts.source_resolved, HW_PATH_COMPONENTS, "resolved source");
  const auto paths = std::string_view(scratch_);
  return finish(type,
                MountEvent{facts, text(facts.source, "source"), text(facts.target, "target"), text(facts.fstype, "fstype"),
                           text(facts.data, "data"), paths.substr(0, resolved_end), paths.substr(resolved_end)});
}

Result<Event> BodyDecoder::name_space() {
  const auto facts = without_tail<hw_namespace>();
  const uint32_t op = in_range(facts.op, HW_NS_OP_MAX, "namespace operation");
  return finish(op == HW_NS_SETNS ? EventType::setns : EventType::unshare, NamespaceEvent{facts});
}

Result<Event> BodyDecoder::cgroup() {
  constexpr EventType kTypes[] = {EventType::cgroup_mkdir, EventType::cgroup_rmdir, EventType::cgroup_attach};
  static_assert(std::size(kTypes) == HW_CGROUP_OP_MAX);
  const auto facts = fixed<hw_cgroup>();
  const auto type = kTypes[in_range(facts.op, HW_CGROUP_OP_MAX, "cgroup operation")];
  path(facts.path, HW_CGROUP_COMPONENTS, "cgroup path");
  return finish(type, CgroupEvent{facts, scratch_});
}

Result<Event> BodyDecoder::socket() {
  constexpr EventType kTypes[] = {EventType::runtime_connect, EventType::runtime_use, EventType::runtime_hold,
                                  EventType::runtime_hold, EventType::runtime_listen};
  static_assert(std::size(kTypes) == HW_SOCKET_OP_MAX);
  const auto facts = without_tail<hw_socket>();
  const uint32_t op = in_range(facts.op, HW_SOCKET_OP_MAX, "socket operation");
  in_range(facts.listener_class, HW_LISTENER_RUNTIME + 1, "listener class");
  const uint32_t length = in_range(facts.name_len, HW_SUN_PATH + 1, "name length");
  const std::string_view bound(facts.name, length);
  if (facts.listener.dev == HW_LISTENER_TCP) {
    scratch_ = "tcp:" + std::to_string(facts.listener.ino & 0xffff);
  } else if (bound.starts_with('\0')) {
    scratch_ = bound;
    std::ranges::replace(scratch_, '\0', '@');  // as /proc/net/unix shows them
  } else {
    scratch_ = bound.substr(0, bound.find('\0'));
  }
  return finish(kTypes[op], SocketEvent{facts, scratch_});
}

Result<Event> BodyDecoder::request() {
  const auto facts = fixed<hw_request>();
  const auto carried = bytes(facts.bytes, HW_REQUEST_CHUNK, "request");
  if (carried.size() > facts.length) {
    const auto problem = "carries " + std::to_string(carried.size()) + " bytes of a read of " + std::to_string(facts.length);
    note(reader_.error(problem).value());
  }
  return finish(EventType::runtime_bytes, RequestEvent{facts, carried});
}

Result<Event> BodyDecoder::flood() {
  const auto facts = without_tail<hw_flood>();
  in_range(facts.flooded, HW_KIND_MAX, "flooded kind");
  return finish(EventType::critical_flood, FloodEvent{facts});
}

Result<Event> BodyDecoder::setting() {
  const auto facts = without_tail<hw_setting>();
  in_range(facts.source, HW_SETTING_SOURCE_MAX, "source");
  const std::string_view name(facts.name, in_range(facts.name_len, HW_SETTING_NAME + 1, "name length"));
  std::string_view value(facts.value, in_range(facts.value_len, HW_SETTING_VALUE + 1, "value length"));
  value = value.substr(0, value.find('\0'));
  value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
  scratch_ = name.substr(0, name.find('\0'));
  const size_t name_end = scratch_.size();
  scratch_ += value;
  const auto texts = std::string_view(scratch_);
  return finish(EventType::kernel_setting, SettingEvent{facts, texts.substr(0, name_end), texts.substr(name_end)});
}

// The room for ancestors that a body has, null where it has none.
const hw_ancestor* carried_ancestors(const Event& event) {
  return std::visit(
      [](const auto& body) -> const hw_ancestor* {
        if constexpr (requires { body.facts.ancestors; }) {
          return body.facts.ancestors;
        } else {
          return nullptr;
        }
      },
      event.body);
}

}  // namespace

Decoder::Decoder() {
  scratch_.reserve(4096);  // the usual two paths, so that the steady state does not allocate
}

Result<Event> Decoder::decode(std::span<const std::byte> record) {
  auto reader = RecordReader::open(record);
  if (!reader) return fail(std::move(reader).error());
  scratch_.clear();
  auto event = BodyDecoder(*reader, scratch_).decode();
  if (!event) return event;
  if (const hw_ancestor* carried = carried_ancestors(*event); carried != nullptr && carried->key.tgid != 0) {
    // Kept here, not pointed to in the body: an Event may be moved.
    std::copy_n(carried, HW_ANCESTORS, ancestors_.begin());
    event->ancestors = ancestors_.data();
  }
  return event;
}

Result<hw_task> decode_task(std::span<const std::byte> record) {
  auto reader = RecordReader::open(record);
  if (!reader) return fail(std::move(reader).error());
  if (reader->header().kind != HW_TASK) return reader->error("is no task");
  auto task = reader->fixed<hw_task>();
  if (!task) return task;
  if (auto status = reader->expect_no_tail(); !status) return fail(std::move(status).error());
  if (task->seccomp > 2) return reader->error("seccomp mode " + std::to_string(task->seccomp) + " is unknown");
  return task;
}

std::string_view kind_name(uint32_t kind) { return kKindNames[kind < HW_KIND_MAX ? kind : 0]; }

}  // namespace hullwatch
