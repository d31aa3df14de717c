#include "alert/dispatcher.h"

#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <deque>
#include <mutex>
#include <thread>
#include <variant>

namespace hullwatch {
namespace {

using Item = std::variant<AlertPtr, LogRecordPtr>;
using namespace std::chrono_literals;

constexpr size_t kItemOverhead = 256;
constexpr auto kTick = 1s;

size_t size_of(const std::vector<std::pair<std::string, OutputValue>>& values) {
  size_t size = values.size() * sizeof(std::pair<std::string, OutputValue>);
  for (const auto& [name, value] : values) {
    const auto* text = std::get_if<std::string>(&value);
    size += name.size() + (text == nullptr ? 0 : text->size());
  }
  return size;
}
size_t size_of(const AlertProcess& process) {
  return sizeof(process) + process.cmdline.size() + process.exe.size() + process.cwd.size();
}
size_t size_of(const AlertPtr& alert) {
  size_t size = kItemOverhead + sizeof(Alert) + alert->output.size() + size_of(alert->output_fields) + size_of(alert->evidence);
  size += size_of(alert->process);
  for (const AlertProcess& process : alert->ancestors) size += size_of(process);
  return size;
}
size_t size_of(const LogRecordPtr& record) { return kItemOverhead + record->members.size(); }

uint64_t wall_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

/// One sink, its queue and its thread. The queue's members are guarded by mutex_; the sink belongs to the thread.
class Dispatcher::Lane {
 public:
  Lane(std::unique_ptr<Sink> sink, SinkOptions options, const Dispatcher& owner, Reporter& reporter)
      : name_(sink->name()), options_(options), owner_(owner), reporter_(reporter), sink_(std::move(sink)), thread_([this] {
          run();
        }) {}

  void push(const AlertPtr& alert) {
    if (alert->suppressed)
      record(alert);
    else
      offer(alert, size_of(alert), options_.queue, options_.queue_bytes);
  }
  void push(const LogRecordPtr& log_record) { record(log_record); }

  void begin_stop(std::chrono::steady_clock::time_point deadline) {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    deadline_ = deadline;
    ready_.notify_one();
  }
  bool join() {
    if (thread_.joinable()) thread_.join();
    return left_ == 0;
  }

  [[nodiscard]] SinkStats stats() const {
    const std::lock_guard lock(mutex_);
    return {name_, written_, failed_, dropped_, queue_.size(), options_.queue, last_success_ns_};
  }

 private:
  /// For the log alone, and without the share of the queue that is kept for alerts.
  template <typename Pointer>
  void record(const Pointer& item) {
    if (options_.records) offer(item, size_of(item), options_.queue - options_.queue / 4, options_.queue_bytes / 4 * 3);
  }
  void offer(Item item, size_t bytes, size_t max_items, size_t max_bytes) {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && queue_.size() < max_items && bytes_ + bytes <= max_bytes) {
      queue_.emplace_back(std::move(item), bytes);
      bytes_ += bytes;
      if (queue_.size() == 1) ready_.notify_one();
      return;
    }
    ++dropped_;
    if (!std::exchange(dropping_, true)) {
      reporter_.say("sink " + name_ + ": its queue is full: dropping (counted in hullwatch_sink_dropped_total)");
    }
  }

  void run() {
    (void)take_priority(options_.priority);  // refused for one, refused for all: the daemon tells of it once
    std::unique_lock lock(mutex_);
    bool settled = true;  // nothing was written since the last flush that worked
    for (;;) {
      const auto awake = [&] { return stopping_ || !queue_.empty(); };
      if (settled) {
        ready_.wait(lock, awake);
      } else if (!ready_.wait_for(lock, kTick, awake)) {
        settled = flush(lock);
        continue;
      }
      const bool wrote = drain(lock);
      if (wrote) settled = false;
      if (stopping_ && (queue_.empty() || past_deadline())) break;
    }
    flush(lock);
    left_ = queue_.size();
    dropped_ += left_;
    queue_.clear();
    lock.unlock();
    sink_.reset();
  }

  /// Writes until the queue is empty (or the end is due), then flushes. True when something was written.
  bool drain(std::unique_lock<std::mutex>& lock) {
    bool any = false;
    while (!queue_.empty() && !(stopping_ && past_deadline())) {
      const Item item = std::move(queue_.front().first);
      bytes_ -= queue_.front().second;
      queue_.pop_front();
      if (queue_.empty() && std::exchange(dropping_, false)) {
        reporter_.say("sink " + name_ + ": its queue is empty again; " + std::to_string(dropped_) + " dropped so far");
      }
      lock.unlock();
      const Status status = write(item);
      lock.lock();
      count(status);
      any = true;
    }
    if (any && !stopping_) flush(lock);
    return any;
  }

  [[nodiscard]] bool past_deadline() const { return std::chrono::steady_clock::now() >= deadline_; }

  Status write(const Item& item) {
    if (const auto* record = std::get_if<LogRecordPtr>(&item)) return sink_->write(**record);
    const Alert& alert = *std::get<AlertPtr>(item);
    Status status = sink_->write(alert);
    if (status && owner_.written_) owner_.written_(alert, name_);
    return status;
  }

  bool flush(std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    const Status status = sink_->flush();
    if (!status) report_failure(status.error());
    lock.lock();
    return status.has_value();
  }

  void count(const Status& status) {
    if (status) {
      ++written_;
      last_success_ns_ = wall_ns();
      failing_ = false;
    } else {
      ++failed_;
      report_failure(status.error());
    }
  }

  /// The first failure of a row.
  void report_failure(const Error& error) {
    if (!std::exchange(failing_, true)) reporter_.say("sink " + name_ + ": " + error.message);
  }

  const std::string name_;
  const SinkOptions options_;
  const Dispatcher& owner_;
  Reporter& reporter_;
  std::unique_ptr<Sink> sink_;

  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::pair<Item, size_t>> queue_;
  size_t bytes_ = 0;
  bool stopping_ = false, dropping_ = false;
  std::chrono::steady_clock::time_point deadline_;
  uint64_t written_ = 0, failed_ = 0, dropped_ = 0, last_success_ns_ = 0;
  size_t left_ = 0;

  bool failing_ = false;  // sink thread only
  std::thread thread_;    // last: it uses all of the above
};

Dispatcher::Dispatcher() : Dispatcher(Hooks{}) {}

Dispatcher::Dispatcher(Hooks hooks)
    : written_(std::move(hooks.written)), reporter_(hooks.report ? std::move(hooks.report) : [](const std::string& line) {
        fprintf(stderr, "hullwatch: %s\n", line.c_str());
      }) {}

Dispatcher::~Dispatcher() { stop(0ms); }

void Dispatcher::add(std::unique_ptr<Sink> sink, SinkOptions options) {
  lanes_.push_back(std::make_unique<Lane>(std::move(sink), options, *this, reporter_));
}

void Dispatcher::push(const AlertPtr& alert) {
  for (const auto& lane : lanes_) lane->push(alert);
}

void Dispatcher::push(const LogRecordPtr& record) {
  for (const auto& lane : lanes_) lane->push(record);
}

bool Dispatcher::stop(std::chrono::milliseconds deadline) {
  if (std::exchange(stopped_, true)) return true;
  const auto until = std::chrono::steady_clock::now() + deadline;
  bool all = true;
  for (const auto& lane : lanes_) lane->begin_stop(until);
  for (const auto& lane : lanes_) all = lane->join() && all;
  return all;
}

std::vector<SinkStats> Dispatcher::stats() const {
  std::vector<SinkStats> all;
  all.reserve(lanes_.size());
  for (const auto& lane : lanes_) all.push_back(lane->stats());
  return all;
}

}  // namespace hullwatch
