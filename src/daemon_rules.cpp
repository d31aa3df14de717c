// Rules while the daemon runs: judged by what the kernel turned out to provide, and exchanged for sets that the reloader loaded
// aside.

#include <iostream>
#include <utility>

#include "daemon.h"
#include "probe/unavailable_events.h"

namespace hullwatch {

void Daemon::use_rules(std::shared_ptr<const RuleSet> rules) {
  pipeline_->set_rules(rules);
  rules_.store(std::move(rules));
}

/// Only what loaded and was seen to work counts, so this is known late: rules that need what is missing become inert.
Status Daemon::judge_rules() {
  unavailable_ = unavailable_events(sensor_->ladder().rungs());
  if (unavailable_.empty() || !options_.reload) return {};
  auto again = options_.reload(unavailable_, false);
  if (again.rules == nullptr) return {};  // changed meanwhile, for the worse: the reloader will say so
  use_rules(again.rules);
  options_.rules = std::move(again.rules);
  return {};
}

Status Daemon::open_reloader() {
  if (!options_.reload) return {};
  const RulesConfig& config = options_.config.rules;
  auto load = [reload = options_.reload, unavailable = unavailable_] { return reload(unavailable, true); };
  auto reloader = RuleReloader::start(std::move(load), {.rules = std::exchange(options_.rules, nullptr),
                                                        .paths = config.watch ? config.paths : std::vector<std::string>{}});
  if (!reloader) return fail(std::move(reloader.error()));
  reloader_ = std::move(*reloader);
  return {};
}

/// A set that was loaded aside.
void Daemon::take_rules() {
  const auto outcome = reloader_ != nullptr ? reloader_->take() : std::nullopt;
  if (!outcome) return;
  if (outcome->rules != nullptr) {
    auto before = pipeline_->rules();
    use_rules(outcome->rules);
    reloader_->retire(std::move(before));
  }
  const uint64_t now = clock_.wall_ns();
  for (uint32_t i = 0; i < outcome->good; ++i) counters_->reload(true, now);
  for (uint32_t i = 0; i < outcome->bad; ++i) counters_->reload(false, now);
  counters_->set_reload(outcome->last_good, now);
  const auto tell = [&](bool good) {
    std::cerr << (good ? "hullwatch: rules reloaded" : "hullwatch: the new rules are not good; the old ones stay")
              << (outcome->by_change ? " (a file changed)\n" : "\n");
    log_lifecycle("reload", std::string("\"ok\":") + (good ? "true" : "false") +
                                (outcome->by_change ? ",\"cause\":\"change\"" : ",\"cause\":\"signal\""));
  };
  if (outcome->rules != nullptr) tell(true);
  if (!outcome->last_good) tell(false);
}

}  // namespace hullwatch
