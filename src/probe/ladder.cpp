#include "probe/ladder.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>

namespace hullwatch {
namespace {

constexpr const char* kSilent = "its programs loaded and attached, but never fired";

constexpr const char* kTiersVariable = "HULLWATCH_TIERS";
constexpr std::array<std::pair<std::string_view, hw_provider>, 4> kTierWords = {
    {{"lsm", HW_BY_LSM}, {"fentry", HW_BY_FENTRY}, {"quiet", HW_BY_QUIET}, {"dispatch", HW_BY_DISPATCH}}};

}  // namespace

Result<Tiers> allowed_tiers() {
  Tiers tiers = {HW_BY_ALWAYS};
  const char* variable = std::getenv(kTiersVariable);
  std::istringstream words(variable != nullptr ? variable : "lsm,fentry,quiet,dispatch");
  for (std::string word; std::getline(words, word, ',');) {
    const auto* tier = std::ranges::find(kTierWords, word, &std::pair<std::string_view, hw_provider>::first);
    if (tier == kTierWords.end())
      return fail(std::string(kTiersVariable) + " names no tier by '" + word + "'; there are lsm, fentry, quiet and dispatch");
    tiers.insert(tier->second);
  }
  return tiers;
}

Ladder Ladder::choose(const HookProbe& probe, const Tiers& tiers, const std::set<std::string_view>& refused) {
  Ladder ladder;
  for (const Observation& observation : observations()) {
    Rung rung{.observation = &observation, .provider = nullptr, .refused = {}};
    for (const Provider& provider : providers()) {
      if (provider.observation != observation.name) continue;
      if (!tiers.contains(provider.tier)) {
        rung.refused.push_back({&provider, std::string("not among ") + kTiersVariable});
        continue;
      }
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

const Provider* Ladder::provider_of(std::string_view observation) const {
  const auto rung = std::ranges::find_if(rungs_, [&](const Rung& r) { return r.observation->name == observation; });
  return rung == rungs_.end() ? nullptr : rung->provider;
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
