#pragma once
// From a record's bytes to alerts: decode, enrich, detect, evaluate. One thread, an injected clock, no I/O: what has to be
// read or written stands behind PipelinePorts, so the same code runs live, in replay, in tests and under the fuzzer.

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "config/config.h"
#include "detect/container_boundary.h"
#include "detect/fork_bomb.h"
#include "detect/privilege_gain.h"
#include "detect/runtime_socket.h"
#include "enrich/container_index.h"
#include "enrich/process_tree.h"
#include "enrich/user_names.h"
#include "event/decode.h"
#include "pipeline/alert_builder.h"
#include "rules/rule_set.h"
#include "util/clock.h"

namespace hullwatch {

/// What the pipeline asks of the world. Called on the evaluator thread; none may block.
struct PipelinePorts {
  std::function<void(std::shared_ptr<Alert>)> alert;
  /// Every event and finding, before rules see it: to be counted, and logged if the configuration says so.
  std::function<void(const EventContext&)> event;
  /// Listeners met for the first time, and windows of connections; the answers go to the kernel's maps as well.
  RuntimeSocketPorts runtime_socket;
};

struct PipelineStats {
  uint64_t decode_errors = 0;
  uint64_t events_held = 0;     // rules waited for the container's metadata
  uint64_t events_unnamed = 0;  // and it did not come in time: alerts went out marked pending
};

class Pipeline {
 public:
  /// `clock`, `redactor` and `containers` must outlive the pipeline.
  Pipeline(const Config& config, const Clock& clock, const Redactor& redactor, ContainerIndex& containers, PipelinePorts ports);

  /// One record as it came from the kernel. A bad one is counted; the error says what was wrong with it.
  Status record(std::span<const std::byte> bytes);
  /// An event made by hullwatch itself (losses).
  void own_event(Event event);
  /// Ten times a second: detectors, held events, expiry. `homes`: counts that changed since the last tick.
  void tick(std::span<const HomeSample> homes);
  /// Metadata of a container arrived: evaluates what waited for it.
  void metadata_arrived(uint64_t home);
  /// A container is gone, and its last process with it; these are its last counts.
  void forget_home(const HomeSample& last) {
    fork_bomb_.forget(last, clock_.boot_ns(), finding_sink());
    boundary_.forget(last.home);
  }
  /// Evaluates what still waits, and closes what is held back; at the end.
  void flush();

  /// What stateful rules remember goes on where they are the same.
  void set_rules(std::shared_ptr<const RuleSet> rules);
  [[nodiscard]] const std::shared_ptr<const RuleSet>& rules() const { return rules_; }
  [[nodiscard]] ProcessTree& tree() { return tree_; }
  [[nodiscard]] ContainerBoundaryDetector& boundary() { return boundary_; }
  /// Every process that was there has its home as of now; what older records infer is older news.
  void homes_are_known() { homes_known_ns_ = clock_.boot_ns(); }
  /// Counts that are an earlier daemon's.
  void know_homes(std::span<const HomeSample> homes) { fork_bomb_.know(clock_.boot_ns(), homes); }
  [[nodiscard]] const ForkBombDetector& fork_bombs() const { return fork_bomb_; }
  [[nodiscard]] const PipelineStats& stats() const { return stats_; }
  [[nodiscard]] const RuntimeSocketDetector& runtime_sockets() const { return runtime_socket_; }
  [[nodiscard]] const Suppressor& suppressor() const { return suppressor_; }
  /// Of all sets of rules so far: what was forgotten never falls.
  [[nodiscard]] RuleMemoryStats rule_memory() const;

 private:
  /// An event whose rules wait for the name and image of its container: a condition may ask for them.
  struct Held {
    std::vector<std::byte> record;  // of an event that came from the kernel
    Event finding;                  // or the finding
    std::vector<hw_ancestor> ancestors;
    uint64_t home = 0, until_ns = 0;
  };

  void claim(Event& event);
  [[nodiscard]] bool is_in(uint64_t cgroup, uint64_t home) const;
  bool correct_home(Event& event) const;
  void keep_home(Event& event);
  void take_up(const Event& event, std::span<const std::byte> record);
  /// Rules now, or once the container is known.
  void judge(const EventContext& context, std::span<const std::byte> record);
  void evaluate(const EventContext& context);
  void raise(const EventContext& context, RuleMatch match);
  void send_closing(std::shared_ptr<Alert> alert);
  void release(Held held);
  /// Takes a finding where it was made: its ancestors may live no longer.
  FindingSink finding_sink();
  [[nodiscard]] EventContext context_of(const Event& event);

  const Clock& clock_;
  ContainerIndex& containers_;
  PipelinePorts ports_;
  Decoder decoder_;
  ProcessTree tree_;
  uint64_t homes_known_ns_ = 0;
  Process earlier_program_;  // of the event being judged, when its process exec'ed again meanwhile
  UserNames users_;
  ForkBombDetector fork_bomb_;
  PrivilegeGainDetector privilege_gain_;
  RuntimeSocketDetector runtime_socket_;
  ContainerBoundaryDetector boundary_;
  std::vector<Detector*> detectors_;
  AlertBuilder builder_;
  std::shared_ptr<const RuleSet> rules_;
  std::vector<RuleMatch> matches_;
  Suppressor suppressor_;
  uint64_t threshold_evicted_ = 0, sequence_evicted_ = 0;  // by rules that are no more
  std::deque<Held> held_;
  std::set<std::pair<uint64_t, uint32_t>> conflicts_told_;  // processes: start, tgid
  uint64_t number_ = 0, expired_ns_ = 0;
  PipelineStats stats_;
};

}  // namespace hullwatch
