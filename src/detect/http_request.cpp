#include "detect/http_request.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "detect/http2_requests.h"
#include "detect/request_target.h"
#include "detect/ttrpc_requests.h"

namespace hullwatch {
namespace {

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0";
constexpr int kMaxBlankLines = 8;

bool token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), token_char); }

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<uint64_t> number(std::string_view digits, unsigned base) {
  if (digits.empty() || digits.size() > 16) return std::nullopt;
  uint64_t value = 0;
  for (char c : digits) {
    unsigned digit = 99;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    if (lower(c) >= 'a' && lower(c) <= 'f') digit = static_cast<unsigned>(lower(c) - 'a') + 10;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  // Servers keep lengths in signed integers; beyond that they refuse the request.
  if (value >> 62 != 0) return std::nullopt;
  return value;
}

bool json_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

std::string_view request_protocol_name(RequestProtocol protocol) {
  constexpr std::array<std::string_view, 5> kNames = {"http", "http2", "grpc", "ttrpc", "tls"};
  return kNames.at(static_cast<size_t>(protocol));
}

void HttpRequestParser::feed(std::string_view bytes) {
  // What the stream is, its first byte tells, and no other: however it is cut, the same is read.
  if (!begun_ && !bytes.empty()) {
    begun_ = true;
    if (bytes.front() == 0x16) {  // a TLS handshake record; no HTTP request begins so
      request_.protocol = RequestProtocol::tls;
      return fail();
    }
    if (bytes.front() == '\0') become_framed(RequestProtocol::ttrpc);  // a frame's length: at most four megabytes
  }
  while (!bytes.empty() && state_ != State::opaque) {
    if (state_ == State::framed) {
      if (!framed_->feed(bytes)) fail();
      return;
    }
    if (state_ == State::body || state_ == State::chunk) {
      const auto part = bytes.substr(0, static_cast<size_t>(std::min<uint64_t>(remaining_, bytes.size())));
      remaining_ -= part.size();
      bytes.remove_prefix(part.size());
      on_body(part);
      if (remaining_ == 0 && state_ == State::body) on_request_end();
      if (remaining_ == 0 && state_ == State::chunk) state_ = State::chunk_end;
      continue;
    }
    bool complete = false;
    const auto line = take_line(bytes, complete);
    if (!complete) break;
    on_line(line);
    line_.clear();
    line_cut_ = false;
  }
}

/// The line so far without its end; `complete` when its end was in `bytes`. Over-long lines keep their beginning.
std::string_view HttpRequestParser::take_line(std::string_view& bytes, bool& complete) {
  const size_t newline = bytes.find('\n');
  complete = newline != std::string_view::npos;
  const auto part = bytes.substr(0, complete ? newline : bytes.size());
  bytes.remove_prefix(part.size() + (complete ? 1 : 0));
  const size_t room = kMaxLine - line_.size();
  line_.append(part.substr(0, room));
  if (part.size() > room) line_cut_ = true;
  head_bytes_ += part.size() + 1;
  if (head_bytes_ > kMaxHead || (line_cut_ && state_ != State::header)) {
    complete = false;
    bytes = {};
    fail();
    return {};
  }
  std::string_view line = line_;
  if (complete && !line_cut_ && !line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

void HttpRequestParser::on_line(std::string_view line) {
  switch (state_) {
    case State::start: return on_start_line(line);
    case State::header: return line.empty() && !line_cut_ ? on_head_end() : on_header(line);
    case State::chunk_size: return on_chunk_size(line);
    case State::chunk_end: {
      if (!line.empty()) return fail();
      head_bytes_ = 0;
      state_ = State::chunk_size;
      return;
    }
    case State::trailer: return line.empty() ? on_request_end() : void();
    case State::body:
    case State::chunk:
    case State::framed:
    case State::opaque: return;
  }
}

void HttpRequestParser::on_start_line(std::string_view line) {
  if (line.empty()) return ++blank_lines_ > kMaxBlankLines ? fail() : void();
  if (line == kHttp2Preface) {
    return become_framed(RequestProtocol::http2);
  }
  const size_t first = line.find(' ');
  const size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) return fail();
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, second - first - 1);
  const auto protocol = line.substr(second + 1);
  if (!is_token(method) || method.size() > 32 || has_control(target)) return fail();
  if (protocol != "HTTP/1.1" && protocol != "HTTP/1.0") return fail();
  auto parts = split_target(target);
  if (!parts) return fail();
  request_ = {};
  request_.method = method;
  request_.target = target;
  request_.path = std::move(parts->path);
  request_.version = std::move(parts->version);
  request_.query = std::move(parts->query);
  http10_ = protocol == "HTTP/1.0";
  state_ = State::header;
}

void HttpRequestParser::on_header(std::string_view line) {
  // A folded line begins with a blank and so fails as a name, as does one with a blank before its colon.
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || has_control(line.substr(colon + 1))) return fail();
  const std::string name = lowered(line.substr(0, colon));
  const auto value = trimmed(line.substr(colon + 1));
  const bool matters = name == "content-length" || name == "transfer-encoding" || name == "upgrade" || name == "connection";
  if (line_cut_ && matters) return fail();
  if (name == "content-length") {
    const auto length = number(value, 10);
    if (!length || (has_length_ && *length != remaining_)) return fail();
    has_length_ = true;
    remaining_ = *length;
  } else if (name == "transfer-encoding") {
    if (chunked_ || http10_ || lowered(value) != "chunked") return fail();
    chunked_ = true;
  } else if (name == "upgrade") {
    upgrade_ = true;
  } else if (name == "content-type") {
    request_.content_type = lowered(trimmed(value.substr(0, value.find(';')))).substr(0, 128);
  }
}

void HttpRequestParser::on_head_end() {
  if (chunked_ && has_length_) return fail();
  head_bytes_ = 0;
  request_.has_body = chunked_ || remaining_ > 0;
  if (!request_.has_body) return on_request_end();
  state_ = chunked_ ? State::chunk_size : State::body;
}

void HttpRequestParser::on_chunk_size(std::string_view line) {
  const auto size = number(trimmed(line.substr(0, line.find(';'))), 16);
  if (!size) return fail();
  head_bytes_ = 0;
  remaining_ = *size;
  state_ = remaining_ > 0 ? State::chunk : State::trailer;
}

/// Collects the first JSON value of the body. Content-Type is not asked: podman does not ask it either.
void HttpRequestParser::on_body(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size() && !delivered_; ++i) {
    if (body_seen_++ == kMaxBody) {
      request_.body_complete = false;
      return deliver();
    }
    const char c = bytes[i];
    if (!json_begun_) {
      if (json_space(c)) continue;
      if (c != '{' && c != '[') return deliver();
      json_begun_ = true;
    }
    request_.body.push_back(c);
    if (json_escape_) {
      json_escape_ = false;
    } else if (json_string_) {
      if (c == '\\') json_escape_ = true;
      if (c == '"') json_string_ = false;
    } else if (c == '"') {
      json_string_ = true;
    } else if (c == '{' || c == '[') {
      ++json_depth_;
    } else if ((c == '}' || c == ']') && --json_depth_ == 0) {
      deliver();
    }
  }
}

void HttpRequestParser::become_framed(RequestProtocol protocol) {
  const auto hand_out = [this](const ParsedRequest& request) { sink_(request); };
  if (protocol == RequestProtocol::ttrpc)
    framed_ = std::make_unique<TtrpcRequests>(hand_out);
  else
    framed_ = std::make_unique<Http2Requests>(hand_out);
  reset();
  request_.protocol = protocol;
  state_ = State::framed;
}

void HttpRequestParser::skip(uint64_t count) {
  if (state_ == State::framed) return framed_->skip(count);
  remaining_ -= std::min(count, remaining_);
  if (remaining_ == 0 && state_ == State::body) on_request_end();
}

void HttpRequestParser::on_request_end() {
  request_.body_complete = !json_begun_ || json_depth_ == 0;
  if (!delivered_) deliver();
  after_upgrade_ = upgrade_ || hijacks(request_.path);
  reset();
}

void HttpRequestParser::reset() {
  request_ = {};
  delivered_ = chunked_ = has_length_ = upgrade_ = false;
  json_begun_ = json_string_ = json_escape_ = false;
  json_depth_ = 0;
  remaining_ = body_seen_ = head_bytes_ = 0;
  blank_lines_ = 0;
  state_ = State::start;
}

void HttpRequestParser::flush() {
  const bool in_body =
      state_ == State::body || state_ == State::chunk_size || state_ == State::chunk || state_ == State::chunk_end;
  if (!in_body || delivered_) return;
  request_.body_complete = false;
  deliver();
}

void HttpRequestParser::lose() {
  if (state_ == State::opaque) return;
  flush();
  ParsedRequest missing;
  missing.lost = true;
  missing.protocol = request_.protocol;
  if (state_ == State::framed) {  // where the next frame begins is lost as well
    missing.opaque = true;
    become_opaque();
    return report_unreadable(std::move(missing));
  }
  line_.clear();
  line_cut_ = false;
  reset();
  after_upgrade_ = true;
  report_unreadable(std::move(missing));
}

void HttpRequestParser::give_up() {
  flush();
  if (delivered_) {
    request_.overrun = request_.opaque = true;
    sink_(request_);
  }
  become_opaque();
}

void HttpRequestParser::deliver() {
  delivered_ = true;
  sink_(request_);
}

void HttpRequestParser::fail() {
  // A connection the server took over carries no requests; so what cannot be one is no finding there.
  const bool taken_over = after_upgrade_ && state_ == State::start;
  ParsedRequest broken;
  broken.protocol = request_.protocol;
  broken.opaque = true;
  become_opaque();
  if (!taken_over) report_unreadable(std::move(broken));
}

void HttpRequestParser::report_unreadable(ParsedRequest broken) {
  broken.readable = false;
  sink_(broken);
}

void HttpRequestParser::become_opaque() {
  state_ = State::opaque;
  // framed_ stays: it may be the caller
  line_.clear();
  line_.shrink_to_fit();
  line_cut_ = false;
  request_ = {};
}

}  // namespace hullwatch
