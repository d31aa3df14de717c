#include "detect/runtime_socket.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "detect/docker_api.h"

namespace hullwatch {
namespace {

constexpr uint64_t kContactPatience = 100'000'000;  // a request follows its connect within this, or the contact is told alone
constexpr size_t kMaxContacts = 512;
constexpr size_t kMaxListeners = 4096;
constexpr size_t kMaxTold = 16384;

/// Programs that runtimes are made of, by the file name of their exe.
constexpr std::array<std::string_view, 18> kComponents = {"dockerd",
                                                          "containerd",
                                                          "containerd-shim",
                                                          "containerd-shim-runc-v1",
                                                          "containerd-shim-runc-v2",
                                                          "docker-proxy",
                                                          "docker-init",
                                                          "runc",
                                                          "crun",
                                                          "conmon",
                                                          "crio",
                                                          "kubelet",
                                                          "buildkitd",
                                                          "cri-dockerd",
                                                          "podman",
                                                          "rootlessport",
                                                          "netavark",
                                                          "aardvark-dns"};

std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : "; ") + part;
  return all;
}

std::string unreadable_because(const ParsedRequest& request) {
  if (request.http2) return "gRPC: the call could not be read, judged as the worst";
  if (request.lost) return "bytes of the request were lost on their way to hullwatch: judged as the worst";
  return "the request could not be read: judged as the worst";
}

/// Uploads: their bodies are archives, not JSON, and longer than anybody reads. What they ask for stands in the path.
bool is_upload(const ParsedRequest& request) {
  return request.path == "/build" || request.path == "/images/load" || request.path == "/images/create" ||
         request.path.ends_with("/archive") || request.path.starts_with("/libpod/build") ||
         request.path == "/libpod/images/load" || request.path == "/libpod/images/import";
}

RuntimeRequestFinding finding_of(const ParsedRequest& request) {
  RuntimeRequestFinding finding;
  finding.readable = request.readable;
  if (!request.readable) {
    finding.danger = "critical";
    finding.reasons = unreadable_because(request);
    return finding;
  }
  const ApiCall call = judge_api_call(request);
  finding.danger = api_danger_name(call.danger);
  finding.method = request.method;
  finding.path = request.version.empty() ? request.path : "/" + request.version + request.path;
  finding.version = call.version;
  finding.action = call.action;
  finding.target = call.target;
  finding.image = call.image;
  finding.binds = call.binds;
  finding.pid_mode = call.pid_mode;
  finding.network_mode = call.network_mode;
  finding.cap_add = call.cap_add;
  finding.command = call.command;
  finding.security_opt = call.security_opt;
  finding.privileged = call.privileged;
  finding.reasons = joined(call.reasons);
  return finding;
}

/// A container reads once per life, a host program once per exec.
uint64_t reader_hash(const hw_header& header, uint64_t listener_hash) {
  const uint64_t reader =
      header.home != 0 ? header.home : header.process.start_ns * 31 + header.process.tgid * 7ULL + header.process.execs;
  return (reader * 0x9e3779b97f4a7c15ULL) ^ listener_hash;
}

}  // namespace

RuntimeSocketDetector::RuntimeSocketDetector(const RuntimeSocketConfig& config, Classify classify,
                                             RequestStreams::SetWindow set_window)
    : config_(config), classify_(std::move(classify)), streams_(std::move(set_window)) {}

void RuntimeSocketDetector::on_event(const EventContext& context, const FindingSink& found) {
  if (const auto* socket = context.event.get<SocketEvent>(); socket != nullptr)
    on_contact(*socket, context, found);
  else if (const auto* request = context.event.get<RequestEvent>(); request != nullptr)
    on_bytes(*request, context, found);
}

const RuntimeSocketDetector::Listener& RuntimeSocketDetector::meet(const SocketEvent& socket, const EventContext& context) {
  if (listeners_.size() >= kMaxListeners) listeners_.clear();  // each is classified again at its next contact
  Listener& listener = listeners_[id_of(socket.facts.listener)];
  const bool unanswered = socket.facts.listener_class != HW_LISTENER_RUNTIME || listener.socket.empty();
  if (unanswered && classify_) listener.verdict = classify_(socket, context.tree);
  listener.socket = socket.name;
  listener.tgid = socket.facts.listener_tgid;
  return listener;
}

void RuntimeSocketDetector::on_contact(const SocketEvent& socket, const EventContext& context, const FindingSink& found) {
  if (!meet(socket, context).verdict.runtime) return streams_.ignore(socket.facts.connection);
  const ListenerId id = id_of(socket.facts.listener);
  Contact contact{.connection = socket.facts.connection,
                  .until_ns = context.event.header.time_ns + kContactPatience,
                  .listener = id,
                  .client = client_of(context.event.header, context.event.ancestors, &context, id)};
  if (contact.client.component) {
    ++stats_.component_requests;
    return streams_.ignore(socket.facts.connection);
  }
  contacts_.push_back(std::move(contact));
  if (contacts_.size() > kMaxContacts) on_tick(contacts_.front().until_ns, found);
}

void RuntimeSocketDetector::on_bytes(const RequestEvent& request, const EventContext& context, const FindingSink& found) {
  const auto listener = listeners_.find(id_of(request.facts.listener));
  if (listener != listeners_.end() && !listener->second.verdict.runtime) return streams_.ignore(request.facts.connection);
  streams_.on_bytes(request.facts, request.bytes,
                    [&](const ParsedRequest& parsed, const hw_request& from) { on_request(parsed, from, &context, found); });
}

void RuntimeSocketDetector::on_request(const ParsedRequest& request, const hw_request& from, const EventContext* context,
                                       const FindingSink& found) {
  const ListenerId listener = id_of(from.listener);
  const auto contact =
      std::find_if(contacts_.begin(), contacts_.end(), [&](const Contact& c) { return c.connection == from.connection; });
  // A descriptor can be handed on: the writer counts, but what is known of the one who connected helps where it is the same.
  Client client = client_of(from.h, from.ancestors, context, listener);
  if (contact != contacts_.end()) {
    if (client.image.empty() && contact->client.header.home == from.h.home) client.image = contact->client.image;
    contacts_.erase(contact);
  }
  if (client.component) {
    ++stats_.component_requests;
    return;
  }
  // The second record of a long body was told with the first, unless what it hides could have been JSON that matters.
  if (request.overrun && is_upload(request)) return;
  RuntimeRequestFinding finding = finding_of(request);
  if (request.overrun) {
    finding.readable = false;
    finding.danger = "critical";
    finding.reasons = "its body went on for longer than is read: judged as the worst";
  }
  tell(std::move(finding), client, listener, found);
}

void RuntimeSocketDetector::on_tick(uint64_t now_ns, const FindingSink& found) {
  streams_.on_tick(now_ns,
                   [&](const ParsedRequest& request, const hw_request& from) { on_request(request, from, nullptr, found); });
  while (!contacts_.empty() && contacts_.front().until_ns <= now_ns) {
    const Contact contact = std::move(contacts_.front());
    contacts_.pop_front();
    RuntimeRequestFinding finding;
    finding.danger = "contact";
    tell(std::move(finding), contact.client, contact.listener, found);
  }
}

void RuntimeSocketDetector::tell(RuntimeRequestFinding finding, const Client& client, const ListenerId& listener,
                                 const FindingSink& found) {
  if (finding.danger == "read" || finding.danger == "contact") {
    if (told_.size() >= kMaxTold) told_.clear();  // readers are told once more
    if (!told_.insert(reader_hash(client.header, ListenerHash{}(listener))).second) {
      ++stats_.repeated_reads;
      return;
    }
  }
  if (const auto known = listeners_.find(listener); known != listeners_.end()) {
    finding.runtime = known->second.verdict.name;
    finding.socket = known->second.socket;
  }
  if (finding.runtime.empty()) finding.runtime = "unknown";
  apply_allowance(finding, client.image);
  Event event;
  event.type = EventType::runtime_request;
  event.header = client.header;
  event.ancestors = client.ancestors.empty() ? nullptr : client.ancestors.data();
  event.body = std::move(finding);
  found(std::move(event));
}

RuntimeSocketDetector::Client RuntimeSocketDetector::client_of(const hw_header& header, const hw_ancestor* ancestors,
                                                               const EventContext* context, const ListenerId& listener) const {
  Client client;
  client.header = header;
  if (ancestors != nullptr) client.ancestors.assign(ancestors, ancestors + HW_ANCESTORS);
  if (context == nullptr) return client;
  if (context->container != nullptr && context->event.header.home == header.home) client.image = context->container->meta.image;
  client.component = is_component(*context, listener);
  return client;
}

/// A program of a runtime: on the host, its exe root's own and not writable by others, and either the listener of the socket
/// or its child, or one of the programs runtimes are made of.
bool RuntimeSocketDetector::is_component(const EventContext& context, const ListenerId& listener) const {
  if (context.event.in_container() || context.process == nullptr) return false;
  if ((context.process->exe_flags & (HW_EXE_NOT_ROOTS | HW_EXE_WRITABLE | HW_EXE_UNLINKED | HW_EXE_MEMFD)) != 0) return false;
  const auto known = listeners_.find(listener);
  const uint32_t listening = known != listeners_.end() ? known->second.tgid : 0;
  if (listening > 1 && (context.process->key.tgid == listening || context.process->creator.tgid == listening)) return true;
  const std::string_view name = base_name(context.process->exe_path.view());
  return std::find(kComponents.begin(), kComponents.end(), name) != kComponents.end() && context.event.header.euid == 0;
}

void RuntimeSocketDetector::apply_allowance(RuntimeRequestFinding& finding, std::string_view image) const {
  if (image.empty()) return;
  const bool reads = finding.danger == "read" || finding.danger == "contact";
  for (const RuntimeSocketAllow& entry : config_.allow) {
    if (!(reads || (entry.manage && finding.danger == "manage"))) continue;
    if (fnmatch(entry.image.c_str(), std::string(image).c_str(), 0) != 0) continue;
    finding.allowed = true;
    finding.allow_reason = entry.reason;
    return;
  }
}

}  // namespace hullwatch
