#include "cli/memory_bound.h"

#include <algorithm>
#include <utility>

#include "alert/dispatcher.h"
#include "detect/request_stream.h"
#include "enrich/container_index.h"
#include "enrich/metadata_json.h"
#include "enrich/process_tree.h"
#include "probe/sensor.h"
#include "rules/suppressor.h"

namespace hullwatch {
namespace {

constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

// The program before its first event: code and libraries, type information and BPF objects as libbpf keeps them, compiled
// rules, stacks of a dozen threads. Measured: 15 to 20 MiB.
constexpr uint64_t kProgram = 24 * kMiB;
// An alert: usually a few arguments; at most nine processes with arguments, program and directory of 13 KiB.
constexpr uint64_t kAlert = 4 * kKiB, kLongestAlert = 128 * kKiB;
// Texts of a process: nearly all are shared with its parent.
constexpr uint64_t kUsualTexts = 512;
// A container's labels: some, or all that are read.
constexpr uint64_t kUsualLabels = 2 * kKiB;
constexpr uint64_t kLongestLabels = kLabelsMax * (kLabelKeyMax + kLabelValueMax + 128) + 4 * kKiB;
// An event whose rules wait for the container's name: the record, of which few have long arguments.
constexpr uint64_t kHeldEvents = 1024, kUsualRecord = 1 * kKiB, kLongestRecord = 24 * kKiB;
// Connections to runtimes' sockets whose requests are being read (detect/request_stream.h).
constexpr uint64_t kConnections = RequestStreams::kMaxConnections, kUsualConnection = 8 * kKiB, kLongestConnection = 80 * kKiB;
// What detectors, the classifier of listeners and the metrics remember, each table full: about 100,000 entries of 32 to 256
// bytes.
constexpr uint64_t kTables = 16 * kMiB;
// malloc keeps what it cannot give back: a quarter of what is allocated and freed again and again.
constexpr uint64_t with_slack(uint64_t bytes) { return bytes + bytes / 4; }

MemoryPart heap(std::string_view name, std::string_view formula, uint64_t full, uint64_t at_most) {
  return {.name = name, .formula = formula, .full = with_slack(std::min(full, at_most)), .at_most = with_slack(at_most)};
}

template <typename Values, typename Member>
uint64_t sum(const Values& values, Member member) {
  uint64_t total = 0;
  for (const auto& value : values) total += value.*member;
  return total;
}

}  // namespace

uint64_t MemoryBound::kernel() const { return sum(maps, &MapMemory::bytes); }
uint64_t MemoryBound::kernel_per_task() const { return sum(maps, &MapMemory::per_task); }
uint64_t MemoryBound::daemon_full() const { return sum(daemon, &MemoryPart::full); }
uint64_t MemoryBound::daemon_at_most() const { return sum(daemon, &MemoryPart::at_most); }

MemoryBound memory_bound(const Config& config, std::vector<MapMemory> maps, uint32_t bulk_bytes, uint64_t rule_state) {
  const uint64_t rings = 2 * (config.rings.critical_bytes + bulk_bytes) + SensorOptions{}.queue_bytes;
  const uint64_t processes = config.limits.processes, containers = config.limits.containers;
  const uint64_t outputs = config.log.enabled ? 2 : 1, queue = config.limits.sink_queue;
  MemoryBound bound{.maps = std::move(maps), .daemon = {}};
  bound.daemon = {
      {.name = "program", .formula = "fixed", .full = kProgram, .at_most = kProgram},
      {.name = "rings", .formula = "2 x (critical + bulk) + the queue behind critical", .full = rings, .at_most = rings},
      heap("processes", "limits.processes x entry + texts of all", processes * (ProcessTree::kEntryBytes + kUsualTexts),
           processes * ProcessTree::kEntryBytes + ProcessTree::text_limit(processes)),
      heap("containers", "limits.containers x (entry + labels)", containers * (ContainerIndex::kEntryBytes + kUsualLabels),
           containers * (ContainerIndex::kEntryBytes + kLongestLabels)),
      heap("rule state", "thresholds and sequences of the rules + suppressed alerts",
           rule_state + Suppressor::kMaxKeys * kAlert, rule_state + Suppressor::kMaxKeys * kLongestAlert),
      heap("outputs", "outputs x limits.sink_queue, 16 MiB each at most", outputs * queue * kAlert,
           outputs * std::min(queue * kLongestAlert, uint64_t{SinkOptions{}.queue_bytes} + kLongestAlert)),
      heap("held events", "1024 that wait for a container's name", kHeldEvents * kUsualRecord, kHeldEvents * kLongestRecord),
      heap("requests", "256 connections to runtimes", kConnections * kUsualConnection, kConnections * kLongestConnection),
      heap("tables", "of detectors, listeners and metrics", kTables, kTables),
  };
  return bound;
}

}  // namespace hullwatch
