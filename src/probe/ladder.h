#pragma once
// The choice for this kernel: for each observation the best provider that truly works, why the better ones do not, and which
// programs are to be loaded. Made by trying, before the real object is loaded. Any one thread.

#include <set>
#include <string>
#include <vector>

#include "probe/hook_probe.h"
#include "probe/providers.h"

namespace hullwatch {

struct Refusal {
  const Provider* provider;
  std::string reason;
};

struct Rung {
  const Observation* observation;
  const Provider* provider = nullptr;  // null: nothing on this kernel makes the observation
  std::vector<Refusal> refused;        // better ones, with the kernel's own reason
};

/// The rungs that may be used; what is there on every kernel (HW_BY_ALWAYS) always may.
using Tiers = std::set<hw_provider>;
/// All, or those that HULLWATCH_TIERS names: "lsm,fentry,quiet,dispatch". For tests, and to find out which rung misbehaves.
Result<Tiers> allowed_tiers();

class Ladder {
 public:
  /// Tries providers of `tiers` best first. `refused`: provider names not to try, because they loaded and never fired.
  static Ladder choose(const HookProbe& probe, const Tiers& tiers, const std::set<std::string_view>& refused = {});

  /// A provider that loaded and never fired, and no better choice is left to try: its observation has none.
  void give_up(std::string_view observation);

  [[nodiscard]] const std::vector<Rung>& rungs() const { return rungs_; }
  /// Null when there is none.
  [[nodiscard]] const Provider* provider_of(std::string_view observation) const;
  [[nodiscard]] bool uses(std::string_view program) const { return programs_.contains(program); }
  /// A core observation without a provider: the daemon runs, and is not ready.
  [[nodiscard]] std::vector<std::string_view> missing_core() const;
  [[nodiscard]] bool degraded() const;  // some observation has no provider

 private:
  std::vector<Rung> rungs_;
  std::set<std::string_view> programs_;
};

}  // namespace hullwatch
