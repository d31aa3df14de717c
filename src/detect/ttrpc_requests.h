#pragma once
// The requests on a ttrpc connection (containerd's shims): service and method of each, as the path "/service/method". A frame
// is a length (32 bit, big endian), a stream id (32 bit), a type, flags, and for requests a protobuf message of which fields 1
// and 2 are the names; what else is in it is skipped. Of a field that comes twice the last one counts, as for the server.
// Memory: the two names.

#include <string>

#include "detect/framed_requests.h"

namespace hullwatch {

class TtrpcRequests final : public FramedRequests {
 public:
  static constexpr uint32_t kMaxFrame = 4 * 1024 * 1024;  // as the servers have it
  static constexpr size_t kMaxName = 1024;

  explicit TtrpcRequests(Sink sink) : sink_(std::move(sink)) {}

  bool feed(std::string_view bytes) override;
  [[nodiscard]] bool idle() const override { return state_ == State::header && header_.empty(); }
  [[nodiscard]] uint64_t skippable() const override;
  void skip(uint64_t count) override;

 private:
  enum class State : uint8_t { header, tag, length, varint, name, skipped };

  bool on_header();
  bool on_tag();
  bool take_varint(uint8_t byte);
  bool on_frame_end();
  void next_field();

  Sink sink_;
  State state_ = State::header;
  bool broken_ = false;  // found out by skip(), which cannot say so: the next feed() does
  std::string header_;
  bool is_request_ = false;
  uint32_t frame_left_ = 0;  // bytes of the frame that are still to come
  uint64_t field_left_ = 0;  // of the field
  uint64_t varint_ = 0;
  uint32_t varint_bits_ = 0;
  uint64_t field_ = 0;  // its number
  std::string service_, method_;
};

}  // namespace hullwatch
