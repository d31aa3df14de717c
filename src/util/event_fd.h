#pragma once
// Wakes whoever polls for it, from any thread or from a process that was forked with it. Move-only.

#include <sys/eventfd.h>

#include <cstdint>

#include "util/fd.h"

namespace hullwatch {

class EventFd {
 public:
  /// False where there are no descriptors left; errno says why.
  EventFd() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  explicit operator bool() const { return static_cast<bool>(fd_); }
  [[nodiscard]] int get() const { return fd_.get(); }
  /// Readable from now on.
  void ring() const {
    const uint64_t one = 1;
    (void)!::write(fd_.get(), &one, sizeof(one));  // fails only when the counter is full, and then it is readable already
  }
  /// Readable no more.
  void hush() const {
    uint64_t count = 0;
    (void)!::read(fd_.get(), &count, sizeof(count));
  }

 private:
  Fd fd_;
};

}  // namespace hullwatch
