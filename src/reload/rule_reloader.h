#pragma once
// Loads rules aside, on a thread of its own: when asked (SIGHUP), and when their files change. The evaluator takes a finished
// set and swaps the pointer; a set that is not good is told and changes nothing. start, request, take, retire: one thread.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "reload/file_watch.h"
#include "rules/rule_set.h"
#include "util/event_fd.h"
#include "util/result.h"

namespace hullwatch {

class RuleReloader {
 public:
  /// What a load gave.
  struct Loaded {
    std::shared_ptr<const RuleSet> rules;  // null: not good, and it has been said why
    std::vector<std::string> paths;        // to watch from now on; empty: none
  };
  using Load = std::function<Loaded()>;  // on the reloader's thread

  /// What the loads since the last take() came to: usually one, more when they came faster than they were taken.
  struct Outcome {
    std::shared_ptr<const RuleSet> rules;  // of the last load that was good; null: the old ones stay
    bool by_change = false;                // nobody asked: a file changed
    uint32_t good = 0, bad = 0;            // loads
    bool last_good = false;
  };

  /// `current` are the rules that run, from `paths`; no paths: files are not watched. Changes are waited out for `quiet`.
  static Result<std::unique_ptr<RuleReloader>> start(Load load, const Loaded& current,
                                                     std::chrono::milliseconds quiet = std::chrono::milliseconds(300));
  ~RuleReloader();  // stops and joins; a load under way is waited for
  RuleReloader(const RuleReloader&) = delete;
  RuleReloader& operator=(const RuleReloader&) = delete;

  void request();
  /// Readable when take() would return something.
  [[nodiscard]] int event_fd() const { return finished_.get(); }
  /// Every request has an outcome; requests that come together have one. A change of files that changed no content has none,
  /// unless the load before was not good.
  std::optional<Outcome> take();
  /// Rules that run no more: their memory is given back on the thread.
  void retire(std::shared_ptr<const RuleSet> rules);

 private:
  RuleReloader(Load load, const Loaded& current, FileWatch watch, EventFd wake, EventFd finished,
               std::chrono::milliseconds quiet);
  void run();
  /// True when files changed meanwhile and nobody watched: they are to be loaded again.
  [[nodiscard]] bool load(bool requested);
  void watch(const std::vector<std::string>& paths);
  /// Did the files change between their being read and their being watched?
  [[nodiscard]] bool changed_unseen(const std::vector<std::string>& paths) const;
  void deliver(std::shared_ptr<const RuleSet> rules, bool requested);

  Load load_;
  FileWatch watch_;
  EventFd wake_, finished_;
  const std::chrono::milliseconds quiet_;
  std::vector<std::pair<std::string, std::string>> digests_;  // of the set loaded last, the good ones
  bool bad_ = false;                                          // the last load was not good, and that was told
  bool stale_ = false;                                        // files changed before they were first watched

  std::atomic<bool> requested_ = false, stopping_ = false;
  std::mutex mutex_;  // guards what follows
  std::optional<Outcome> outcome_;
  std::vector<std::shared_ptr<const RuleSet>> retired_;
  std::thread thread_;
};

}  // namespace hullwatch
