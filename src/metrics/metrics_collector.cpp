#include "metrics/metrics_collector.h"

#include "event/decode.h"
#include "event/event_type.h"
#include "event/kernel_names.h"
#include "metrics/family_list.h"
#include "metrics/process_figures.h"

namespace hullwatch {
namespace {

using enum Metric;

constexpr double kNanosecond = 1e-9;

void add_pipeline(FamilyList& out, const Counters::Snapshot& c) {
  for (const EventTypeInfo& type : event_types()) out.add(events_total, c.events[static_cast<size_t>(type.type)], {type.name});
  for (uint32_t kind = 1; kind < HW_KIND_MAX; ++kind) {
    const std::string_view name = kind_name(kind);
    out.add(records_submitted_total, c.kernel[kind].submitted, {name});
    out.add(records_suppressed_total, c.kernel[kind].suppressed, {name});
    out.add(records_received_total, c.received[kind], {name});
    out.add(events_dropped_total, c.kernel[kind].lost, {"kernel_ring", name});
    out.add(events_dropped_total, c.queue_drops[kind], {"user_queue", name});
  }
  out.add(events_dropped_total, c.decode_errors, {"decode", "unknown"});
  out.add(decode_errors_total, c.decode_errors);
  for (uint32_t place = 0; place < HW_PLACE_MAX; ++place)
    out.add(kernel_errors_total, c.kernel_errors[place], {place_name(place)});
  for (const auto& [program, number] : c.program_skips) out.add(program_skips_total, number, {program});
  for (const auto& [map, failures] : c.map_update_failures) out.add(map_update_failures_total, failures, {map});
  for (size_t p = 0; p < c.alerts.size(); ++p) {
    const std::string_view priority = priority_name(static_cast<Priority>(p));
    out.add(alerts_total, c.alerts[p], {priority});
    out.add(alerts_suppressed_total, c.alerts_suppressed[p], {priority});
  }
  for (size_t action = 0; action < c.responses.size(); ++action)
    for (size_t outcome = 0; outcome < c.responses[action].size(); ++outcome)
      out.add(responses_total, c.responses[action][outcome], {kResponseNames[action], kResponseResults[outcome]});
}

void add_knowledge(FamilyList& out, const Counters::Snapshot& c) {
  const PipelineFigures& p = c.pipeline;
  for (const auto& [runtime, number] : p.containers_by_runtime) out.add(containers, number, {runtime});
  out.add(container_resolve_total, p.resolved_by_event, {"event"});
  out.add(container_resolve_total, p.resolved_by_scan, {"scan"});
  out.add(container_resolve_total, p.unresolved, {"unknown"});
  out.add(containers_evicted_total, p.containers_evicted);
  out.add(process_tree_entries, p.processes);
  out.add(process_tree_evictions_total, p.processes_evicted_exited, {"exited"});
  out.add(process_tree_evictions_total, p.processes_evicted_live, {"live"});
  out.add(process_tree_misses_total, p.process_misses);
  for (const auto& [what, number] : p.rule_memory_keys) out.add(rule_memory_keys, number, {what});
  for (const auto& [what, number] : p.rule_memory_evicted) out.add(rule_memory_evicted_total, number, {what});
  out.add(events_held_total, p.events_held);
  out.add(events_unnamed_total, p.events_unnamed);
  for (const ProviderState& state : c.providers) out.add(provider_state, 1.0, {state.observation, state.provider, state.state});
  for (const auto& [observation, number] : c.open_evasions) out.add(open_evasions, number, {observation});
  out.add(rules_reloads_total, c.reloads_good, {"ok"});
  out.add(rules_reloads_total, c.reloads_bad, {"error"});
  out.add(rules_last_reload_successful, c.reload_worked ? 1.0 : 0.0);
  out.add(rules_last_reload_success_timestamp_seconds, static_cast<double>(c.reload_success_ns) * kNanosecond);
}

void add_homes(FamilyList& out, const std::vector<HomeFigures>& homes) {
  for (const HomeFigures& home : homes) {
    out.add(container_forks_total, home.forks, {home.name, home.id});
    out.add(container_exits_total, home.exits, {home.name, home.id});
    out.add(container_execs_total, home.execs, {home.name, home.id});
    out.add(container_failed_forks_total, home.failed_forks, {home.name, home.id});
    for (uint32_t kind = 1; kind < HW_KIND_MAX; ++kind)
      if (home.suppressed[kind] != 0)
        out.add(container_suppressed_total, home.suppressed[kind], {home.name, home.id, kind_name(kind)});
    out.add(container_tasks, static_cast<double>(home.tasks), {home.name, home.id});
    out.add(container_creators, home.creators, {home.name, home.id});
  }
}

void add_sink(FamilyList& out, const SinkStats& sink) {
  out.add(sink_written_total, sink.written, {sink.name});
  out.add(sink_failed_total, sink.failed, {sink.name});
  out.add(sink_dropped_total, sink.dropped, {sink.name});
  out.add(sink_queue_length, static_cast<uint64_t>(sink.queued), {sink.name});
  out.add(sink_queue_capacity, static_cast<uint64_t>(sink.capacity), {sink.name});
  out.add(sink_last_success_timestamp_seconds, static_cast<double>(sink.last_success_ns) * kNanosecond, {sink.name});
}

void add_log(FamilyList& out, const LogFigures& log) {
  out.add(log_bytes_total, log.bytes);
  out.add(log_records_total, log.records);
  out.add(log_lost_records_total, log.lost);
  out.add(log_write_errors_total, log.write_errors);
  out.add(log_syncs_total, log.syncs);
  out.add(log_sync_errors_total, log.sync_errors);
  out.add(log_stored_bytes, log.stored_bytes);
  out.add(log_segments_removed_total, log.segments_removed);
}

void add_process(FamilyList& out) {
  const ProcessFigures figures = read_process_figures();
  out.add(process_cpu_seconds_total, figures.cpu_seconds);
  out.add(process_resident_memory_bytes, figures.resident_bytes);
  out.add(process_virtual_memory_bytes, figures.virtual_bytes);
  out.add(process_open_fds, figures.open_fds);
  out.add(process_max_fds, figures.max_fds);
  out.add(process_threads, figures.threads);
  out.add(process_start_time_seconds, figures.start_time_seconds);
}

/// Two rules of one name and priority would be one series twice, and Prometheus would refuse the scrape.
void add_rules(FamilyList& out, const std::vector<RuleFigures>& all) {
  std::map<std::pair<std::string, Priority>, uint64_t> merged;
  for (const RuleFigures& rule : all) merged[{rule.rule, rule.priority}] += rule.matches;
  for (const auto& [key, matches] : merged) out.add(rule_matches_total, matches, {key.first, priority_name(key.second)});
}

}  // namespace

MetricsCollector::MetricsCollector(std::string version, std::string revision, std::shared_ptr<const Counters> counters,
                                   std::shared_ptr<const Readiness> readiness, MetricSources sources)
    : version_(std::move(version)),
      revision_(std::move(revision)),
      counters_(std::move(counters)),
      readiness_(std::move(readiness)),
      sources_(std::move(sources)) {}

std::vector<prometheus::MetricFamily> MetricsCollector::Collect() const {
  FamilyList out;
  const Counters::Snapshot counted = counters_->snapshot();
  out.add(build_info, 1.0, {version_, revision_});
  out.add(ready, readiness_->ready() ? 1.0 : 0.0);
  add_pipeline(out, counted);
  out.add(event_latency_seconds, counters_->latency.snapshot());
  add_knowledge(out, counted);
  add_homes(out, counted.pipeline.homes);
  if (sources_.rules) add_rules(out, sources_.rules());
  if (sources_.rule_states) {
    for (const auto& [state, number] : sources_.rule_states()) out.add(rules, number, {state});
  }
  if (sources_.rule_files) {
    // A file that is named twice is one series.
    std::map<std::string, std::string> files;
    for (auto& [name, digest] : sources_.rule_files()) files[name] = digest;
    for (const auto& [name, digest] : files) out.add(rules_file_info, 1.0, {name, digest});
  }
  if (sources_.sinks) {
    for (const SinkStats& sink : sources_.sinks()) add_sink(out, sink);
  }
  if (sources_.log) add_log(out, sources_.log());
  add_process(out);
  return out.take();
}

}  // namespace hullwatch
