#include "alert/alert_json.h"

#include "alert/alert_text.h"
#include "util/time_text.h"

namespace hullwatch {
namespace {

constexpr uint32_t kUnset = 0xffffffffU;

void write_value(JsonWriter& json, const OutputValue& value) {
  std::visit(
      [&](const auto& v) {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::monostate>) {
          json.null();
        } else {
          json.value(v);
        }
      },
      value);
}

void write_fields(JsonWriter& json, const std::vector<std::pair<std::string, OutputValue>>& fields) {
  for (const auto& [name, value] : fields) {
    // falcosidekick takes k8s.* for strings without looking: a null there ends it.
    if (std::holds_alternative<std::monostate>(value) && name.starts_with("k8s.")) continue;
    json.key(name);
    write_value(json, value);
  }
}

void write_container(JsonWriter& json, const AlertContainer& container) {
  json.begin_object();
  if (container.id.empty()) {
    json.member("id", "host").member("name", "host");
  } else {
    json.member("id", container.id).member("name", container.name).member("image", container.image);
    json.member("image_digest", container.image_digest).member("runtime", container.runtime);
    json.member_if("pod", container.pod).member_if("namespace", container.pod_namespace);
    if (container.pending) json.member("pending", true);
  }
  json.end_object();
}

void write_process(JsonWriter& json, const AlertProcess& process) {
  json.begin_object();
  json.member("pid", process.pid);
  if (process.tid != 0) json.member("tid", process.tid);
  if (process.ns_pid != 0) json.member("ns_pid", process.ns_pid);
  json.member("start_ns", process.start_ns).member("execs", process.execs);
  json.bytes_member("comm", process.comm).bytes_member("exe", process.exe).bytes_member("cmdline", process.cmdline);
  json.bytes_member("cwd", process.cwd).member_if("user", process.user);
  json.member("uid", process.uid).member("euid", process.euid).member("gid", process.gid).key("loginuid");
  process.loginuid == kUnset ? json.null() : json.value(process.loginuid);
  json.end_object();
}

}  // namespace

void write_alert_json(JsonWriter& json, const Alert& alert, std::string_view hostname) {
  json.begin_object();
  json.member("schema", kAlertSchema).member("uuid", alert.uuid).member("time", rfc3339(alert.time_ns));
  json.member("rule", alert.rule).member("priority", priority_name(alert.priority)).member("source", alert.source);
  json.member("hostname", hostname).member("output", alert_message(alert)).key("tags").begin_array();
  for (const std::string& tag : alert.tags) json.value(tag);
  json.end_array().key("output_fields").begin_object();
  // falcosidekick refuses an alert without output fields.
  if (alert.output_fields.empty()) json.member("evt.time", alert.time_ns);
  write_fields(json, alert.output_fields);
  json.end_object().key("container");
  write_container(json, alert.container);
  json.key("process");
  write_process(json, alert.process);
  json.key("ancestors").begin_array();
  for (const AlertProcess& ancestor : alert.ancestors) write_process(json, ancestor);
  json.end_array().key("evidence").begin_object();
  write_fields(json, alert.evidence);
  json.end_object();
  if (alert.reduced) json.member("reduced", true);
  if (alert.suppressed) json.member("suppressed", true);
  if (alert.repeated > 0) json.member("repeated", alert.repeated);
  json.member("boot_ns", alert.boot_ns).member("seq", alert.seq);
  json.end_object();
}

std::string alert_json(const Alert& alert, std::string_view hostname) {
  JsonWriter json;
  write_alert_json(json, alert, hostname);
  return json.take();
}

}  // namespace hullwatch
