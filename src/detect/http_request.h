#pragma once
// What a client asked a runtime's API, cut out of the bytes it sent: an incremental HTTP/1.1 request parser.
//
// The bytes come from the process that is being watched, so they are hostile: any bytes, in any pieces, for ever. The grammar
// accepted is a superset of what the runtimes' servers (Go's net/http) accept; where two readers could disagree (both lengths,
// folded headers, a second Transfer-Encoding …) the stream is declared broken instead of guessed at. A server closes the
// connection on what it cannot parse, so after `broken` nothing is missed that a runtime would still have obeyed.
//
// Memory: one line (16 KiB) and one body (64 KiB) at most. Evaluator thread only. No I/O.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "detect/framed_requests.h"

namespace hullwatch {

enum class RequestProtocol : uint8_t { http, http2, grpc, ttrpc, tls };
std::string_view request_protocol_name(RequestProtocol protocol);

/// One request. `target`, `query` and `body` can hold secrets: they are for docker_api only and never leave it whole.
struct ParsedRequest {
  std::string method;        // as sent; methods are case-sensitive
  std::string target;        // as sent
  std::string path;          // percent-decoded, without scheme, authority, query and API version: "/containers/create"
  std::string version;       // "v1.41", or empty
  std::string query;         // as sent, without '?'
  std::string content_type;  // lower case, without parameters
  std::string body;          // the first JSON value of the body, whatever content_type claims; else empty
  bool has_body = false;
  bool body_complete = true;  // false: the JSON value did not end within kMaxBody, or not in time: judge what may be missing
  bool readable = true;       // false: bytes that are no request we can read; the members above mean nothing
  RequestProtocol protocol = RequestProtocol::http;  // TLS is never readable; bodies of gRPC, HTTP/2 and ttrpc are not read
  bool lost = false;                                 // not readable because bytes did not reach us, whatever the client sent
  bool opaque = false;                               // nothing after this request will be seen on its connection
  bool overrun = false;  // a second record for a request handed out before: its chunked body is longer than is read, so that
                         // what comes after it on the connection is not seen. Usual for uploads only.
};

class HttpRequestParser {
 public:
  static constexpr size_t kMaxLine = 16 * 1024;
  static constexpr size_t kMaxHead = 64 * 1024;  // request line, headers and trailers together
  static constexpr size_t kMaxBody = 64 * 1024;

  using Sink = std::function<void(const ParsedRequest&)>;

  /// `sink` is called from feed(), flush() and end(), once for each request, and once when the stream breaks.
  explicit HttpRequestParser(Sink sink) : sink_(std::move(sink)) {}

  void feed(std::string_view bytes);
  /// Hands out a request whose body is still coming (a server may act on a JSON value before the body's announced end).
  void flush();
  /// Bytes are missing here: what was begun is handed out, the loss too (readable=false), then requests are looked for anew.
  void lose();
  /// The chunked body being read goes on for longer than anybody wants to look: hands out the overrun and is opaque from here
  /// on.
  void give_up();

  /// Nothing that follows can be read: an upgraded, HTTP/2 or broken stream, or one given up.
  [[nodiscard]] bool opaque() const { return state_ == State::opaque; }
  /// No request is being read and none has been begun.
  [[nodiscard]] bool idle() const {
    return (state_ == State::start && line_.empty()) || (state_ == State::framed && framed_->idle());
  }
  /// In a body that has been handed out already, or needs to be read only to find its end.
  [[nodiscard]] bool in_spent_body() const {
    return delivered_ && state_ != State::opaque && state_ != State::start && state_ != State::framed;
  }
  /// Bytes of a body of known length that are still to come and that nobody needs: the caller need not feed them, if it calls
  /// skip().
  [[nodiscard]] uint64_t skippable() const {
    if (state_ == State::framed) return framed_->skippable();
    return state_ == State::body && delivered_ ? remaining_ : 0;
  }
  /// As feed() of `count` ≤ skippable() bytes.
  void skip(uint64_t count);

 private:
  enum class State : uint8_t { start, header, body, chunk_size, chunk, chunk_end, trailer, framed, opaque };

  void become_framed(RequestProtocol protocol);
  std::string_view take_line(std::string_view& bytes, bool& complete);
  void on_line(std::string_view line);
  void on_start_line(std::string_view line);
  void on_header(std::string_view line);
  void on_head_end();
  void on_chunk_size(std::string_view line);
  void on_body(std::string_view bytes);
  void on_request_end();
  void deliver();
  void report_unreadable(ParsedRequest broken);
  void reset();
  void fail();
  void become_opaque();

  Sink sink_;
  std::unique_ptr<FramedRequests> framed_;  // HTTP/2 or ttrpc: takes over
  bool begun_ = false;                      // some byte has come
  State state_ = State::start;
  std::string line_;
  bool line_cut_ = false;
  size_t head_bytes_ = 0;
  int blank_lines_ = 0;
  bool after_upgrade_ = false;  // the server may have taken the connection over: what follows need not be HTTP

  ParsedRequest request_;
  bool delivered_ = false;  // request_ has been handed out
  bool http10_ = false, chunked_ = false, has_length_ = false, upgrade_ = false;
  uint64_t remaining_ = 0;  // of the body, or of the chunk
  uint64_t body_seen_ = 0;
  // Extent of the first JSON value.
  bool json_begun_ = false, json_string_ = false, json_escape_ = false;
  uint32_t json_depth_ = 0;
};

}  // namespace hullwatch
