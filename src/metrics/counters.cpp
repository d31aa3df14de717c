#include "metrics/counters.h"

#include <utility>

namespace hullwatch {
namespace {

template <size_t N>
std::array<uint64_t, N> read(const std::array<std::atomic<uint64_t>, N>& counters) {
  std::array<uint64_t, N> values{};
  for (size_t i = 0; i < N; ++i) values[i] = counters[i].load(std::memory_order_relaxed);
  return values;
}

}  // namespace

void Counters::set_kernel(uint32_t kind, KernelCount count) {
  const std::lock_guard lock(mutex_);
  if (kind < HW_KIND_MAX) kernel_[kind] = count;
}

void Counters::set_program_skips(std::map<std::string, uint64_t> skips) {
  const std::lock_guard lock(mutex_);
  program_skips_ = std::move(skips);
}

void Counters::set_kernel_errors(const std::array<uint64_t, HW_PLACE_MAX>& errors) {
  const std::lock_guard lock(mutex_);
  kernel_errors_ = errors;
}

void Counters::set_pipeline(PipelineFigures figures) {
  const std::lock_guard lock(mutex_);
  pipeline_ = std::move(figures);
}

void Counters::set_providers(std::vector<ProviderState> providers, std::map<std::string, uint64_t> open_evasions) {
  const std::lock_guard lock(mutex_);
  providers_ = std::move(providers);
  open_evasions_ = std::move(open_evasions);
}

void Counters::set_reload(bool worked, uint64_t wall_ns) {
  const std::lock_guard lock(mutex_);
  reload_worked_ = worked;
  if (worked) reload_success_ns_ = wall_ns;
}

void Counters::reload(bool worked, uint64_t wall_ns) {
  set_reload(worked, wall_ns);
  const std::lock_guard lock(mutex_);
  ++(worked ? reloads_good_ : reloads_bad_);
}

uint64_t Counters::map_update_failed(std::string_view map) {
  const std::lock_guard lock(mutex_);
  return ++map_update_failures_.try_emplace(std::string(map)).first->second;
}

Counters::Snapshot Counters::snapshot() const {
  Snapshot all;
  all.events = read(events_);
  all.received = read(received_);
  all.queue_drops = read(queue_drops_);
  all.alerts = read(alerts_);
  all.alerts_suppressed = read(alerts_suppressed_);
  for (size_t action = 0; action < responses_.size(); ++action) all.responses[action] = read(responses_[action]);
  all.decode_errors = decode_errors_.load(std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  all.kernel = kernel_;
  all.pipeline = pipeline_;
  all.providers = providers_;
  all.open_evasions = open_evasions_;
  all.kernel_errors = kernel_errors_;
  all.program_skips = program_skips_;
  all.map_update_failures = map_update_failures_;
  all.reload_worked = reload_worked_;
  all.reload_success_ns = reload_success_ns_;
  all.reloads_good = reloads_good_;
  all.reloads_bad = reloads_bad_;
  return all;
}

}  // namespace hullwatch
