#include "metrics/metric_table.h"

#include <array>

namespace hullwatch {
namespace {

using enum Metric;
using enum MetricType;

constexpr std::array<MetricInfo, static_cast<size_t>(count_)> kTable = {{
    {build_info, "hullwatch_build_info", gauge, "version,revision", "Always 1; which hullwatch this is."},
    {ready, "hullwatch_ready", gauge, "", "1 when /readyz says so, else 0."},
    {events_total, "hullwatch_events_total", counter, "type", "Events evaluated."},
    {records_submitted_total, "hullwatch_records_submitted_total", counter, "kind",
     "Records the kernel side put into a ring. Equals records received, once the rings are empty."},
    {records_suppressed_total, "hullwatch_records_suppressed_total", counter, "kind",
     "Records the kernel side counted instead of sending, in a burst or above a container's share."},
    {records_received_total, "hullwatch_records_received_total", counter, "kind", "Records taken from the rings."},
    {events_dropped_total, "hullwatch_events_dropped_total", counter, "stage,kind",
     "Records lost: kernel_ring had no room, user_queue had no room, or decode refused what it could not trust."},
    {decode_errors_total, "hullwatch_decode_errors_total", counter, "",
     "Records skipped because they were truncated, oversized or of unknown kind."},
    {kernel_errors_total, "hullwatch_kernel_errors_total", counter, "place",
     "What failed in the kernel side without losing a record: the places of enum hw_place."},
    {program_skips_total, "hullwatch_program_skips_total", counter, "program",
     "Times the kernel skipped a program, because it had been preempted on that processor; unseen is what NAME_relief missed, "
     "too."},
    {map_update_failures_total, "hullwatch_map_update_failures_total", counter, "map",
     "Answers the kernel side could not be given: its map had no room or no memory. listeners and request_windows are asked or "
     "sent again; containers leaves a new process's home to be inferred."},
    {event_latency_seconds, "hullwatch_event_latency_seconds", histogram, "",
     "From the kernel hook to the alert being written."},
    {alerts_total, "hullwatch_alerts_total", counter, "priority", "Alerts raised."},
    {alerts_suppressed_total, "hullwatch_alerts_suppressed_total", counter, "priority",
     "Alerts held back by their rule's suppress: in the forensic log, and in the count of a closing alert."},
    {responses_total, "hullwatch_responses_total", counter, "action,outcome",
     "Actions that rules asked for by respond: done (or so already), refused, failed, dry_run, or shed because the queue was "
     "full."},
    {rule_matches_total, "hullwatch_rule_matches_total", counter, "rule,priority", "Events a rule matched."},
    {rules, "hullwatch_rules", gauge, "state", "Rules loaded, by state: live, inert or disabled."},
    {rules_reloads_total, "hullwatch_rules_reloads_total", counter, "result",
     "Times the rules were loaded again while running: ok, or error (the old ones stayed)."},
    {rules_file_info, "hullwatch_rules_file_info", gauge, "file,sha256", "Always 1; the rule files that run, by content."},
    {rules_last_reload_successful, "hullwatch_rules_last_reload_successful", gauge, "",
     "1 when the last load of the rules worked; 0: the set before it is still running."},
    {rules_last_reload_success_timestamp_seconds, "hullwatch_rules_last_reload_success_timestamp_seconds", gauge, "",
     "When the rules that run were loaded."},
    {rule_memory_keys, "hullwatch_rule_memory_keys", gauge, "what",
     "Keys that rules of many events remember: threshold, sequence or suppress."},
    {rule_memory_evicted_total, "hullwatch_rule_memory_evicted_total", counter, "what",
     "What they forgot for want of room while it still mattered."},
    {sink_written_total, "hullwatch_sink_written_total", counter, "sink", "Alerts and log records written."},
    {sink_failed_total, "hullwatch_sink_failed_total", counter, "sink", "Writes that failed."},
    {sink_dropped_total, "hullwatch_sink_dropped_total", counter, "sink", "Alerts and log records that found the queue full."},
    {sink_queue_length, "hullwatch_sink_queue_length", gauge, "sink", "Alerts and log records that wait."},
    {sink_queue_capacity, "hullwatch_sink_queue_capacity", gauge, "sink", "How many may wait."},
    {sink_last_success_timestamp_seconds, "hullwatch_sink_last_success_timestamp_seconds", gauge, "sink",
     "When something was written last; 0: never."},
    {log_bytes_total, "hullwatch_log_bytes_total", counter, "", "Bytes written to the forensic log."},
    {log_records_total, "hullwatch_log_records_total", counter, "", "Records written to the forensic log."},
    {log_lost_records_total, "hullwatch_log_lost_records_total", counter, "",
     "Records that are not in the forensic log; a loss record in it says which."},
    {log_write_errors_total, "hullwatch_log_write_errors_total", counter, "", "Writes to the forensic log that failed."},
    {log_syncs_total, "hullwatch_log_syncs_total", counter, "", "Times the forensic log was made durable."},
    {log_sync_errors_total, "hullwatch_log_sync_errors_total", counter, "", "Times that failed."},
    {log_stored_bytes, "hullwatch_log_stored_bytes", gauge, "", "Size of the forensic log on disk."},
    {log_segments_removed_total, "hullwatch_log_segments_removed_total", counter, "",
     "Oldest files of the forensic log removed to keep within log.total_bytes."},
    {containers, "hullwatch_containers", gauge, "runtime", "Containers that live."},
    {container_resolve_total, "hullwatch_container_resolve_total", counter, "result",
     "How container cgroups were found: by event, by scan, or not at all (unknown)."},
    {containers_evicted_total, "hullwatch_containers_evicted_total", counter, "", "Containers forgotten for want of room."},
    {events_held_total, "hullwatch_events_held_total", counter, "",
     "Events whose rules waited for the name and image of their container."},
    {events_unnamed_total, "hullwatch_events_unnamed_total", counter, "",
     "Of these, those that were judged without: the metadata did not come within 200 ms."},
    {process_tree_entries, "hullwatch_process_tree_entries", gauge, "", "Processes remembered."},
    {process_tree_evictions_total, "hullwatch_process_tree_evictions_total", counter, "state",
     "Processes forgotten for want of room, exited or still live."},
    {process_tree_misses_total, "hullwatch_process_tree_misses_total", counter, "",
     "Look-ups of processes that are not known."},
    {provider_state, "hullwatch_provider_state", gauge, "observation,provider,state",
     "Always 1; how each observation is made on this kernel."},
    {open_evasions, "hullwatch_open_evasions", gauge, "observation",
     "Known evasions that this kernel leaves open, of those the observation would show; hullwatch doctor names them."},
    {container_forks_total, "hullwatch_container_forks_total", counter, "container,id",
     "Tasks made, threads included: of the host, of up to 20 containers, and of all others together (other)."},
    {container_exits_total, "hullwatch_container_exits_total", counter, "container,id", "Tasks ended."},
    {container_execs_total, "hullwatch_container_execs_total", counter, "container,id", "Programs executed."},
    {container_failed_forks_total, "hullwatch_container_failed_forks_total", counter, "container,id",
     "Forks that pids.max refused."},
    {container_suppressed_total, "hullwatch_container_suppressed_total", counter, "container,id,kind",
     "Of hullwatch_records_suppressed_total, whose they are."},
    {container_tasks, "hullwatch_container_tasks", gauge, "container,id", "Tasks alive."},
    {container_creators, "hullwatch_container_creators", gauge, "container,id",
     "Distinct processes that forked in the window under way."},
    {process_cpu_seconds_total, "process_cpu_seconds_total", counter, "", "User and system CPU time of hullwatch."},
    {process_resident_memory_bytes, "process_resident_memory_bytes", gauge, "", "Resident memory; the rings count twice."},
    {process_virtual_memory_bytes, "process_virtual_memory_bytes", gauge, "", "Virtual memory."},
    {process_open_fds, "process_open_fds", gauge, "", "Open file descriptors."},
    {process_max_fds, "process_max_fds", gauge, "", "Limit of open file descriptors."},
    {process_threads, "process_threads", gauge, "", "Threads."},
    {process_start_time_seconds, "process_start_time_seconds", gauge, "", "When hullwatch started."},
}};

}  // namespace

std::string_view metric_type_name(MetricType type) {
  constexpr std::array<std::string_view, 3> kNames = {"counter", "gauge", "histogram"};
  return kNames.at(static_cast<size_t>(type));
}

std::span<const MetricInfo> metric_table() { return kTable; }
const MetricInfo& metric_info(Metric metric) { return kTable.at(static_cast<size_t>(metric)); }

std::string metric_reference_markdown() {
  std::string out = "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricInfo& info : kTable) {
    out += "| `" + std::string(info.name) + "` | " + std::string(metric_type_name(info.type)) + " | " +
           (info.labels.empty() ? "" : '`' + std::string(info.labels) + '`') + " | " + std::string(info.help) + " |\n";
  }
  return out;
}

}  // namespace hullwatch
