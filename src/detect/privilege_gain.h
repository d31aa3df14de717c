#pragma once
// Privilege gains: a process came to hold an identity or a capability it could not use before, judged relative to the user
// namespace of its container. Dropping and taking back what was kept (sshd, cron, su run by root) is no gain. Each gain is
// explained by the way it came, or unexplained: not reachable by any legal sequence of calls.
// Stateless: before and after come in one record. Evaluator thread only.

#include <optional>

#include "detect/detector.h"

namespace hullwatch {

/// What one credential record amounts to; empty when nothing was gained. Pure.
/// `container_level`: depth of the user namespace the container runs in, 0 for the initial one.
std::optional<PrivilegeGainFinding> judge_credentials(const hw_credential& record, uint32_t container_level);

class PrivilegeGainDetector final : public Detector {
 public:
  void on_event(const EventContext& context, const FindingSink& found) override;
  void on_tick(uint64_t now_ns, const FindingSink& found) override;
};

}  // namespace hullwatch
