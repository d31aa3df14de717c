#include "probe/unavailable_events.h"

#include <algorithm>
#include <array>

#include "event/event_type.h"

namespace hullwatch {
namespace {

using enum EventType;

constexpr std::array kNewMountCalls = {open_tree, fsopen, fsconfig, fsmount, mount_setattr, fspick};
constexpr std::array kCredentialCalls = {setuid,   setgid,   setreuid,  setregid, setresuid, setresgid,
                                         setfsuid, setfsgid, setgroups, capset,   prctl,     keyctl};

/// What an observation has, but not on this rung.
struct Gap {
  std::string_view observation;
  hw_provider tier;
  std::span<const EventType> events;
};
constexpr Gap kGaps[] = {{"mount", HW_BY_LSM, kNewMountCalls},             // there are no hooks for these calls
                         {"credential", HW_BY_ALWAYS, kCredentialCalls}};  // compares at exec and fork: the call is long over

}  // namespace

bool provides(const Provider& provider, EventType type) {
  return std::ranges::none_of(kGaps, [&](const Gap& gap) {
    return gap.observation == provider.observation && gap.tier == provider.tier &&
           std::ranges::find(gap.events, type) != gap.events.end();
  });
}

// The other findings have more than one, or one that every kernel can make.
std::string_view observation_of(const EventTypeInfo& info) {
  if (info.type == EventType::runtime_request) return "runtime_socket";
  if (info.type == EventType::container_crossing) return "namespace";
  return info.observation;
}

std::vector<EventType> unavailable_events(std::span<const Rung> rungs) {
  std::vector<EventType> out;
  for (const EventTypeInfo& info : event_types()) {
    const std::string_view observation = observation_of(info);
    const auto rung = std::ranges::find_if(rungs, [&](const Rung& r) { return r.observation->name == observation; });
    if (rung == rungs.end()) continue;
    if (rung->provider == nullptr || !provides(*rung->provider, info.type)) out.push_back(info.type);
  }
  return out;
}

}  // namespace hullwatch
