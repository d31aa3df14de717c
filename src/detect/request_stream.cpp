#include "detect/request_stream.h"

#include <algorithm>

namespace hullwatch {
namespace {

// A skip is worth a map update only for bodies that are longer than a few reads.
constexpr uint64_t kWorthSkipping = 16 * 1024;
// Of a chunked body so much is read, after the request itself was handed out, to find its end and the next request.
constexpr uint64_t kMaxSpent = 64 * 1024;
// No connection gets that far; beyond it sums would wrap.
constexpr uint64_t kMaxOffset = uint64_t{1} << 61;

}  // namespace

struct RequestStreams::Stream {
  explicit Stream(RequestStreamStats& counters)
      : stats(counters), parser([this](const ParsedRequest& request) { hand_out(request); }) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void hand_out(const ParsedRequest& request) {
    request.readable ? ++stats.requests : ++stats.unreadable;
    (*sink)(request, from, client);
    // What else ends within the current record also began in it.
    if (record != nullptr) begin_here();
  }

  void begin_here() {
    from = *record;
    client = *writer;
  }

  RequestStreamStats& stats;
  HttpRequestParser parser;
  const Sink* sink = nullptr;             // of the call going on
  const hw_request* record = nullptr;     // of the call going on
  const RuntimeClient* writer = nullptr;  // of `record`
  hw_request from{};                      // where the request being read began
  RuntimeClient client;                   // who began it
  uint64_t next_offset = 0;
  uint64_t send_to = 0;  // as the kernel has it; 0: never set
  uint64_t spent = 0;    // bytes of a body that were read only to find its end
  uint64_t heard_ns = 0;
  bool stopped = false;  // the kernel was told to send no more
  Order::iterator order;
};

RequestStreams::RequestStreams(SetWindow set_window) : set_window_(std::move(set_window)) {}
RequestStreams::~RequestStreams() = default;
size_t RequestStreams::size() const { return streams_.size(); }

RequestStreams::Stream& RequestStreams::stream_of(const hw_request& record, const Sink& sink) {
  if (const auto found = streams_.find(record.connection); found != streams_.end()) {
    order_.splice(order_.begin(), order_, found->second->order);
    return *found->second;
  }
  if (streams_.size() >= kMaxConnections) {
    Stream& oldest = *streams_.at(order_.back());
    oldest.sink = &sink;
    oldest.record = nullptr;
    oldest.parser.flush();
    ++stats_.evicted;
    streams_.erase(order_.back());
    order_.pop_back();
  }
  order_.push_front(record.connection);
  Stream& stream = *streams_.emplace(record.connection, std::make_unique<Stream>(stats_)).first->second;
  stream.order = order_.begin();
  // A connection older than hullwatch, or one heard of again: taken up where it is.
  stream.next_offset = record.offset;
  stream.send_to = record.offset == 0 ? HW_REQUEST_WINDOW : 0;
  return stream;
}

void RequestStreams::on_bytes(const hw_request& record, std::string_view bytes, const RuntimeClient& client, const Sink& sink) {
  if (record.offset > kMaxOffset) {
    ++stats_.gaps;
    return;
  }
  Stream& stream = stream_of(record, sink);
  stream.heard_ns = record.h.time_ns;
  if (stream.stopped || stream.parser.opaque()) return;
  stream.sink = &sink;
  stream.record = &record;
  stream.writer = &client;
  if (stream.parser.idle() || (record.h.home != 0 && stream.from.h.home == 0)) stream.begin_here();

  const uint64_t end = record.offset + record.length;
  bytes = bytes.substr(0, record.length);
  if (record.offset > stream.next_offset) {
    miss(stream, record.offset - stream.next_offset);
  } else {
    bytes.remove_prefix(static_cast<size_t>(std::min<uint64_t>(stream.next_offset - record.offset, bytes.size())));
  }
  if (end > stream.next_offset) {
    stream.parser.feed(bytes);
    stream.spent = stream.parser.in_spent_body() ? stream.spent + bytes.size() : 0;
    // Fewer than were read: the kernel could not copy them.
    miss(stream, end - std::max<uint64_t>(record.offset, stream.next_offset) - bytes.size());
    stream.next_offset = end;
  }
  if (record.request_flags & HW_REQUEST_LAST) {
    stream.parser.in_spent_body() ? stream.parser.give_up() : stream.parser.lose();
    stop(record.connection, stream);
  } else {
    update_window(record.connection, stream);
  }
  stream.record = nullptr;
}

/// `count` bytes did not come.
void RequestStreams::miss(Stream& stream, uint64_t count) {
  if (count == 0) return;
  if (count <= stream.parser.skippable()) return stream.parser.skip(count);
  ++stats_.gaps;
  stream.parser.in_spent_body() ? stream.parser.give_up() : stream.parser.lose();
}

void RequestStreams::update_window(uint64_t connection, Stream& stream) {
  if (stream.spent > kMaxSpent && stream.parser.skippable() == 0) stream.parser.give_up();
  if (stream.parser.opaque()) return stop(connection, stream);
  const uint64_t skip = stream.parser.skippable() >= kWorthSkipping ? stream.parser.skippable() : 0;
  if (skip == 0 && stream.send_to >= stream.next_offset + HW_REQUEST_WINDOW / 2) return;
  stream.send_to = stream.next_offset + skip + HW_REQUEST_WINDOW;
  set_window_(connection, {stream.next_offset + skip, stream.send_to});
}

/// What is on its way already still arrives: the stream stays, to swallow it, until newer ones need its place.
void RequestStreams::stop(uint64_t connection, Stream& stream) {
  if (stream.stopped) return;
  stream.stopped = true;
  ++stats_.opaque;
  set_window_(connection, {UINT64_MAX, UINT64_MAX});
}

void RequestStreams::on_tick(uint64_t now_ns, const Sink& sink) {
  for (auto& [connection, stream] : streams_) {
    if (now_ns < stream->heard_ns + kPatienceNs) continue;
    stream->sink = &sink;
    stream->parser.flush();
  }
}

void RequestStreams::resume(uint64_t connection) {
  const auto found = streams_.find(connection);
  if (found == streams_.end() || !found->second->stopped || found->second->parser.opaque()) return;
  order_.erase(found->second->order);
  streams_.erase(found);
}

void RequestStreams::ignore(uint64_t connection) {
  set_window_(connection, {UINT64_MAX, UINT64_MAX});
  const auto found = streams_.find(connection);
  if (found != streams_.end()) found->second->stopped = true;
}

}  // namespace hullwatch
