#include "probe/ring_reader.h"

#include <bpf/libbpf.h>
#include <pthread.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace hullwatch {
namespace {

constexpr size_t kBatch = 512;                  // bulk records of one poll()
constexpr std::chrono::milliseconds kQuiet{4};  // EMIT_WAKE_NS of bpf/emit.h: how often to look while not every exec wakes

uint64_t time_of(std::span<const std::byte> record) {
  uint64_t time = 0;
  if (record.size() >= sizeof(hw_header)) std::memcpy(&time, record.data() + offsetof(hw_header, time_ns), sizeof(time));
  return time;
}

uint16_t kind_of(std::span<const std::byte> record) {
  uint16_t kind = HW_KIND_NONE;
  if (record.size() >= sizeof(hw_header)) std::memcpy(&kind, record.data() + offsetof(hw_header, kind), sizeof(kind));
  return kind < HW_KIND_MAX ? kind : uint16_t{HW_KIND_NONE};
}

/// The clock of the records' times.
uint64_t boot_now_ns() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

Status watch(const Fd& epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail(Error::from_errno("cannot watch a ring", errno));
  return {};
}

}  // namespace

void RingReader::RingFree::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

Result<std::unique_ptr<RingReader>> RingReader::start(int critical_map, int bulk_map, size_t queue_bytes, Callback callback,
                                                      const ThreadPriority& priority) {
  std::unique_ptr<RingReader> reader(new RingReader(queue_bytes, std::move(callback)));
  if (auto opened = reader->open(critical_map, bulk_map); !opened) return fail(std::move(opened.error()));
  reader->thread_ = std::thread(&RingReader::read_critical, reader.get(), priority);
  pthread_setname_np(reader->thread_.native_handle(), "hw-critical");
  return reader;
}

Status RingReader::open(int critical_map, int bulk_map) {
  critical_.reset(ring_buffer__new(critical_map, on_critical, this, nullptr));
  if (!critical_) return fail(Error::from_errno("cannot map the critical ring", errno));
  bulk_.reset(ring_buffer__new(bulk_map, on_bulk, this, nullptr));
  if (!bulk_) return fail(Error::from_errno("cannot map the bulk ring", errno));
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  critical_epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_ || !critical_epoll_ || !arrived_ || !stop_)
    return fail(Error::from_errno("cannot make the rings' event fds", errno));
  if (auto s = watch(epoll_, ring_buffer__epoll_fd(bulk_.get())); !s) return s;
  if (auto s = watch(epoll_, arrived_.get()); !s) return s;
  if (auto s = watch(critical_epoll_, ring_buffer__epoll_fd(critical_.get())); !s) return s;
  return watch(critical_epoll_, stop_.get());
}

RingReader::~RingReader() {
  queue_.close();
  if (stop_) stop_.ring();
  if (thread_.joinable()) thread_.join();
}

// ---- the critical ring's thread ----

void RingReader::read_critical(const ThreadPriority& priority) {
  (void)take_priority(priority);
  while (true) {
    std::array<epoll_event, 2> events{};
    const int ready = epoll_wait(critical_epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i)
      if (events[static_cast<size_t>(i)].data.fd == stop_.get()) return;
    if (ready > 0 && ring_buffer__consume(critical_.get()) < 0) return;  // only when the queue was closed
  }
}

int RingReader::on_critical(void* self, void* data, size_t size) {
  auto* reader = static_cast<RingReader*>(self);
  if (!reader->queue_.push({static_cast<const std::byte*>(data), size})) return -ECANCELED;
  reader->arrived_.ring();
  return 0;
}

// ---- the evaluator's thread ----

int RingReader::on_bulk(void* self, void* data, size_t size) {
  auto* reader = static_cast<RingReader*>(self);
  const std::span<const std::byte> record(static_cast<const std::byte*>(data), size);
  reader->hand_over_critical(time_of(record));
  reader->hand_over(record, false);
  return ++reader->batch_ < kBatch ? 0 : -EAGAIN;  // libbpf keeps the position and returns
}

void RingReader::hand_over(std::span<const std::byte> record, bool critical) {
  received_[kind_of(record)].fetch_add(1, std::memory_order_relaxed);
  ++total_;
  callback_(record, critical);
}

void RingReader::hand_over_critical(uint64_t not_after_ns) {
  for (auto record = queue_.front(); !record.empty() && time_of(record) <= not_after_ns; record = queue_.front()) {
    hand_over(record, true);
    queue_.pop();
  }
}

std::chrono::milliseconds RingReader::next_poll(std::chrono::milliseconds at_most) const {
  return std::chrono::steady_clock::now() - last_record_ <= 2 * kQuiet ? std::min(at_most, kQuiet) : at_most;
}

Result<size_t> RingReader::poll(std::chrono::milliseconds timeout) {
  epoll_event event{};
  const int ready = epoll_wait(epoll_.get(), &event, 1, static_cast<int>(next_poll(timeout).count()));
  if (ready < 0 && errno != EINTR) return fail(Error::from_errno("cannot wait for the rings", errno));
  arrived_.hush();
  batch_ = 0;
  total_ = 0;
  // A critical record that comes while the bulk ring is read waits for the next round: the exec that it follows may be in the
  // bulk ring behind what was read.
  const uint64_t now_ns = boot_now_ns();
  const int err = ring_buffer__consume(bulk_.get());
  if (err < 0 && err != -EAGAIN) return fail(Error::from_errno("cannot read the bulk ring", -err));
  hand_over_critical(err == -EAGAIN ? now_ns - std::chrono::nanoseconds(kPatience).count() : now_ns);
  if (total_ > 0) last_record_ = std::chrono::steady_clock::now();
  return total_;
}

std::array<uint64_t, HW_KIND_MAX> RingReader::received() const {
  std::array<uint64_t, HW_KIND_MAX> out{};
  std::ranges::transform(received_, out.begin(), [](const auto& count) { return count.load(std::memory_order_relaxed); });
  return out;
}

}  // namespace hullwatch
