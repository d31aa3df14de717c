#pragma once
// What libbpf says while an object is loaded. libbpf prints through one process-wide hook; this takes it for its own lifetime.
// One at a time, on the thread that loads.

#include <bpf/libbpf.h>

#include <string>

namespace hullwatch {

class LibbpfLog {
 public:
  LibbpfLog();
  ~LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;

  [[nodiscard]] const std::string& text() const { return text_; }
  /// The program libbpf gave up on; empty when it failed over something else.
  [[nodiscard]] std::string failed_program() const;
  /// The last `lines` lines, without the verifier's statistics.
  [[nodiscard]] std::string tail(size_t lines) const;
  void append(const char* text) { text_ += text; }

 private:
  libbpf_print_fn_t previous_;
  std::string text_;
};

}  // namespace hullwatch
