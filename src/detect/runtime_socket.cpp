#include "detect/runtime_socket.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstring>

#include "detect/request_finding.h"
#include "detect/runtime_component.h"
#include "event/kernel_names.h"

namespace hullwatch {
namespace {

constexpr uint64_t kContactPatience = 100'000'000;  // a request follows its connect within this, or the contact is told alone
constexpr size_t kMaxContacts = 512;
constexpr size_t kMaxListeners = 4096;
constexpr size_t kMaxTold = 16384;
constexpr size_t kMaxOpeners = 4096;

/// A container reads once per life, a host program once per exec, a client from elsewhere once per address.
uint64_t reader_hash(const RuntimeClient& client, uint64_t listener_hash) {
  const hw_header& header = client.header;
  uint64_t reader =
      header.home != 0 ? header.home : header.process.start_ns * 31 + header.process.tgid * 7ULL + header.process.execs;
  if (client.remote)
    reader = std::hash<std::string_view>{}(std::string_view(client.address).substr(0, client.address.rfind(':')));
  return (reader * 0x9e3779b97f4a7c15ULL) ^ listener_hash;
}

bool same_program(const hw_key& a, const hw_key& b) {
  return a.tgid == b.tgid && (a.start_ns == 0 || b.start_ns == 0 || (a.start_ns == b.start_ns && a.execs == b.execs));
}

}  // namespace

RuntimeSocketDetector::RuntimeSocketDetector(const RuntimeSocketConfig& config, RuntimeSocketPorts ports)
    : config_(config), ports_(std::move(ports)), streams_(ports_.set_window) {}

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
  if (unanswered && ports_.classify) listener.verdict = ports_.classify(socket, context.tree);
  listener.socket = socket.name;
  if (socket.facts.listener_tgid != 0) listener.tgid = socket.facts.listener_tgid;
  return listener;
}

void RuntimeSocketDetector::on_contact(const SocketEvent& socket, const EventContext& context, const FindingSink& found) {
  const ListenerVerdict verdict = meet(socket, context).verdict;
  if (socket.facts.op == HW_SOCKET_LISTEN) return;
  if (!verdict.runtime && !verdict.undecided) return streams_.ignore(socket.facts.connection);
  const ListenerId id = id_of(socket.facts.listener);
  Contact contact{.connection = socket.facts.connection,
                  .until_ns = context.event.header.time_ns + kContactPatience,
                  .listener = id,
                  .client = client_of(context, id, socket.facts.client),
                  .connected = socket.facts.op == HW_SOCKET_CONNECT};
  if (contact.client.component) {
    ++stats_.component_requests;
    // A connection that was handed on is not the runtime's own any more: what comes over it is looked at.
    return socket.facts.op == HW_SOCKET_CONNECT ? streams_.ignore(socket.facts.connection) : void();
  }
  if (socket.facts.op != HW_SOCKET_CONNECT) streams_.resume(socket.facts.connection);
  if (socket.facts.opener.tgid != 0) note_opener(socket, context);
  contacts_.push_back(std::move(contact));
  if (contacts_.size() > kMaxContacts) on_tick(contacts_.front().until_ns, found);
}

void RuntimeSocketDetector::note_opener(const SocketEvent& socket, const EventContext& context) {
  if (openers_.size() >= kMaxOpeners) openers_.clear();  // later requests over these are told without it
  const hw_socket& facts = socket.facts;
  ConnectionOpener opener{.process = facts.opener, .home = facts.opener_home, .name = {}, .known = facts.opener.start_ns != 0};
  opener.name.assign(facts.opener_comm, strnlen(facts.opener_comm, HW_COMM_LEN));
  if (const Process* process = context.tree.find(facts.opener); process != nullptr) opener.name = process->comm;
  openers_[facts.connection] = std::move(opener);
}

/// A listener that nobody met counts as a runtime's: the kernel sends bytes of no other.
bool RuntimeSocketDetector::is_runtimes(const hw_request& record) {
  const auto listener = listeners_.find(id_of(record.listener));
  if (listener == listeners_.end()) return true;
  ListenerVerdict& verdict = listener->second.verdict;
  if (verdict.undecided && ports_.classify_server) verdict = ports_.classify_server(record.listener, record.server);
  return verdict.runtime || verdict.undecided;
}

void RuntimeSocketDetector::on_bytes(const RequestEvent& request, const EventContext& context, const FindingSink& found) {
  if (!is_runtimes(request.facts)) return streams_.ignore(request.facts.connection);
  streams_.on_bytes(request.facts, request.bytes, client_of(context, id_of(request.facts.listener), request.facts.client),
                    [&](const ParsedRequest& parsed, const hw_request& from, const RuntimeClient& client) {
                      on_request(parsed, from, client, found);
                    });
}

/// The request tells more than its writer's contact, and than that of who connected. Whoever else got hold of the connection is
/// told: where nobody is there when a client writes, what he asks is taken for the opener's.
void RuntimeSocketDetector::forget_contacts(const hw_request& from, RuntimeClient& client) {
  std::erase_if(contacts_, [&](const Contact& contact) {
    if (contact.connection != from.connection) return false;
    const hw_key& by = contact.client.header.process;
    if (!contact.connected && (by.tgid != from.h.process.tgid || by.start_ns != from.h.process.start_ns)) return false;
    if (client.image.empty() && contact.client.header.home == from.h.home) client.image = contact.client.image;
    return true;
  });
}

void RuntimeSocketDetector::on_request(const ParsedRequest& request, const hw_request& from, RuntimeClient client,
                                       const FindingSink& found) {
  forget_contacts(from, client);
  if (client.component) {
    ++stats_.component_requests;
    return;
  }
  // The second record of a long body was told with the first, unless what it hides could have been JSON that matters.
  if (request.overrun && is_upload(request)) return;
  tell(finding_of(request), client, id_of(from.listener), from.connection, found);
}

void RuntimeSocketDetector::on_tick(uint64_t now_ns, const FindingSink& found) {
  streams_.on_tick(now_ns, [&](const ParsedRequest& request, const hw_request& from, const RuntimeClient& client) {
    on_request(request, from, client, found);
  });
  while (!contacts_.empty() && contacts_.front().until_ns <= now_ns) {
    const Contact contact = std::move(contacts_.front());
    contacts_.pop_front();
    const auto listener = listeners_.find(contact.listener);
    if (listener != listeners_.end() && !listener->second.verdict.runtime) continue;
    RuntimeRequestFinding finding;
    finding.danger = "contact";
    tell(std::move(finding), contact.client, contact.listener, contact.connection, found);
  }
}

/// The kubelet asks every caller over TLS who it is and what it may; Docker gives whoever it lets in the node.
void judge_encrypted(RuntimeRequestFinding& finding, const RuntimeClient& client) {
  if (finding.protocol == "tls" && (client.remote || finding.runtime == "kubelet")) finding.danger = "contact";
}

void RuntimeSocketDetector::tell(RuntimeRequestFinding finding, const RuntimeClient& client, const ListenerId& listener,
                                 uint64_t connection, const FindingSink& found) {
  if (const auto known = listeners_.find(listener); known != listeners_.end()) {
    finding.runtime = known->second.verdict.name;
    finding.socket = known->second.socket;
  }
  if (finding.runtime.empty()) finding.runtime = "unknown";
  finding.address = client.address;
  finding.remote = client.remote;
  judge_encrypted(finding, client);
  tell_opener(finding, client, connection);
  if (told_before(finding, client, listener)) return;
  apply_allowance(finding, client.image);
  Event event;
  event.type = EventType::runtime_request;
  event.header = client.header;
  event.ancestors = client.ancestors.empty() ? nullptr : client.ancestors.data();
  event.body = std::move(finding);
  found(std::move(event));
}

void RuntimeSocketDetector::tell_opener(RuntimeRequestFinding& finding, const RuntimeClient& client,
                                        uint64_t connection) const {
  const auto opener = openers_.find(connection);
  if (opener == openers_.end() || same_program(opener->second.process, client.header.process)) return;
  finding.inherited = true;
  finding.opener_pid = opener->second.process.tgid;
  finding.opener_name = opener->second.name;
  finding.opener_home = opener->second.home;
  finding.opener_known = opener->second.known;
}

/// Reading, contacts, and what is encrypted; over a connection of another's making it is told apart.
bool RuntimeSocketDetector::told_before(const RuntimeRequestFinding& finding, const RuntimeClient& client,
                                        const ListenerId& listener) {
  if (finding.danger != "read" && finding.danger != "contact" && finding.protocol != "tls") return false;
  if (told_.size() >= kMaxTold) told_.clear();  // readers are told once more
  if (told_.insert(reader_hash(client, ListenerHash{}(listener)) + (finding.inherited ? 1 : 0)).second) return false;
  ++stats_.repeated_reads;
  return true;
}

RuntimeClient RuntimeSocketDetector::client_of(const EventContext& context, const ListenerId& listener,
                                               const hw_endpoint& endpoint) const {
  RuntimeClient client;
  client.header = context.event.header;
  client.address = endpoint_text(endpoint);
  client.remote = endpoint.port != 0 && client.header.process.tgid == 0;
  if (context.event.ancestors != nullptr)
    client.ancestors.assign(context.event.ancestors, context.event.ancestors + HW_ANCESTORS);
  if (context.container != nullptr) client.image = context.container->meta.image;
  const auto known = listeners_.find(listener);
  client.component = is_runtime_component(context, known != listeners_.end() ? known->second.tgid : 0);
  return client;
}

void RuntimeSocketDetector::apply_allowance(RuntimeRequestFinding& finding, std::string_view image) const {
  if (image.empty()) return;
  const bool reads = finding.danger == "read" || finding.danger == "contact";
  // Nobody can tell what is encrypted; who may change things may use what cannot be told from it.
  const bool manages = finding.danger == "manage" || finding.protocol == "tls";
  for (const RuntimeSocketAllow& entry : config_.allow) {
    if (!(reads || (entry.manage && manages))) continue;
    if (fnmatch(entry.image.c_str(), std::string(image).c_str(), 0) != 0) continue;
    if (!reads) finding.danger = "manage";
    finding.allowed = true;
    finding.allow_reason = entry.reason;
    return;
  }
}

}  // namespace hullwatch
