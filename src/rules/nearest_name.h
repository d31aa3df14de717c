#pragma once
// "Did you mean": the known name closest to a mistyped one. Pure; any thread.

#include <string_view>

namespace hullwatch::rules {

/// Keeps the closest of the names offered to it, as long as it is close enough to be a slip of the hand.
class NearestName {
 public:
  explicit NearestName(std::string_view wanted);
  void offer(std::string_view candidate);
  /// Empty when nothing was close.
  [[nodiscard]] std::string_view best() const { return best_; }

 private:
  std::string_view wanted_, best_;
  size_t distance_;
};

}  // namespace hullwatch::rules
