#pragma once
// The requests on an HTTP/2 connection, after its preface: method, path and content type of each header block. Bodies are
// skipped. Header compression is nghttp2's. Memory: one header block (64 KiB) and the compression's table (4 KiB, which is all
// that a client may use before the server, whose answer is not read, grants it more; no runtime's does).

#include <memory>
#include <string>

#include "detect/framed_requests.h"

struct nghttp2_hd_inflater;

namespace hullwatch {

class Http2Requests final : public FramedRequests {
 public:
  static constexpr size_t kMaxBlock = 64 * 1024;
  static constexpr size_t kMaxHeaders = 1024 * 1024;  // of one block, once inflated

  /// `sink` is called from feed(), once for each request.
  explicit Http2Requests(Sink sink);

  bool feed(std::string_view bytes) override;
  [[nodiscard]] uint64_t skippable() const override { return skipping_; }
  [[nodiscard]] bool idle() const override { return frame_.empty() && block_.empty() && skipping_ == 0; }
  void skip(uint64_t count) override { skipping_ -= count < skipping_ ? count : skipping_; }

 private:
  struct Free {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };
  bool on_frame();
  bool on_headers_end();

  Sink sink_;
  std::unique_ptr<nghttp2_hd_inflater, Free> inflater_;
  size_t preface_ = 0;      // bytes of its second half that have come
  std::string frame_;       // header of the frame being read, then what is needed of it
  uint64_t skipping_ = 0;   // of the frame being read
  std::string block_;       // of headers
  uint32_t continues_ = 0;  // stream whose header block goes on in the next frame; 0: none
  bool ends_stream_ = false;
};

}  // namespace hullwatch
