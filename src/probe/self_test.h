#pragma once
// Proof that what is attached truly fires: acts in a child of our own, and looks whether the kernel counted a record for each
// observation. Everything it does is undone or was refused. Any one thread; takes a few milliseconds.

#include <string>
#include <vector>

#include "probe/bpf_object.h"
#include "probe/ladder.h"

namespace hullwatch {

struct SelfTestOptions {
  /// A program that a child may exec; it is given argv[0] kSelfTestName and must end by itself, with whatever status but 113.
  std::string program = "/proc/self/exe";
  /// Where a cgroup may be made and removed again; empty: the cgroup observation is not tried.
  std::string cgroup_root;
};
/// main() ends at once when it is called so.
inline constexpr const char* kSelfTestName = "hullwatch-self-test";

/// Observations whose provider saw nothing of it. Observations that could not be acted on are not among them.
std::vector<std::string_view> silent_observations(const BpfObject& object, const Ladder& ladder,
                                                  const SelfTestOptions& options);

}  // namespace hullwatch
