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

namespace hullwatch {

/// What a listener is taken for.
struct ListenerVerdict {
  bool runtime = false;
  std::string name;  // "docker", "containerd", "crio", "podman", "buildkit", "kubelet", …
};

struct RuntimeSocketStats {
  uint64_t component_requests = 0;  // by runtimes' own programs: counted only
  uint64_t repeated_reads = 0;      // told before
};

class RuntimeSocketDetector final : public Detector {
 public:
  using Classify = std::function<ListenerVerdict(const SocketEvent&, const ProcessTree&)>;

  /// `classify` is asked at each first contact with a listener; `set_window` tells the kernel what of a connection to send.
  RuntimeSocketDetector(const RuntimeSocketConfig& config, Classify classify, RequestStreams::SetWindow set_window);

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
  struct Client {
    hw_header header{};
    std::vector<hw_ancestor> ancestors;
    std::string image;
    bool component = false;
  };
  struct Contact {
    uint64_t connection = 0, until_ns = 0;
    ListenerId listener{};
    Client client;
  };

  static ListenerId id_of(const hw_listener& listener) { return {listener.ino, listener.dev, listener.netns}; }
  const Listener& meet(const SocketEvent& socket, const EventContext& context);
  void on_contact(const SocketEvent& socket, const EventContext& context, const FindingSink& found);
  void on_bytes(const RequestEvent& request, const EventContext& context, const FindingSink& found);
  void on_request(const ParsedRequest& request, const hw_request& from, const EventContext* context, const FindingSink& found);
  void tell(RuntimeRequestFinding finding, const Client& client, const ListenerId& listener, const FindingSink& found);
  [[nodiscard]] Client client_of(const hw_header& header, const hw_ancestor* ancestors, const EventContext* context,
                                 const ListenerId& listener) const;
  [[nodiscard]] bool is_component(const EventContext& context, const ListenerId& listener) const;
  void apply_allowance(RuntimeRequestFinding& finding, std::string_view image) const;

  RuntimeSocketConfig config_;
  Classify classify_;
  RequestStreams streams_;
  std::unordered_map<ListenerId, Listener, ListenerHash> listeners_;
  std::deque<Contact> contacts_;
  std::unordered_set<uint64_t> told_;  // hashes of (reader, socket)
  RuntimeSocketStats stats_;
};

}  // namespace hullwatch
