#include "respond/response.h"

#include "util/json_writer.h"
#include "util/time_text.h"

namespace hullwatch {
namespace {

/// Without the brackets around them.
std::string members_of(JsonWriter& json) {
  const std::string object = json.take();
  return object.substr(1, object.size() - 2);
}

}  // namespace

std::string response_members(const ResponseOutcome& outcome) {
  const ResponseOrder& order = outcome.order;
  JsonWriter json;
  json.begin_object().key("response").begin_object().member("action", response_name(order.action.kind));
  if (order.action.kind == ResponseAction::Kind::clamp_pids) json.member("limit", order.action.value);
  if (order.action.kind == ResponseAction::Kind::signal) json.member("signal", order.action.value);
  json.member("outcome", result_name(outcome.effect.result)).bytes_member("reason", outcome.effect.reason);
  json.bytes_member("target", outcome.effect.target).member_if("rule", order.rule);
  if (!order.alert_uuid.empty()) json.member("alert_uuid", order.alert_uuid).member("alert_seq", order.alert_seq);
  if (outcome.time_ns != 0) json.member("time", rfc3339(outcome.time_ns)).member("took_ns", outcome.took_ns);
  json.end_object().key("container").begin_object().member("home", order.home);
  if (order.home == 0)
    json.member("id", "host");
  else
    json.bytes_member("id", order.container_id).bytes_member("name", order.container_name);
  json.bytes_member("cgroup", order.cgroup_path).end_object();
  if (order.pid != 0)
    json.key("process").begin_object().member("pid", order.pid).member("start_ns", order.start_ns).end_object();
  json.end_object();
  return members_of(json);
}

std::string shed_members(ResponseAction::Kind kind, uint64_t count) {
  JsonWriter json;
  json.begin_object().key("response").begin_object().member("action", response_name(kind));
  json.member("outcome", result_name(ResponseResult::shed)).member("reason", "the queue of responses was full");
  json.member("count", count).end_object().end_object();
  return members_of(json);
}

}  // namespace hullwatch
