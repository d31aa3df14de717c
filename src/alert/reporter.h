#pragma once
// Lines for people, written by a thread of their own, so that who has something to say never waits for a terminal or a pipe.
// Bounded: what does not fit is counted and said later. say() from any thread.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace hullwatch {

class Reporter {
 public:
  using Write = std::function<void(const std::string&)>;
  explicit Reporter(Write write);
  ~Reporter();  // writes what is queued, then joins
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  void say(std::string line);

 private:
  void run();

  static constexpr size_t kMaxQueued = 64;
  Write write_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::string> queue_;
  size_t unsaid_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace hullwatch
