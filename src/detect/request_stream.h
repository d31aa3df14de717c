#pragma once
// The requests on all connections to runtimes' sockets: puts each connection's bytes in order, feeds its parser, and tells the
// kernel what it need not send. Evaluator thread only.
//
// Bounded: kMaxConnections parsers of at most 80 KiB; the one unheard of for longest goes first, and is counted. A connection
// of which bytes are missing (lost, suppressed, evicted) is reported once as unreadable: never silent.

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>

#include "detect/http_request.h"
#include "detect/runtime_client.h"
#include "hullwatch/wire.h"

namespace hullwatch {

struct RequestStreamStats {
  uint64_t requests = 0;    // handed out and readable
  uint64_t unreadable = 0;  // handed out as such
  uint64_t gaps = 0;        // bytes missing between two records
  uint64_t evicted = 0;     // connections given up for newer ones
  uint64_t opaque = 0;      // connections the kernel was told to stop sending
};

class RequestStreams {
 public:
  static constexpr size_t kMaxConnections = 256;
  static constexpr uint64_t kPatienceNs = 200'000'000;  // a body that stalls so long is judged by what has come

  /// A request, the record its first byte came in (its header is the client's) and what was known of the client then. When
  /// several processes wrote one request and one of them is in a container, that one's. Valid during the call.
  using Sink = std::function<void(const ParsedRequest&, const hw_request& from, const RuntimeClient& client)>;
  /// Puts `window` into the kernel's map `request_windows` under `connection`.
  using SetWindow = std::function<void(uint64_t connection, const hw_request_window& window)>;

  explicit RequestStreams(SetWindow set_window);
  ~RequestStreams();
  RequestStreams(const RequestStreams&) = delete;
  RequestStreams& operator=(const RequestStreams&) = delete;

  /// Takes one record; calls `sink` for each request that ends, or becomes clear, with it.
  void on_bytes(const hw_request& record, std::string_view bytes, const RuntimeClient& client, const Sink& sink);
  /// Judges bodies that stalled. About ten times a second.
  void on_tick(uint64_t now_ns, const Sink& sink);
  /// The listener turned out to be no runtime, or the connection is of no interest: drops it, and the kernel stops sending.
  void ignore(uint64_t connection);
  /// Another program uses the connection, for which the kernel has begun to send again: what was ignored is looked at.
  void resume(uint64_t connection);

  [[nodiscard]] size_t size() const;
  [[nodiscard]] const RequestStreamStats& stats() const { return stats_; }

 private:
  struct Stream;
  using Order = std::list<uint64_t>;

  Stream& stream_of(const hw_request& record, const Sink& sink);
  void miss(Stream& stream, uint64_t count);
  void update_window(uint64_t connection, Stream& stream);
  void stop(uint64_t connection, Stream& stream);

  SetWindow set_window_;
  std::unordered_map<uint64_t, std::unique_ptr<Stream>> streams_;
  Order order_;  // of connections, the one heard of last in front
  RequestStreamStats stats_;
};

}  // namespace hullwatch
