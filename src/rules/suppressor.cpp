#include "rules/suppressor.h"

#include <iterator>
#include <utility>

#include "util/duration.h"

namespace hullwatch {

void Suppressor::open(const SuppressKey& key, uint64_t now_ns) {
  runs_.push_back({key.text, now_ns + key.for_ns, key.for_ns, 0, nullptr});
  by_key_.emplace(runs_.back().key, std::prev(runs_.end()));
}

void Suppressor::held(const SuppressKey& key, AlertPtr alert) {
  const auto found = by_key_.find(key.text);
  if (found == by_key_.end()) return;
  ++found->second->count;
  found->second->last = std::move(alert);
}

/// The last one held back, with how many it stands for. Its number and id are new.
std::shared_ptr<Alert> Suppressor::closing_alert(const Run& run) {
  auto alert = std::make_shared<Alert>(*run.last);
  alert->suppressed = false;
  alert->seq = 0;
  alert->uuid.clear();
  alert->repeated = run.count;
  alert->output += " [" + std::to_string(run.count) + (run.count == 1 ? " alert" : " alerts") + " like this held back within " +
                   duration_text(run.for_ns) + "]";
  return alert;
}

}  // namespace hullwatch
