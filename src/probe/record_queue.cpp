#include "probe/record_queue.h"

#include <cstring>

namespace hullwatch {
namespace {

constexpr size_t kPrefix = sizeof(size_t);

size_t footprint(size_t length) { return kPrefix + ((length + 7) & ~size_t{7}); }

}  // namespace

RecordQueue::RecordQueue(size_t bytes) : storage_(bytes & ~size_t{7}) {}

/// Room at the tail, or at the start when the tail has no room left behind it.
bool RecordQueue::fits(size_t need) const {
  if (empty_) return need <= storage_.size();
  if (tail_ <= head_) return need <= head_ - tail_;  // equal and not empty: full
  return need <= storage_.size() - tail_ || need <= head_;
}

bool RecordQueue::push(std::span<const std::byte> record) {
  const size_t need = footprint(record.size());
  std::unique_lock lock(mutex_);
  if (need > storage_.size()) return false;
  if (!closed_ && !fits(need)) ++stalls_;
  room_.wait(lock, [&] { return closed_ || fits(need); });
  if (closed_) return false;
  if (empty_) head_ = tail_ = 0;
  if (tail_ >= head_ && need > storage_.size() - tail_) {
    wrap_ = tail_;
    tail_ = 0;
  }
  const size_t length = record.size();
  std::memcpy(&storage_[tail_], &length, kPrefix);
  if (length != 0) std::memcpy(&storage_[tail_ + kPrefix], record.data(), length);
  tail_ += need;
  empty_ = false;
  return true;
}

std::span<const std::byte> RecordQueue::front() {
  const std::lock_guard lock(mutex_);
  if (empty_) return {};
  size_t length = 0;
  std::memcpy(&length, &storage_[head_], kPrefix);
  return {&storage_[head_ + kPrefix], length};
}

void RecordQueue::pop() {
  {
    const std::lock_guard lock(mutex_);
    if (empty_) return;
    size_t length = 0;
    std::memcpy(&length, &storage_[head_], kPrefix);
    head_ += footprint(length);
    if (head_ == tail_)
      empty_ = true;
    else if (tail_ < head_ && head_ == wrap_)
      head_ = 0;
  }
  room_.notify_one();
}

void RecordQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  room_.notify_all();
}

uint64_t RecordQueue::stalls() const {
  const std::lock_guard lock(mutex_);
  return stalls_;
}

}  // namespace hullwatch
