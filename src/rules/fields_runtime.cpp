#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

const RuntimeRequestFinding* request(Context c) { return c.event.get<RuntimeRequestFinding>(); }

template <auto Member>
Value request_text(Context c, Argument, Scratch) {
  const auto* found = request(c);
  return found == nullptr ? Value{} : text(found->*Member);
}
template <auto Member>
Value request_truth(Context c, Argument, Scratch) {
  const auto* found = request(c);
  return found == nullptr ? Value{} : truth(found->*Member);
}

Value socket_name(Context c, Argument, Scratch) {
  if (const auto* found = request(c)) return text(found->socket);
  const auto* socket = c.event.get<SocketEvent>();
  return socket == nullptr ? Value{} : text(socket->name);
}
Value client(Context c, Argument, Scratch) {
  const auto* found = request(c);
  if (found == nullptr && c.event.get<SocketEvent>() == nullptr && c.event.get<RequestEvent>() == nullptr) return {};
  if (found != nullptr && found->remote) return Value(std::string_view("remote"));
  if (found != nullptr && found->runtime_component) return Value(std::string_view("component"));
  return Value(std::string_view(c.event.in_container() ? "container" : "host"));
}
Value is_known_runtime(Context c, Argument, Scratch) {
  return of<SocketEvent>(c, [](const auto& e) { return e.facts.listener_class == HW_LISTENER_RUNTIME; });
}
Value inherited(Context c, Argument, Scratch) {
  if (const auto* found = request(c)) return truth(found->inherited);
  return of<SocketEvent>(c, [](const auto& e) {
    return e.facts.op == HW_SOCKET_USE || e.facts.op == HW_SOCKET_HOLD || e.facts.op == HW_SOCKET_RECEIVE;
  });
}
Value opener_pid(Context c, Argument, Scratch) {
  if (const auto* found = request(c)) return found->opener_pid == 0 ? Value{} : signed_number(found->opener_pid);
  const auto* socket = c.event.get<SocketEvent>();
  return socket == nullptr || socket->facts.opener.tgid == 0 ? Value{} : signed_number(socket->facts.opener.tgid);
}
Value opener_name(Context c, Argument, Scratch) {
  const auto* found = request(c);
  return found == nullptr || !found->inherited ? Value{} : text(found->opener_name);
}
Value opener_is_elsewhere(Context c, Argument, Scratch) {
  const auto* found = request(c);
  if (found == nullptr || !found->inherited || !found->opener_known) return {};
  return truth(found->opener_home != c.event.header.home);
}
Value listener_pid(Context c, Argument, Scratch) {
  const auto* socket = c.event.get<SocketEvent>();
  return socket == nullptr || socket->facts.listener_tgid == 0 ? Value{} : signed_number(socket->facts.listener_tgid);
}
Value connection(Context c, Argument, Scratch) {
  if (const auto* bytes = c.event.get<RequestEvent>()) return number(bytes->facts.connection);
  const auto* socket = c.event.get<SocketEvent>();
  return socket == nullptr ? Value{} : number(socket->facts.connection);
}

constexpr auto kNone = Field::Argument::none;
using R = RuntimeRequestFinding;

// clang-format off
constexpr Field kFields[] = {
    {"runtime_socket.runtime", string, kNone, "Whose socket, or port: docker, containerd, crio, podman, buildkit, kubelet, unknown", request_text<&R::runtime>},
    {"runtime_socket.name", string, kNone, "Name the listener was bound to, whatever name the client used; abstract names begin with @, ports are tcp:2375", socket_name},
    {"runtime_socket.client", string, kNone, "Who asks: host, container, component for a part of the runtime itself, or remote for a client over TCP that nobody on this node is", client},
    {"runtime_socket.inherited", boolean, kNone, "True when the process uses, or holds, a connection it did not make itself", inherited},
    {"runtime_socket.opener_pid", integer, kNone, "Process that made the connection another one uses", opener_pid},
    {"runtime_socket.opener_name", string, kNone, "Its name", opener_name},
    {"runtime_socket.opener_elsewhere", boolean, kNone, "True when it belongs to another container, or to the host", opener_is_elsewhere},
    {"runtime_socket.address", string, kNone, "Address and port of a client over TCP", request_text<&R::address>},
    {"runtime_socket.is_runtime", boolean, kNone, "True when the listener was known for a runtime's already", is_known_runtime},
    {"runtime_socket.listener_pid", integer, kNone, "Process that called listen: the runtime, or PID 1 for an activated socket", listener_pid},
    {"runtime_socket.connection", unsigned_integer, kNone, "Number of the connection, never used twice", connection},
    {"docker.api.protocol", string, kNone, "http, grpc, ttrpc, or tls, which cannot be read", request_text<&R::protocol>},
    {"docker.api.method", string, kNone, "Method of the request: GET, POST, …; POST for every gRPC call", request_text<&R::method>},
    {"docker.api.path", string, kNone, "Path of the request, without its query; of a gRPC call service and method: /runtime.v1.RuntimeService/Exec", request_text<&R::path>},
    {"docker.api.version", string, kNone, "API version in the path: v1.41", request_text<&R::version>},
    {"docker.api.action", string, kNone, "What is asked for: containers/create, containers/exec, images/pull, …", request_text<&R::action>},
    {"docker.api.target", string, kNone, "Container or image asked about, by name or id", request_text<&R::target>},
    {"docker.api.image", string, kNone, "Image of the container to be created", request_text<&R::image>},
    {"docker.api.command", string, kNone, "Command to be run, secrets taken out", request_text<&R::command>},
    {"docker.api.privileged", boolean, kNone, "True when a privileged container or command was asked for", request_truth<&R::privileged>},
    {"docker.api.binds", string, kNone, "Host paths to be mounted", request_text<&R::binds>},
    {"docker.api.pid_mode", string, kNone, "Pid namespace asked for: host, container:…", request_text<&R::pid_mode>},
    {"docker.api.network_mode", string, kNone, "Network asked for", request_text<&R::network_mode>},
    {"docker.api.cap_add", string, kNone, "Capabilities asked for", request_text<&R::cap_add>},
    {"docker.api.security_opt", string, kNone, "Security options asked for", request_text<&R::security_opt>},
    {"docker.api.readable", boolean, kNone, "False when the request could not be read; it is then judged as the worst", request_truth<&R::readable>},
    {"docker.api.danger", string, kNone, "contact, read, manage or critical", request_text<&R::danger>},
    {"docker.api.reasons", string, kNone, "Why it is critical, in words", request_text<&R::reasons>},
    {"docker.api.allowed", boolean, kNone, "True when an entry of runtime_socket.allow covers it", request_truth<&R::allowed>},
    {"docker.api.allow_reason", string, kNone, "Reason that entry gives", request_text<&R::allow_reason>},
};
// clang-format on

}  // namespace

std::span<const Field> runtime_fields() { return kFields; }

}  // namespace hullwatch::field
