#include "detect/ttrpc_requests.h"

#include <algorithm>

#include "detect/http_request.h"

namespace hullwatch {
namespace {

constexpr size_t kHeader = 10;
constexpr uint8_t kRequest = 1;

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

bool TtrpcRequests::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (broken_) return false;
    if (state_ == State::header) {
      const auto part = bytes.substr(0, kHeader - header_.size());
      header_.append(part);
      bytes.remove_prefix(part.size());
      if (header_.size() == kHeader && !on_header()) return false;
      continue;
    }
    if (state_ == State::skipped || state_ == State::name) {
      const auto part = bytes.substr(0, static_cast<size_t>(std::min<uint64_t>(field_left_, bytes.size())));
      if (state_ == State::name) (field_ == 1 ? service_ : method_).append(part);
      bytes.remove_prefix(part.size());
      skip(part.size());
      if (broken_) return false;
    } else {
      --frame_left_;
      const auto byte = static_cast<uint8_t>(bytes.front());
      bytes.remove_prefix(1);
      if (!take_varint(byte)) return false;
    }
    if (frame_left_ == 0 && !on_frame_end()) return false;
  }
  return true;
}

bool TtrpcRequests::on_header() {
  frame_left_ = big_endian(std::string_view(header_).substr(0, 4));
  const auto type = static_cast<uint8_t>(header_[8]);
  header_.clear();
  // A client sends requests and data; a response would be the server's.
  if (frame_left_ > kMaxFrame || (type != kRequest && type != 3)) return false;
  is_request_ = type == kRequest;
  service_.clear();
  method_.clear();
  if (is_request_) {
    next_field();
  } else {
    state_ = State::skipped;
    field_left_ = frame_left_;
  }
  return frame_left_ > 0 || on_frame_end();
}

void TtrpcRequests::next_field() {
  state_ = State::tag;
  varint_ = varint_bits_ = 0;
}

/// One byte of a tag, of a length, or of a number that nobody needs.
bool TtrpcRequests::take_varint(uint8_t byte) {
  if (varint_bits_ > 63) return false;
  varint_ |= static_cast<uint64_t>(byte & 0x7fU) << varint_bits_;
  varint_bits_ += 7;
  if ((byte & 0x80U) != 0) return true;
  if (state_ == State::varint) {
    next_field();
    return true;
  }
  if (state_ == State::tag) return on_tag();
  field_left_ = varint_;
  if (field_left_ > frame_left_) return false;
  const bool named = field_ == 1 || field_ == 2;
  if (named && field_left_ > kMaxName) return false;
  if (named) (field_ == 1 ? service_ : method_).clear();
  state_ = named ? State::name : State::skipped;
  if (field_left_ == 0) next_field();
  return true;
}

bool TtrpcRequests::on_tag() {
  field_ = varint_ >> 3;
  const auto wire_type = static_cast<unsigned>(varint_ & 7U);
  varint_ = varint_bits_ = 0;
  const bool named = field_ == 1 || field_ == 2;
  if (field_ == 0 || (named && wire_type != 2)) return false;
  switch (wire_type) {
    case 0: state_ = State::varint; return true;
    case 2: state_ = State::length; return true;
    case 1:
    case 5:
      field_left_ = wire_type == 1 ? 8 : 4;
      state_ = State::skipped;
      return field_left_ <= frame_left_;
    default: return false;
  }
}

uint64_t TtrpcRequests::skippable() const { return state_ == State::skipped ? field_left_ : 0; }

void TtrpcRequests::skip(uint64_t count) {
  count = std::min(count, field_left_);
  field_left_ -= count;
  frame_left_ -= static_cast<uint32_t>(count);
  if (field_left_ == 0 && is_request_) next_field();
  if (frame_left_ == 0) broken_ = !on_frame_end();
}

bool TtrpcRequests::on_frame_end() {
  if (state_ == State::header) return true;  // skip() was here before
  const bool whole = !is_request_ || (state_ == State::tag && varint_bits_ == 0);
  state_ = State::header;
  if (!is_request_) return true;
  if (!whole || !is_name(service_) || !is_name(method_)) return false;
  ParsedRequest request;
  request.protocol = RequestProtocol::ttrpc;
  request.method = "POST";
  request.path = request.target = "/" + service_ + "/" + method_;
  sink_(request);
  return true;
}

}  // namespace hullwatch
