#pragma once
// The monitor: composes the parts, runs the loop, and owns the order of start and stop. One instance; start() and run() belong
// to the main thread, which is the evaluator's.

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "alert/dispatcher.h"
#include "config/config.h"
#include "detect/loss_producers.h"
#include "enrich/cgroup_tree.h"
#include "enrich/container_index.h"
#include "enrich/runtime_states.h"
#include "guard/canary.h"
#include "guard/own_cgroup.h"
#include "guard/watchdog.h"
#include "log/forensic_log.h"
#include "metrics/counters.h"
#include "metrics/http_endpoint.h"
#include "metrics/latency_quantiles.h"
#include "metrics/metrics_collector.h"
#include "metrics/readiness.h"
#include "pipeline/pipeline.h"
#include "probe/listener_classifier.h"
#include "probe/sensor.h"
#include "reload/rule_reloader.h"
#include "respond/command_record.h"
#include "respond/responder.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/thread_priority.h"

namespace hullwatch {

constexpr size_t kContainersInMetrics = 20;

struct DaemonOptions {
  Config config;
  std::shared_ptr<const RuleSet> rules;
  /// Reads configuration and rules again, for a kernel that does not provide these events: on the reloader's thread, and once
  /// while starting where there are such events. Without rules when they are not good; says why when told to.
  std::function<RuleReloader::Loaded(const std::vector<EventType>& unavailable, bool tell)> reload;
  uint64_t duration_ns = 0;  // 0: until a signal
};

class Daemon {
 public:
  /// Everything attached, scanned and proven, or the reason why not.
  static Result<std::unique_ptr<Daemon>> start(DaemonOptions options);
  ~Daemon();

  /// Until SIGTERM, SIGINT or the end of the duration; then drains and prints the summary to stderr.
  Status run();
  /// Some observation has no provider, or something attached does not work.
  [[nodiscard]] bool degraded() const { return sensor_->ladder().degraded() || !sensor_->troubles().empty(); }

 private:
  explicit Daemon(DaemonOptions options, Redactor redactor);
  Status open_outputs();
  Status open_endpoint();
  Status open_sensor();
  Status judge_rules();  // by what this kernel turned out to provide
  Status take_stock();   // containers, processes and listeners that were there before
  void open_pins();
  void take_cgroups();
  Status settle_homes(std::vector<hw_task>& tasks);
  Status open_guard();
  void begin_guard();
  void guard(bool rings_empty);  // each turn of the loop
  void look_at_guard();          // about once a second
  void look_at_skips();
  void look_at_maps();
  void put_back(uint64_t cgroup);
  void tell_cgroup(uint64_t cgroup, uint64_t home);
  void end_guard();
  void protect(std::string what, std::string detail, bool over = false);
  Status open_reloader();
  Status open_responder();
  void respond(const Alert& alert);
  void take_responses();
  void take_command_records();
  PipelinePorts ports();
  MetricSources metric_sources();

  Status loop(uint64_t end_ns);
  bool take_from(int fd);
  bool handle_signal();  // false: end
  void take_rules();
  void take_metadata();
  void trust_runtime(uint64_t home);
  void tick();
  void sample_homes();
  void look_for_losses();
  void export_figures();
  void take_record(std::span<const std::byte> record);
  void report_bad_record(const Error& error);
  /// The kernel could not be told something: counted by map, and said the first time and each time it is ten times as many.
  void note_update(std::string_view map, const Status& told);
  void report_ready();
  void tell_rules_without_events() const;
  [[nodiscard]] ThreadPriority priority() const;
  void take_own_cgroup();
  void take_own_priority();
  void use_rules(std::shared_ptr<const RuleSet> rules);
  [[nodiscard]] std::string start_members() const;
  void drain_rings();
  [[nodiscard]] uint64_t suppressed(size_t kind) const;
  [[nodiscard]] std::pair<std::string, std::string> name_of_home(uint64_t home);
  void stop();
  void print_summary() const;

  void send_alert(const std::shared_ptr<Alert>& alert);
  void log_lifecycle(std::string_view type, std::string members);

  DaemonOptions options_;
  SystemClock clock_;
  Redactor redactor_;
  CgroupTree cgroups_;
  std::optional<OwnCgroup> own_cgroup_;  // left after the watchdog has ended
  std::unique_ptr<Watchdog> watchdog_;
  std::optional<StatePins> pins_;
  Fd signals_, epoll_;
  std::shared_ptr<SequenceAllocator> sequence_;
  std::shared_ptr<const LogStats> log_stats_;
  std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
  std::shared_ptr<Readiness> readiness_ = std::make_shared<Readiness>();
  std::atomic<std::shared_ptr<const RuleSet>> rules_;  // the pipeline's, for scrapes
  std::unique_ptr<Dispatcher> dispatcher_;
  std::optional<ContainerIndex> containers_;
  std::optional<RuntimeStates> runtime_states_;
  std::unique_ptr<MetadataResolver> metadata_;
  std::unique_ptr<ListenerClassifier> listeners_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<Sensor> sensor_;
  std::vector<EventType> unavailable_;  // nothing on this kernel makes them
  std::unique_ptr<RuleReloader> reloader_;
  std::unique_ptr<Responder> responder_;    // null: response.enabled is false
  std::optional<CommandRecords> commands_;  // none: there is no log they could be told in
  std::unique_ptr<HttpEndpoint> endpoint_;  // last: its threads read all of the above

  std::optional<RealtimeGovernor> governor_;
  LatencyQuantiles latency_;       // hook to written on stdout
  std::vector<HomeSample> homes_;  // by home
  TopHomes top_homes_{kContainersInMetrics};
  std::array<uint64_t, HW_KIND_MAX> suppressed_gone_{};  // of homes that are no more
  bool busy_ = true;  // records came since the last tick that are not the canary's, or something else wants the next tick soon
  uint64_t ticked_ns_ = 0, losses_looked_ns_ = 0, started_ns_ = 0;
  KindCounts last_counts_{};
  LossProducers loss_producers_;
  uint64_t skips_told_ = 0;

  /// What was there at the start, and who had known it.
  struct Stock {
    size_t tasks = 0, adopted = 0, inferred = 0, conflicts = 0;
    uint64_t gap_ns = 0;     // without a daemon; 0: there was none before, or its state was not adopted
    bool from_pins = false;  // an earlier daemon's maps were adopted
    bool unclean = false;    // and that one ended without a word
    size_t superseded = 0;   // maps of an earlier daemon that could not be adopted, removed
    std::string without;     // why nothing outlives this daemon
  };
  Stock stock_;
  std::optional<Canary> canary_;
  std::vector<Event> pending_conflicts_;  // found at the start, told once alerts can be
  std::map<uint64_t, uint64_t> missing_;  // cgroups whose entry in the kernel is not right, since when
  std::set<uint64_t> untold_;             // cgroups the kernel could not be told of: its map is full
  bool watchdog_gone_ = false, ftrace_off_ = false, log_failing_ = false;
};

}  // namespace hullwatch
