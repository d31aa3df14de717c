#pragma once
// The one table of metrics: name, type, labels, help. The scrape, `hullwatch metrics` and docs/metrics.md come from it.
// Constant data; any thread.

#include <span>
#include <string>
#include <string_view>

namespace hullwatch {

enum class MetricType : uint8_t { counter, gauge, histogram };
std::string_view metric_type_name(MetricType type);

/// In the order of the table.
enum class Metric : uint8_t {
  build_info,
  ready,
  events_total,
  records_submitted_total,
  records_suppressed_total,
  records_received_total,
  events_dropped_total,
  decode_errors_total,
  kernel_errors_total,
  program_skips_total,
  map_update_failures_total,
  event_latency_seconds,
  alerts_total,
  alerts_suppressed_total,
  responses_total,
  rule_matches_total,
  rules,
  rules_reloads_total,
  rules_file_info,
  rules_last_reload_successful,
  rules_last_reload_success_timestamp_seconds,
  rule_memory_keys,
  rule_memory_evicted_total,
  sink_written_total,
  sink_failed_total,
  sink_dropped_total,
  sink_queue_length,
  sink_queue_capacity,
  sink_last_success_timestamp_seconds,
  log_bytes_total,
  log_records_total,
  log_lost_records_total,
  log_write_errors_total,
  log_syncs_total,
  log_sync_errors_total,
  log_stored_bytes,
  log_segments_removed_total,
  containers,
  container_resolve_total,
  containers_evicted_total,
  events_held_total,
  events_unnamed_total,
  process_tree_entries,
  process_tree_evictions_total,
  process_tree_misses_total,
  provider_state,
  open_evasions,
  container_forks_total,
  container_exits_total,
  container_execs_total,
  container_failed_forks_total,
  container_suppressed_total,
  container_tasks,
  container_creators,
  process_cpu_seconds_total,
  process_resident_memory_bytes,
  process_virtual_memory_bytes,
  process_open_fds,
  process_max_fds,
  process_threads,
  process_start_time_seconds,
  count_,
};

struct MetricInfo {
  Metric id;
  std::string_view name;
  MetricType type;
  std::string_view labels;  // "kind" or "observation,provider,state"; empty: none
  std::string_view help;    // one line, without backslashes
};

std::span<const MetricInfo> metric_table();
const MetricInfo& metric_info(Metric metric);
/// The table of docs/metrics.md.
std::string metric_reference_markdown();

}  // namespace hullwatch
