#include "pipeline/pipeline.h"

#include <algorithm>

namespace hullwatch {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kExitGrace = 30 * kSecond;
constexpr uint64_t kMetadataPatience = kSecond / 5;
constexpr size_t kMaxHeld = 1024;
constexpr size_t kMaxConflictsTold = 1024;

}  // namespace

Pipeline::Pipeline(const Config& config, const Clock& clock, const Redactor& redactor, ContainerIndex& containers,
                   PipelinePorts ports)
    : clock_(clock),
      containers_(containers),
      ports_(std::move(ports)),
      tree_(config.limits.processes, kExitGrace),
      users_(config.metadata.host_root),
      fork_bomb_(config.fork_bomb),
      runtime_socket_(config.runtime_socket, ports_.runtime_socket),
      boundary_([this](uint64_t home) { return containers_.find(home); }),
      detectors_{&fork_bomb_, &privilege_gain_, &runtime_socket_, &boundary_},
      builder_(redactor) {}

Status Pipeline::record(std::span<const std::byte> bytes) {
  auto event = decoder_.decode(bytes);
  if (!event) {
    ++stats_.decode_errors;
    return fail(std::move(event.error()));
  }
  claim(*event);
  keep_home(*event);
  take_up(*event, bytes);
  return {};
}

/// A process whose state in the kernel is gone has its home inferred from its cgroup. What was known of it holds. True: it was
/// another.
bool Pipeline::correct_home(Event& event) const {
  if ((event.header.flags & HW_F_HOME_INFERRED) == 0) return false;
  const Process* process = tree_.find(event.header.process);
  if (process == nullptr || process->home == 0 || process->home == event.header.home) return false;
  event.header.home = process->home;
  return true;
}

/// That the two differ is told once for each process: state does not vanish by itself, unless memory was short at the fork.
void Pipeline::keep_home(Event& event) {
  if (!correct_home(event) || event.header.time_ns <= homes_known_ns_) return;
  if (conflicts_told_.size() >= kMaxConflictsTold) conflicts_told_.clear();
  if (!conflicts_told_.emplace(event.header.process.start_ns, event.header.process.tgid).second) return;
  Event finding;
  finding.type = EventType::identity_conflict;
  finding.header = event.header;
  finding.body =
      NoteFinding{.what = "state_lost", .detail = "its cgroup says otherwise than what was known of it", .over = false};
  judge(context_of(finding), {});
}

/// A container whose cgroup's name says nothing (plain `runc run NAME`) is recognised here, from its mkdir, and until the
/// kernel knows, what its processes do is still sent as the host's. Of an exec the cgroup tells whose it is, and the pid
/// namespace that it is not the runtime's own; the cgroup is looked for in the tree where its mkdir is read later than the
/// exec, which is of the other ring. What that program does next, and whom it forks, is claimed with it.
void Pipeline::claim(Event& event) {
  hw_header& header = event.header;
  if (header.home != 0 || header.process.tgid == 0) return;
  uint64_t home = 0;
  if (auto* exec = std::get_if<ExecEvent>(&event.body)) {
    if (exec->facts.ns_pid == header.process.tgid) return;
    const Container* container = containers_.find(header.cgroup);
    if (container == nullptr) return;
    home = exec->facts.h.home = container->cgroup_id;
  } else {
    const Process* process = tree_.find(header.process);
    if (process == nullptr || process->home == 0 || !is_in(header.cgroup, process->home)) return;
    if (header.process.execs < process->key.execs) return;  // by the runtime's own program, and read late
    home = process->home;
    if (auto* fork = std::get_if<ForkEvent>(&event.body); fork != nullptr && is_in(fork->facts.child_cgroup, home))
      fork->facts.child_home = home;
  }
  header.home = home;
  header.flags |= HW_F_HOME_INFERRED;
}

bool Pipeline::is_in(uint64_t cgroup, uint64_t home) const {
  const auto found = containers_.homes().find(cgroup);
  return found != containers_.homes().end() && found->second == home;
}

void Pipeline::own_event(Event event) {
  event.header.time_ns = clock_.boot_ns();
  take_up(event, {});
}

void Pipeline::take_up(const Event& event, std::span<const std::byte> record) {
  tree_.update(event);
  containers_.update(event);
  const EventContext context = context_of(event);
  // The container's own namespace is that of its own programs, not of the runtime that is still setting it up.
  if (const auto* exec = event.get<ExecEvent>();
      exec != nullptr && event.in_container() && (event.header.flags & HW_F_RUNTIME_SETUP) == 0)
    containers_.set_userns(event.header.home, exec->facts.cred.userns, exec->facts.cred.userns_level);
  judge(context, record);
  const FindingSink found = finding_sink();
  for (Detector* detector : detectors_) detector->on_event(context, found);
}

FindingSink Pipeline::finding_sink() {
  return [this](const Event& finding) { judge(context_of(finding), {}); };
}

EventContext Pipeline::context_of(const Event& event) {
  const uint64_t age = clock_.boot_ns() - std::min<uint64_t>(clock_.boot_ns(), event.header.time_ns);
  return EventContext{.event = event,
                      .process = tree_.find_program(event.header.process, earlier_program_),
                      .container = event.in_container() ? containers_.find(event.header.home) : nullptr,
                      .tree = tree_,
                      .users = users_,
                      .wall_ns = clock_.wall_ns() - age,
                      .number = ++number_};
}

void Pipeline::judge(const EventContext& context, std::span<const std::byte> record) {
  if (ports_.event) ports_.event(context);
  if (rules_ == nullptr || !rules_->wants(context.event.type)) return;
  const bool unnamed = context.container != nullptr && context.container->state == Container::Metadata::pending;
  if (!unnamed || held_.size() >= kMaxHeld) return evaluate(context);
  ++stats_.events_held;
  Held held{.record = {record.begin(), record.end()},
            .finding = record.empty() ? context.event : Event{},
            .ancestors = {},
            .home = context.event.header.home,
            .until_ns = clock_.boot_ns() + kMetadataPatience};
  if (record.empty() && context.event.ancestors != nullptr)
    held.ancestors.assign(context.event.ancestors, context.event.ancestors + HW_ANCESTORS);
  held_.push_back(std::move(held));
}

void Pipeline::release(Held held) {
  if (held.record.empty()) {
    held.finding.ancestors = held.ancestors.empty() ? nullptr : held.ancestors.data();
    return evaluate(context_of(held.finding));
  }
  auto event = decoder_.decode(held.record);
  if (!event) return;  // it was decoded once already
  claim(*event);
  correct_home(*event);
  evaluate(context_of(*event));
}

void Pipeline::evaluate(const EventContext& context) {
  matches_.clear();
  rules_->evaluate(context, matches_);
  for (RuleMatch& match : matches_) raise(context, std::move(match));
}

void Pipeline::raise(const EventContext& context, RuleMatch match) {
  const SuppressKey alike = std::move(match.suppress);
  const auto alert = std::make_shared<Alert>(builder_.build(context, std::move(match)));
  alert->suppressed = !alike.empty() && suppressor_.holds_back(alike, context.event.header.time_ns,
                                                               [this](auto closing) { send_closing(closing); });
  if (alert->suppressed) alert->respond.clear();  // nor does the closing alert that is made of it respond
  ports_.alert(alert);
  if (alert->suppressed) suppressor_.held(alike, alert);
}

/// Its time is that of its making: it speaks of many events.
void Pipeline::send_closing(std::shared_ptr<Alert> alert) {
  alert->evidence.emplace_back("last_boot_ns", alert->boot_ns);
  alert->time_ns = clock_.wall_ns();
  alert->boot_ns = clock_.boot_ns();
  alert->uuid = make_uuid();
  ports_.alert(std::move(alert));
}

void Pipeline::set_rules(std::shared_ptr<const RuleSet> rules) {
  if (rules_ != nullptr && rules != nullptr) {
    const RuleMemoryStats all = rules_->memory_stats();
    rules->adopt_memory(*rules_);
    const RuleMemoryStats adopted = rules->memory_stats();
    threshold_evicted_ += all.threshold_evicted - adopted.threshold_evicted;
    sequence_evicted_ += all.sequence_evicted - adopted.sequence_evicted;
  }
  rules_ = std::move(rules);
}

RuleMemoryStats Pipeline::rule_memory() const {
  RuleMemoryStats stats = rules_ != nullptr ? rules_->memory_stats() : RuleMemoryStats{};
  stats.threshold_evicted += threshold_evicted_;
  stats.sequence_evicted += sequence_evicted_;
  return stats;
}

void Pipeline::metadata_arrived(uint64_t home) {
  std::deque<Held> waiting;
  waiting.swap(held_);
  for (Held& held : waiting) {
    if (held.home == home)
      release(std::move(held));
    else
      held_.push_back(std::move(held));
  }
}

void Pipeline::tick(std::span<const HomeSample> homes) {
  const uint64_t now = clock_.boot_ns();
  fork_bomb_.sample(now, homes);
  const FindingSink found = finding_sink();
  for (Detector* detector : detectors_) detector->on_tick(now, found);
  while (!held_.empty() && held_.front().until_ns <= now) {
    Held held = std::move(held_.front());
    held_.pop_front();
    ++stats_.events_unnamed;
    release(std::move(held));
  }
  suppressor_.expire(now, [this](auto closing) { send_closing(closing); });
  if (now - expired_ns_ < kSecond) return;
  expired_ns_ = now;
  if (rules_ != nullptr) rules_->expire(now);
  tree_.expire(now);
  containers_.expire(now);
  users_.refresh();
}

void Pipeline::flush() {
  std::deque<Held> waiting;
  waiting.swap(held_);
  for (Held& held : waiting) release(std::move(held));
  suppressor_.expire(UINT64_MAX, [this](auto closing) { send_closing(closing); });
}

}  // namespace hullwatch
