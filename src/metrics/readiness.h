#pragma once
// Whether hullwatch does its whole job, and if not, which part does not. Set by the daemon, read by /readyz. Any thread.

#include <map>
#include <mutex>
#include <string>

namespace hullwatch {

class Readiness {
 public:
  /// Not ready until started() was called: "starting" is the failed part.
  void started();
  /// That part does not work, because.
  void failed(const std::string& part, const std::string& reason);
  /// That part works (again).
  void works(const std::string& part);

  [[nodiscard]] bool ready() const;
  /// {"ready":false,"failed":[{"part":"exec","reason":"…"}]}
  [[nodiscard]] std::string json() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> failed_ = {{"start", "hullwatch is still starting"}};
};

}  // namespace hullwatch
