#include "alert/reporter.h"

#include <utility>

namespace hullwatch {

Reporter::Reporter(Write write) : write_(std::move(write)), thread_([this] { run(); }) {}

Reporter::~Reporter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_one();
  thread_.join();
}

void Reporter::say(std::string line) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() < kMaxQueued) {
    queue_.push_back(std::move(line));
  } else {
    ++unsaid_;
  }
  ready_.notify_one();
}

void Reporter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::string line = std::move(queue_.front());
    queue_.pop_front();
    if (const size_t unsaid = std::exchange(unsaid_, 0); unsaid != 0)
      line += " (" + std::to_string(unsaid) + " lines left out)";
    lock.unlock();
    write_(line);
    lock.lock();
  }
}

}  // namespace hullwatch
