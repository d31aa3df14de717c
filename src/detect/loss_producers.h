#pragma once
// Who made the records of which some were lost: the homes' counts from one look to the next. Evaluator thread only.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "detect/home_sample.h"
#include "event/event.h"

namespace hullwatch {

class LossProducers {
 public:
  using NameOf = std::function<std::string(uint64_t home)>;
  static constexpr size_t kNamed = 3;

  /// A home that is gone, with its last counts: asked for once more by the next look.
  void gone(const HomeSample& last);
  /// Who made most since the last look, the largest first, of critical records or of bulk ones; and begins the next interval.
  /// `homes` in the order of their ids.
  std::vector<LossProducer> take(std::span<const HomeSample> homes, bool critical, const NameOf& name_of);
  /// Nothing was lost: begins the next interval.
  void skip(std::span<const HomeSample> homes);

 private:
  static constexpr size_t kGone = 64;  // kept from one look to the next; further ones are not named

  std::vector<HomeSample> last_, gone_;
};

}  // namespace hullwatch
