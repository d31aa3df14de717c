#pragma once
// Who made the process of an event, and who made that one: by the process tree as far as it knows, then by what the record
// itself names. Critical records, and execs of a home whose forks are being held back, name three ancestors. Views only, as
// long as the event and the tree live. Evaluator thread only.

#include <cstddef>
#include <string_view>

#include "enrich/context.h"

namespace hullwatch {

/// One process of a lineage.
struct Relative {
  const Process* process = nullptr;  // null: the tree does not know it
  hw_key key{};
  std::string_view comm;
  explicit operator bool() const { return key.tgid != 0; }
};
inline constexpr size_t kMaxLineage = 64;

/// Follows the lineage upwards, from the process itself; each step costs one lookup.
class Lineage {
 public:
  explicit Lineage(const EventContext& context);
  /// False when there is none further up.
  [[nodiscard]] const Relative& here() const { return here_; }
  void up();

 private:
  const EventContext& context_;
  Relative here_;
  size_t generation_ = 0;
};

}  // namespace hullwatch
