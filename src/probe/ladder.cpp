#include "probe/ladder.h"

#include <algorithm>

namespace hullwatch {
namespace {

constexpr const char* kSilent = "its programs loaded and attached, but never fired";

}  // namespace

Ladder Ladder::choose(const HookProbe& probe, const std::set<std::string_view>& refused) {
  Ladder ladder;
  for (const Observation& observation : observations()) {
    Rung rung{.observation = &observation, .provider = nullptr, .refused = {}};
    for (const Provider& provider : providers()) {
      if (provider.observation != observation.name) continue;
      if (refused.contains(provider.name)) {
        rung.refused.push_back({&provider, kSilent});
        continue;
      }
      if (auto tried = probe.try_provider(provider); !tried) {
        rung.refused.push_back({&provider, tried.error().message});
        continue;
      }
      rung.provider = &provider;
      ladder.programs_.insert(provider.programs.begin(), provider.programs.end());
      break;
    }
    ladder.rungs_.push_back(std::move(rung));
  }
  return ladder;
}

void Ladder::give_up(std::string_view observation) {
  for (Rung& rung : rungs_) {
    if (rung.observation->name != observation || rung.provider == nullptr) continue;
    rung.refused.push_back({rung.provider, kSilent});
    rung.provider = nullptr;
  }
}

std::vector<std::string_view> Ladder::missing_core() const {
  std::vector<std::string_view> missing;
  for (const Rung& rung : rungs_)
    if (rung.provider == nullptr && rung.observation->core) missing.push_back(rung.observation->name);
  return missing;
}

bool Ladder::degraded() const {
  return std::any_of(rungs_.begin(), rungs_.end(), [](const Rung& rung) { return rung.provider == nullptr; });
}

}  // namespace hullwatch
