#include "event/decode.h"

#include <algorithm>
#include <cstddef>

#include "event/record_reader.h"
#include "event/system_call_names.h"

namespace hullwatch {
namespace {

static_assert(HW_CGROUP_COMPONENTS <= HW_PATH_COMPONENTS);

constexpr size_t kPathMax = 4096;  // the kernel's own bound of any path or option string

constexpr std::string_view kKindNames[] = {"unknown",   "exec",   "fork",   "exit",    "credential", "capability", "mount",
                                           "namespace", "cgroup", "socket", "request", "burst",      "flood",      "task"};
static_assert(std::size(kKindNames) == HW_KIND_MAX);

constexpr EventType kMountTypes[] = {
    EventType::mount,    EventType::umount2, EventType::pivot_root, EventType::open_tree,     EventType::fsopen,
    EventType::fsconfig, EventType::fsmount, EventType::move_mount, EventType::mount_setattr, EventType::fspick};
static_assert(std::size(kMountTypes) == HW_MOUNT_OP_MAX);

// Decodes the body of one record whose header is known to be sound.
class BodyDecoder {
 public:
  BodyDecoder(RecordReader& reader, std::string& scratch) : reader_(reader), scratch_(scratch) {}

  Result<Event> decode() {
    switch (reader_.header().kind) {
      case HW_EXEC: return exec();
      case HW_FORK: return plain<hw_fork, ForkEvent>(EventType::clone);
      case HW_EXIT: return plain<hw_exit, ExitEvent>(EventType::procexit);
      case HW_CREDENTIAL: return credential();
      case HW_CAPABILITY: return capability();
      case HW_MOUNT: return mount();
      case HW_NAMESPACE: return name_space();
      case HW_CGROUP: return cgroup();
      case HW_SOCKET: return socket();
      case HW_REQUEST: return request();
      case HW_BURST: return plain<hw_burst, BurstEvent>(EventType::fork_burst);
      case HW_FLOOD: return flood();
      default: return reader_.error("is no event");
    }
  }

 private:
  template <typename Body>
  Event make(EventType type, Body body) const {
    Event event;
    event.type = type;
    event.header = reader_.header();
    event.body = std::move(body);
    return event;
  }

  template <typename Fixed, typename Body>
  Result<Event> plain(EventType type) {
    auto facts = reader_.fixed<Fixed>();
    if (!facts) return fail(std::move(facts).error());
    if (auto status = reader_.expect_no_tail(); !status) return fail(std::move(status).error());
    return make(type, Body{*facts});
  }

  Status in_range(uint64_t value, uint64_t end, std::string_view what) const {
    if (value >= end) return reader_.error(std::string(what) + " " + std::to_string(value) + " is unknown");
    return {};
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

  RecordReader& reader_;
  std::string& scratch_;
};

// Gives up with the error of a Result or Status, else goes on with its value.
#define HW_TRY(name, expression) \
  auto name = (expression);      \
  if (!name) return fail(std::move(name).error())

Result<Event> BodyDecoder::exec() {
  HW_TRY(facts, reader_.fixed<hw_exec>());
  HW_TRY(seccomp, in_range(facts->seccomp, 3, "seccomp mode"));
  HW_TRY(filename, reader_.text(facts->filename, kPathMax, "filename"));
  HW_TRY(args, reader_.bytes(facts->args, HW_ARGS_MAX, "args"));
  HW_TRY(exe, reader_.append_path(facts->exe, HW_PATH_COMPONENTS, "exe path", scratch_));
  const size_t exe_size = scratch_.size();
  HW_TRY(cwd, reader_.append_path(facts->cwd, HW_PATH_COMPONENTS, "cwd", scratch_));

  ExecEvent body{*facts, *filename, {}, {}, *args, facts->args_total > args->size()};
  // The kernel ends each argument by NUL; as separators they are one too many.
  if (body.args.ends_with('\0')) body.args.remove_suffix(1);
  body.exe_path = std::string_view(scratch_).substr(0, exe_size);
  body.cwd = std::string_view(scratch_).substr(exe_size);
  if (facts->cwd.count == 0 && facts->cwd.flags == 0) body.cwd = "/";  // the walk met the task's root at once
  const auto& header = reader_.header();
  const bool at = is_execveat(system_call_table(header.flags), header.syscall);
  return make(at ? EventType::execveat : EventType::execve, body);
}

Result<Event> BodyDecoder::credential() {
  HW_TRY(facts, reader_.fixed<hw_credential>());
  HW_TRY(tail, reader_.expect_no_tail());
  HW_TRY(way, in_range(facts->way, HW_WAY_MAX, "way"));
  const auto& header = reader_.header();
  return make(credential_event_of(system_call_table(header.flags), header.syscall), CredentialEvent{*facts});
}

Result<Event> BodyDecoder::capability() {
  HW_TRY(facts, reader_.fixed<hw_capability>());
  HW_TRY(tail, reader_.expect_no_tail());
  HW_TRY(known, in_range(facts->capability, 64, "capability"));
  return make(EventType::capable, CapabilityEvent{*facts});
}

Result<Event> BodyDecoder::mount() {
  HW_TRY(facts, reader_.fixed<hw_mount>());
  HW_TRY(op, in_range(facts->op, HW_MOUNT_OP_MAX, "mount operation"));
  HW_TRY(source, reader_.text(facts->source, kPathMax, "source"));
  HW_TRY(target, reader_.text(facts->target, kPathMax, "target"));
  HW_TRY(fstype, reader_.text(facts->fstype, kPathMax, "fstype"));
  HW_TRY(data, reader_.text(facts->data, kPathMax, "data"));
  HW_TRY(resolved, reader_.append_path(facts->resolved, HW_PATH_COMPONENTS, "resolved target", scratch_));
  const size_t resolved_size = scratch_.size();
  HW_TRY(from, reader_.append_path(facts->source_resolved, HW_PATH_COMPONENTS, "resolved source", scratch_));

  MountEvent body{*facts, *source, *target, *fstype, *data, {}, {}};
  body.resolved_target = std::string_view(scratch_).substr(0, resolved_size);
  body.resolved_source = std::string_view(scratch_).substr(resolved_size);
  return make(kMountTypes[facts->op], body);
}

Result<Event> BodyDecoder::name_space() {
  HW_TRY(facts, reader_.fixed<hw_namespace>());
  HW_TRY(tail, reader_.expect_no_tail());
  HW_TRY(op, in_range(facts->op, HW_NS_OP_MAX, "namespace operation"));
  return make(facts->op == HW_NS_SETNS ? EventType::setns : EventType::unshare, NamespaceEvent{*facts});
}

Result<Event> BodyDecoder::cgroup() {
  HW_TRY(facts, reader_.fixed<hw_cgroup>());
  HW_TRY(op, in_range(facts->op, HW_CGROUP_OP_MAX, "cgroup operation"));
  HW_TRY(path, reader_.append_path(facts->path, HW_CGROUP_COMPONENTS, "cgroup path", scratch_));
  constexpr EventType kTypes[] = {EventType::cgroup_mkdir, EventType::cgroup_rmdir, EventType::cgroup_attach};
  static_assert(std::size(kTypes) == HW_CGROUP_OP_MAX);
  return make(kTypes[facts->op], CgroupEvent{*facts, scratch_});
}

Result<Event> BodyDecoder::socket() {
  HW_TRY(facts, reader_.fixed<hw_socket>());
  HW_TRY(tail, reader_.expect_no_tail());
  HW_TRY(op, in_range(facts->op, HW_SOCKET_OP_MAX, "socket operation"));
  HW_TRY(known, in_range(facts->listener_class, HW_LISTENER_RUNTIME + 1, "listener class"));
  if (facts->name_len > HW_SUN_PATH)
    return reader_.error("name of " + std::to_string(facts->name_len) + " bytes exceeds " + std::to_string(HW_SUN_PATH));
  const std::string_view bound(facts->name, facts->name_len);
  if (bound.starts_with('\0')) {
    scratch_ = bound;
    std::ranges::replace(scratch_, '\0', '@');  // as /proc/net/unix shows them
  } else {
    scratch_ = bound.substr(0, bound.find('\0'));
  }
  return make(facts->op == HW_SOCKET_CONNECT ? EventType::runtime_connect : EventType::runtime_use,
              SocketEvent{*facts, scratch_});
}

Result<Event> BodyDecoder::request() {
  HW_TRY(facts, reader_.fixed<hw_request>());
  HW_TRY(bytes, reader_.bytes(facts->bytes, HW_REQUEST_CHUNK, "request"));
  if (bytes->size() > facts->length)
    return reader_.error("carries " + std::to_string(bytes->size()) + " bytes of a read of " + std::to_string(facts->length));
  return make(EventType::runtime_bytes, RequestEvent{*facts, *bytes});
}

Result<Event> BodyDecoder::flood() {
  auto event = plain<hw_flood, FloodEvent>(EventType::critical_flood);
  if (!event) return event;
  HW_TRY(known, in_range(event->get<FloodEvent>()->facts.flooded, HW_KIND_MAX, "flooded kind"));
  return event;
}

#undef HW_TRY

// The ancestors a body carries, null for bulk kinds.
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
  if (const hw_ancestor* carried = carried_ancestors(*event)) {
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
