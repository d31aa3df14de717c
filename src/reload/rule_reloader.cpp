#include "reload/rule_reloader.h"

#include <malloc.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <iostream>
#include <utility>

namespace hullwatch {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLongestWait = std::chrono::seconds(3);  // for quiet, when files keep changing

}  // namespace

Result<std::unique_ptr<RuleReloader>> RuleReloader::start(Load load, const Loaded& current, std::chrono::milliseconds quiet) {
  auto watch = FileWatch::open();
  if (!watch) return fail(std::move(watch.error()));
  EventFd wake, finished;
  if (!wake || !finished) return fail(Error::from_errno("cannot make an eventfd", errno));
  return std::unique_ptr<RuleReloader>(
      new RuleReloader(std::move(load), current, std::move(*watch), std::move(wake), std::move(finished), quiet));
}

RuleReloader::RuleReloader(Load load, const Loaded& current, FileWatch watch, EventFd wake, EventFd finished,
                           std::chrono::milliseconds quiet)
    : load_(std::move(load)), watch_(std::move(watch)), wake_(std::move(wake)), finished_(std::move(finished)), quiet_(quiet) {
  if (current.rules != nullptr) digests_ = current.rules->file_digests();
  this->watch(current.paths);
  stale_ = current.rules != nullptr && changed_unseen(current.paths);
  thread_ = std::thread([this] { run(); });
}

RuleReloader::~RuleReloader() {
  stopping_ = true;
  wake_.ring();
  thread_.join();
}

void RuleReloader::request() {
  requested_ = true;
  wake_.ring();
}

std::optional<RuleReloader::Outcome> RuleReloader::take() {
  const std::lock_guard lock(mutex_);
  finished_.hush();
  return std::exchange(outcome_, std::nullopt);
}

void RuleReloader::retire(std::shared_ptr<const RuleSet> rules) {
  {
    const std::lock_guard lock(mutex_);
    retired_.push_back(std::move(rules));
  }
  wake_.ring();
}

void RuleReloader::watch(const std::vector<std::string>& paths) {
  for (const std::string& why : watch_.watch(paths))
    std::cerr << "hullwatch: " << why << ": changes there are read at SIGHUP\n";
}

bool RuleReloader::changed_unseen(const std::vector<std::string>& paths) const {
  return !paths.empty() && RuleSet::digests_of(paths) != digests_;
}

void RuleReloader::run() {
  std::optional<Clock::time_point> first_change, last_change;
  if (stale_) first_change = last_change = Clock::now();
  while (!stopping_) {
    int wait = -1;
    if (last_change) {
      const auto due = std::min(*last_change + quiet_, *first_change + kLongestWait);
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now());
      wait = static_cast<int>(std::max<int64_t>(left.count(), 0));
    }
    std::array<pollfd, 2> ready = {{{wake_.get(), POLLIN, 0}, {watch_.fd(), POLLIN, 0}}};
    const int count = ::poll(ready.data(), ready.size(), wait);
    if (count < 0 && errno != EINTR) {
      std::cerr << "hullwatch: cannot wait for changed rules: " << std::strerror(errno) << "; they are not loaded again\n";
      return;
    }
    wake_.hush();
    std::vector<std::shared_ptr<const RuleSet>> retired;
    {
      const std::lock_guard lock(mutex_);
      retired.swap(retired_);
    }
    if (!retired.empty()) {
      retired.clear();
      malloc_trim(0);
    }
    if (watch_.take()) {
      last_change = Clock::now();
      if (!first_change) first_change = last_change;
    }
    const bool quiet = last_change && (Clock::now() >= *last_change + quiet_ || Clock::now() >= *first_change + kLongestWait);
    const bool requested = requested_.exchange(false);
    if (stopping_ || (!requested && !quiet)) continue;
    first_change = last_change = std::nullopt;
    (void)watch_.take();  // whatever changed until now is read now
    if (load(requested)) first_change = last_change = Clock::now();
  }
}

bool RuleReloader::load(bool requested) {
  Loaded loaded;
  try {
    loaded = load_();
  } catch (const std::exception& error) {  // on this thread nobody else would catch it
    std::cerr << "hullwatch: rules could not be loaded: " << error.what() << '\n';
  }
  const bool was_bad = std::exchange(bad_, loaded.rules == nullptr);
  // Also after a bad load, or what mends it may lie where nobody looks. A bad configuration names no paths: those before stay.
  if (loaded.rules != nullptr || !loaded.paths.empty()) watch(loaded.paths);
  bool again = false;
  if (loaded.rules != nullptr) {
    const bool same = loaded.rules->file_digests() == digests_;
    digests_ = loaded.rules->file_digests();
    again = changed_unseen(loaded.paths);
    if (same && !requested && !was_bad) return again;
  }
  deliver(std::move(loaded.rules), requested);
  return again;
}

void RuleReloader::deliver(std::shared_ptr<const RuleSet> rules, bool requested) {
  const std::lock_guard lock(mutex_);
  if (!outcome_) outcome_ = Outcome{};
  outcome_->by_change = !requested;
  outcome_->last_good = rules != nullptr;
  ++(rules != nullptr ? outcome_->good : outcome_->bad);
  if (rules != nullptr) outcome_->rules = std::move(rules);  // an earlier one that nobody took is overtaken
  finished_.ring();
}

}  // namespace hullwatch
