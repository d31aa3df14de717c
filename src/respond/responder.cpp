#include "respond/responder.h"

#include <utility>

namespace hullwatch {

Responder::Responder(ResponseScene scene, const Clock& clock, ThreadPriority priority, size_t queue)
    : executor_(std::move(scene)), clock_(clock), priority_(priority), capacity_(queue), thread_([this] { run(); }) {}

Responder::~Responder() { stop(std::chrono::milliseconds(0)); }

void Responder::order(ResponseOrder order) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || queue_.size() + in_hand_ + answers_.outcomes.size() >= capacity_) {
    ++answers_.shed[static_cast<size_t>(order.action.kind)];
    wake_.ring();
    return;
  }
  queue_.push_back({std::move(order), clock_.boot_ns()});
  changed_.notify_one();
}

Responder::Answers Responder::take() {
  wake_.hush();
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

void Responder::stop(std::chrono::milliseconds deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    deadline_ = std::chrono::steady_clock::now() + deadline;
  }
  changed_.notify_one();
  thread_.join();
}

void Responder::run() {
  (void)take_priority(priority_);  // refused for one, refused for all: the daemon tells of it once
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty() || (stopping_ && std::chrono::steady_clock::now() >= deadline_)) break;
    Queued next = std::move(queue_.front());
    queue_.pop_front();
    in_hand_ = 1;
    lock.unlock();
    ResponseOutcome outcome{.order = std::move(next.order), .effect = {}, .time_ns = 0, .took_ns = 0};
    outcome.effect = executor_.carry_out(outcome.order);
    outcome.time_ns = clock_.wall_ns();
    outcome.took_ns = clock_.boot_ns() - next.at_ns;
    lock.lock();
    answers_.outcomes.push_back(std::move(outcome));
    in_hand_ = 0;
    wake_.ring();
  }
  for (const Queued& left : queue_) ++answers_.shed[static_cast<size_t>(left.order.action.kind)];
  queue_.clear();
}

}  // namespace hullwatch
