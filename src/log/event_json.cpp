#include "log/event_json.h"

#include <array>
#include <cstring>

#include "event/kernel_names.h"
#include "log/event_body_json.h"
#include "util/json_writer.h"

namespace hullwatch {
namespace {

constexpr uint32_t kUnset = 0xffffffffU;

void write_flags(JsonWriter& json, uint32_t flags) {
  constexpr std::array<std::pair<uint32_t, std::string_view>, 8> kNames = {{{HW_F_HOME_INFERRED, "home_inferred"},
                                                                            {HW_F_COMPAT, "compat"},
                                                                            {HW_F_ATTEMPT, "attempt"},
                                                                            {HW_F_USER_STRINGS, "user_strings"},
                                                                            {HW_F_IO_WORKER, "io_worker"},
                                                                            {HW_F_REDUCED, "reduced"},
                                                                            {HW_F_LATE, "late"},
                                                                            {HW_F_IN_BURST, "in_burst"}}};
  if (flags == 0) return;
  json.key("flags").begin_array();
  for (const auto& [bit, name] : kNames) {
    if ((flags & bit) != 0) json.value(name);
  }
  json.end_array();
}

/// An exec says its own program; a fork and an exit are too many to repeat their command line each time.
bool repeats_program(EventType type) {
  return type != EventType::execve && type != EventType::execveat && type != EventType::clone && type != EventType::procexit;
}

void write_process(JsonWriter& json, const EventContext& context, const Redactor& redactor) {
  const hw_header& h = context.event.header;
  json.key("process").begin_object();
  write_key_members(json, h.process);
  json.member("tid", h.tid).bytes_member("comm", context.event.comm());
  json.member("uid", h.uid).member("euid", h.euid).member("gid", h.gid).key("loginuid");
  h.loginuid == kUnset ? json.null() : json.value(h.loginuid);
  json.member("exe_ino", h.exe_ino).member("exe_dev", h.exe_dev).member("cgroup", h.cgroup);
  if (context.process != nullptr && repeats_program(context.event.type)) {
    const Process& known = *context.process;
    json.bytes_member("exe", known.exe_path).bytes_member("cwd", known.cwd);
    std::string args = redactor.args(known.args);
    for (char& c : args) c = c == '\0' ? ' ' : c;
    json.bytes_member("cmdline", args);
    if (known.ns_pid != 0) json.member("ns_pid", known.ns_pid);
  }
  json.end_object();
  if (h.creator.tgid != 0) {
    json.key("creator").begin_object();
    write_key_members(json, h.creator);
    json.end_object();
  }
}

void write_container(JsonWriter& json, const EventContext& context) {
  json.key("container").begin_object();
  const uint64_t home = context.event.header.home;
  if (home == 0) {
    json.member("id", "host");
  } else {
    json.member("home", home);
    if (const Container* container = context.container) {
      json.bytes_member("id", container->id).bytes_member("name", container->meta.name);
      json.bytes_member("image", container->meta.image).member_if("image_digest", container->meta.image_digest);
      json.member_if("runtime", container->runtime).bytes_member("nested", container->nested);
      json.bytes_member("pod", container->meta.pod).bytes_member("namespace", container->meta.pod_namespace);
    }
  }
  json.end_object();
}

void write_ancestors(JsonWriter& json, const hw_ancestor* ancestors) {
  if (ancestors == nullptr) return;
  json.key("ancestors").begin_array();
  for (int i = 0; i < HW_ANCESTORS && ancestors[i].key.tgid != 0; ++i) {
    json.begin_object();
    write_key_members(json, ancestors[i].key);
    json.bytes_member("comm", std::string_view(ancestors[i].comm, ::strnlen(ancestors[i].comm, HW_COMM_LEN))).end_object();
  }
  json.end_array();
}

}  // namespace

std::string event_members(const EventContext& context, const Redactor& redactor) {
  JsonWriter json;
  json.member("provider", provider_name(context.event.header.provider));
  write_flags(json, context.event.header.flags);
  if (context.event.header.syscall >= 0) json.member("syscall", context.event.header.syscall);
  write_process(json, context, redactor);
  write_container(json, context);
  write_ancestors(json, context.event.ancestors);
  write_event_body(json, context.event.body, redactor);
  return json.take();
}

}  // namespace hullwatch
