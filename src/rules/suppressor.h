#pragma once
// `suppress: {for, by}`: of alerts alike, the first goes out; those within `for` after it go to the forensic log alone; when
// that time is over, or there is no room, one closing alert carries their count. So no alert is silent: it is out, or in the
// log and in a count. Bounded; entries stand by themselves, so that a reload leaves them as they are. Evaluator thread.

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "alert/alert.h"

namespace hullwatch {

/// What makes alerts alike. Empty for rules without `suppress`.
struct SuppressKey {
  uint64_t for_ns = 0;
  std::string text;  // the rule, its content, the values of `by`

  [[nodiscard]] bool empty() const { return for_ns == 0; }
};

class Suppressor {
 public:
  static constexpr size_t kMaxKeys = 1024;  // each keeps one alert: a few KiB

  /// True when an alert with that key is to be held back now. `send` gets closing alerts that fall due by it.
  template <typename Send>
  bool holds_back(const SuppressKey& key, uint64_t now_ns, Send send) {
    const auto found = by_key_.find(key.text);
    if (found != by_key_.end() && now_ns < found->second->until_ns) return true;
    if (found != by_key_.end()) close(found->second, send);
    if (runs_.size() >= kMaxKeys) {
      ++evicted_;
      close(runs_.begin(), send);
    }
    open(key, now_ns);
    return false;
  }
  /// The alert that was held back.
  void held(const SuppressKey& key, AlertPtr alert);
  /// Closes what is over; everything at UINT64_MAX.
  template <typename Send>
  void expire(uint64_t now_ns, Send send) {
    for (auto run = runs_.begin(); run != runs_.end();) {
      const auto here = run++;
      if (here->until_ns <= now_ns) close(here, send);
    }
  }

  [[nodiscard]] size_t keys() const { return runs_.size(); }
  [[nodiscard]] uint64_t evicted() const { return evicted_; }

 private:
  struct Run {
    std::string key;
    uint64_t until_ns = 0, for_ns = 0, count = 0;
    AlertPtr last;  // of those held back
  };
  using Runs = std::list<Run>;  // in the order they began

  void open(const SuppressKey& key, uint64_t now_ns);
  template <typename Send>
  void close(Runs::iterator run, Send& send) {
    if (run->count > 0) send(closing_alert(*run));
    by_key_.erase(run->key);
    runs_.erase(run);
  }
  static std::shared_ptr<Alert> closing_alert(const Run& run);

  Runs runs_;
  std::unordered_map<std::string_view, Runs::iterator> by_key_;
  uint64_t evicted_ = 0;
};

}  // namespace hullwatch
