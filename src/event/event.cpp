#include "event/event.h"

#include <fmt/format.h>

#include <iterator>

namespace hullwatch {

std::string LossEvent::producers_text() const {
  std::string out;
  for (const LossProducer& producer : producers)
    fmt::format_to(std::back_inserter(out), "{}{} made {} and lost {}", out.empty() ? "" : ", ", producer.name, producer.made,
                   producer.lost);
  return out;
}

}  // namespace hullwatch
