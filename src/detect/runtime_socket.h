#pragma once
// Access to container runtimes' sockets. Who spoke to a runtime comes from the contact records, what was asked from the bytes
// the runtime read; severity follows the request, not the contact. A contact waits a moment for its request, so that one
// finding tells both; reading is told once per container (or host program) and socket, every change is told. Components of
// runtimes themselves are counted only. Evaluator thread only; bounded.

#include <deque>
#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config/config.h"
#include "detect/detector.h"
#include "detect/request_stream.h"
#include "detect/runtime_client.h"

namespace hullwatch {

/// What a listener is taken for.
struct ListenerVerdict {
  bool runtime = false;
  bool undecided = false;  // it listens for another: whose API it is shows when somebody reads from it
  std::string name;        // "docker", "containerd", "crio", "podman", "buildkit", "kubelet", …
};

/// What the detector asks of the world.
struct RuntimeSocketPorts {
  /// At each first contact with a listener.
  std::function<ListenerVerdict(const SocketEvent&, const ProcessTree&)> classify{};
  /// An undecided listener's connection is being read by `server`: the last word on it.
  std::function<ListenerVerdict(const hw_listener&, const hw_key& server)> classify_server{};
  /// What of a connection the kernel is still to send.
  RequestStreams::SetWindow set_window{};
};

struct RuntimeSocketStats {
  uint64_t component_requests = 0;  // by runtimes' own programs: counted only
  uint64_t repeated_reads = 0;      // told before
};

class RuntimeSocketDetector final : public Detector {
 public:
  RuntimeSocketDetector(const RuntimeSocketConfig& config, RuntimeSocketPorts ports);

  void on_event(const EventContext& context, const FindingSink& found) override;
  void on_tick(uint64_t now_ns, const FindingSink& found) override;
  [[nodiscard]] const RuntimeSocketStats& stats() const { return stats_; }
  [[nodiscard]] const RequestStreamStats& stream_stats() const { return streams_.stats(); }

 private:
  struct ListenerId {
    uint64_t ino;
    uint32_t dev, netns;
    bool operator==(const ListenerId&) const = default;
  };
  struct ListenerHash {
    size_t operator()(const ListenerId& id) const noexcept {
      return id.ino * 0x9e3779b97f4a7c15ULL ^ (static_cast<uint64_t>(id.dev) << 32 | id.netns);
    }
  };
  struct Listener {
    ListenerVerdict verdict;
    std::string socket;
    uint32_t tgid = 0;  // who listens
  };
  /// Who spoke: kept until the request comes.
  struct Contact {
    uint64_t connection = 0, until_ns = 0;
    ListenerId listener{};
    RuntimeClient client;
    bool connected = false;  // it made the connection; else it got hold of one
  };

  static ListenerId id_of(const hw_listener& listener) { return {listener.ino, listener.dev, listener.netns}; }
  const Listener& meet(const SocketEvent& socket, const EventContext& context);
  void on_contact(const SocketEvent& socket, const EventContext& context, const FindingSink& found);
  void note_opener(const SocketEvent& socket, const EventContext& context);
  void on_bytes(const RequestEvent& request, const EventContext& context, const FindingSink& found);
  bool is_runtimes(const hw_request& record);
  void forget_contacts(const hw_request& from, RuntimeClient& client);
  void on_request(const ParsedRequest& request, const hw_request& from, RuntimeClient client, const FindingSink& found);
  void tell(RuntimeRequestFinding finding, const RuntimeClient& client, const ListenerId& listener, uint64_t connection,
            const FindingSink& found);
  void tell_opener(RuntimeRequestFinding& finding, const RuntimeClient& client, uint64_t connection) const;
  [[nodiscard]] bool told_before(const RuntimeRequestFinding& finding, const RuntimeClient& client, const ListenerId& listener);
  [[nodiscard]] RuntimeClient client_of(const EventContext& context, const ListenerId& listener,
                                        const hw_endpoint& endpoint) const;
  void apply_allowance(RuntimeRequestFinding& finding, std::string_view image) const;

  RuntimeSocketConfig config_;
  RuntimeSocketPorts ports_;
  RequestStreams streams_;
  std::unordered_map<ListenerId, Listener, ListenerHash> listeners_;
  std::unordered_map<uint64_t, ConnectionOpener> openers_;  // of connections that others than their makers use
  std::deque<Contact> contacts_;
  std::unordered_set<uint64_t> told_;  // hashes of (reader, socket)
  RuntimeSocketStats stats_;
};

}  // namespace hullwatch
