#include "probe/tier_needs.h"

#include <algorithm>

#include "event/event_type.h"
#include "probe/providers.h"
#include "probe/unavailable_events.h"

namespace hullwatch {
namespace {

/// Of the providers of `observation` those for which `gives` holds.
template <typename Gives>
TierNeeds tiers_of(std::string_view observation, Gives gives) {
  TierNeeds needs{.observation = observation, .tiers = {}};
  for (const Provider& provider : providers()) {
    if (provider.observation != observation) continue;
    if (gives(provider))
      needs.tiers.insert(tier_name(provider.tier));
    else
      needs.all = false;
  }
  return needs;
}

bool tells(const Provider& provider, std::string_view field) {
  return std::ranges::find(provider.untold, field) == provider.untold.end();
}

}  // namespace

std::string TierNeeds::text() const {
  std::string out;
  size_t left = tiers.size();
  for (const std::string_view tier : tiers) {
    out += tier;
    if (--left > 0) out += left == 1 ? " or " : ", ";
  }
  return out;
}

TierNeeds tiers_of_event(EventType type) {
  for (const EventTypeInfo& info : event_types())
    if (info.type == type)
      return tiers_of(observation_of(info), [type](const Provider& provider) { return provides(provider, type); });
  return {};
}

std::vector<TierNeeds> tiers_of_field(std::string_view name) {
  std::vector<TierNeeds> out;
  for (const Provider& provider : providers())
    if (!tells(provider, name) && std::ranges::find(out, provider.observation, &TierNeeds::observation) == out.end())
      out.push_back(tiers_of(provider.observation, [name](const Provider& other) { return tells(other, name); }));
  return out;
}

}  // namespace hullwatch
