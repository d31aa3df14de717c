#include "detect/http2_requests.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "detect/http_request.h"
#include "detect/request_target.h"

namespace hullwatch {
namespace {

constexpr std::string_view kPrefaceEnd = "\r\nSM\r\n\r\n";  // its first line was read as a request line
constexpr size_t kFrameHeader = 9;
constexpr uint8_t kHeaders = 1, kPushPromise = 5, kContinuation = 9;
constexpr uint8_t kEndStream = 1, kEndHeaders = 4, kPadded = 8, kPriority = 0x20;

/// Takes a pseudo-header that may come once only.
bool take(std::string& into, bool& has, std::string_view value) {
  if (has) return false;
  has = true;
  into = value;
  return true;
}

}  // namespace

void Http2Requests::Free::operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }

Http2Requests::Http2Requests(Sink sink) : sink_(std::move(sink)) {
  nghttp2_hd_inflater* inflater = nullptr;
  if (nghttp2_hd_inflate_new(&inflater) == 0) inflater_.reset(inflater);
}

bool Http2Requests::feed(std::string_view bytes) {
  if (inflater_ == nullptr) return false;
  while (!bytes.empty()) {
    if (preface_ < kPrefaceEnd.size()) {
      if (bytes.front() != kPrefaceEnd[preface_++]) return false;
      bytes.remove_prefix(1);
      continue;
    }
    if (skipping_ > 0) {
      const auto part = std::min<uint64_t>(skipping_, bytes.size());
      skip(part);
      bytes.remove_prefix(static_cast<size_t>(part));
      continue;
    }
    size_t wanted = kFrameHeader;
    if (frame_.size() >= kFrameHeader) wanted += big_endian(std::string_view(frame_).substr(0, 3));
    const auto part = bytes.substr(0, wanted - frame_.size());
    frame_.append(part);
    bytes.remove_prefix(part.size());
    if (frame_.size() == wanted && !on_frame()) return false;
  }
  return true;
}

/// Its header has come, or all of it. Frames without headers are skipped.
bool Http2Requests::on_frame() {
  const uint32_t length = big_endian(std::string_view(frame_).substr(0, 3));
  const auto type = static_cast<uint8_t>(frame_[3]), flags = static_cast<uint8_t>(frame_[4]);
  const uint32_t stream = big_endian(std::string_view(frame_).substr(5, 4)) & 0x7fffffffU;
  if (type == kPushPromise || (continues_ != 0) != (type == kContinuation)) return false;
  if (type != kHeaders && type != kContinuation) {
    skipping_ = length;
    frame_.clear();
    return true;
  }
  if (length > kMaxBlock || stream == 0 || (continues_ != 0 && stream != continues_)) return false;
  if (frame_.size() < kFrameHeader + length) return true;
  std::string_view part = std::string_view(frame_).substr(kFrameHeader);
  if (type == kHeaders) {
    size_t front = 0, padding = 0;
    if ((flags & kPadded) != 0) {
      if (part.empty()) return false;
      padding = static_cast<uint8_t>(part.front());
      front = 1;
    }
    if ((flags & kPriority) != 0) front += 5;
    if (front + padding > part.size()) return false;
    part = part.substr(front, part.size() - front - padding);
    ends_stream_ = (flags & kEndStream) != 0;
  }
  if (block_.size() + part.size() > kMaxBlock) return false;
  block_.append(part);
  frame_.clear();
  continues_ = (flags & kEndHeaders) != 0 ? 0 : stream;
  return continues_ != 0 || on_headers_end();
}

bool Http2Requests::on_headers_end() {
  ParsedRequest request;
  request.protocol = RequestProtocol::http2;
  bool has_method = false, has_path = false, has_type = false;
  size_t total = 0;
  std::string_view left = block_;
  for (;;) {
    nghttp2_nv header{};
    int inflated = 0;
    const auto used = nghttp2_hd_inflate_hd2(inflater_.get(), &header, &inflated, reinterpret_cast<const uint8_t*>(left.data()),
                                             left.size(), 1);
    if (used < 0) return false;
    left.remove_prefix(static_cast<size_t>(used));
    if ((inflated & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      const std::string_view name(reinterpret_cast<const char*>(header.name), header.namelen);
      const std::string_view value(reinterpret_cast<const char*>(header.value), header.valuelen);
      total += name.size() + value.size() + 32;
      if (total > kMaxHeaders) return false;
      if (name == ":method" && !take(request.method, has_method, value)) return false;
      if (name == ":path" && !take(request.target, has_path, value)) return false;
      if (name == "content-type" && !has_type)
        take(request.content_type, has_type, value.substr(0, std::min<size_t>(value.find(';'), 128)));
    }
    if ((inflated & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    if ((inflated & NGHTTP2_HD_INFLATE_EMIT) == 0 && left.empty()) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  block_.clear();
  if (!has_method && !has_path) return true;  // trailers
  auto parts = split_target(request.target);
  if (!has_method || request.method.empty() || !parts) return false;
  if (request.content_type.starts_with("application/grpc")) {
    request.protocol = RequestProtocol::grpc;
    request.path = request.target;
  } else {
    request.path = std::move(parts->path);
    request.version = std::move(parts->version);
    request.query = std::move(parts->query);
  }
  request.has_body = !ends_stream_;
  request.body_complete = ends_stream_;
  sink_(request);
  return true;
}

}  // namespace hullwatch
