#include "daemon.h"

#include <fnmatch.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include "alert/stdout_sink.h"
#include "build_info.h"
#include "enrich/proc_reader.h"
#include "log/log_content.h"
#include "probe/socket_scan.h"
#include "probe/task_snapshot.h"
#include "util/json_writer.h"

namespace hullwatch {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kSecond = 1000 * kMs;
constexpr uint64_t kTick = 100 * kMs;
constexpr uint64_t kIdleTick = kSecond;
constexpr uint64_t kContainerGrace = 60 * kSecond;
constexpr int kArenas = 2;  // of malloc: one for the loop, one for all other threads, which allocate little
constexpr auto kMetadataPatience = std::chrono::seconds(2);
constexpr auto kDrainDeadline = std::chrono::milliseconds(3000);

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "localhost";
}

Result<Fd> open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return fail("cannot block signals");
  Fd fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) return fail(Error::from_errno("cannot open a signalfd", errno));
  return fd;
}

BpfKnobs knobs_of(const Config& config, const CgroupTree& cgroups) {
  BpfKnobs knobs{.bulk_bytes = BpfKnobs::default_bulk_bytes()};
  knobs.critical_bytes = static_cast<uint32_t>(config.rings.critical_bytes);
  if (config.rings.bulk_bytes != 0) knobs.bulk_bytes = static_cast<uint32_t>(config.rings.bulk_bytes);
  knobs.critical_rate = config.critical_bucket.rate_per_second;
  knobs.critical_burst = config.critical_bucket.burst;
  knobs.burst_window_ns = config.fork_bomb.window_ms * kMs;
  knobs.burst_forks = config.fork_bomb.forks_per_second * config.fork_bomb.window_ms / 1000;
  knobs.burst_growth = config.fork_bomb.net_growth;
  if (cgroups.version == 1)
    knobs.hierarchy = cgroups.path.ends_with("/memory") ? BpfKnobs::Hierarchy::v1_memory : BpfKnobs::Hierarchy::v1_pids;
  return knobs;
}

}  // namespace

Daemon::Daemon(DaemonOptions options, Redactor redactor) : options_(std::move(options)), redactor_(std::move(redactor)) {}
Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::start(DaemonOptions options) {
  auto redactor = Redactor::create(options.config.redact.patterns);
  if (!redactor) return fail(std::move(redactor.error()));
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(options), std::move(*redactor)));
  // A dozen threads would otherwise each keep an arena of their own, with the pages of their busiest moment.
  mallopt(M_ARENA_MAX, kArenas);
  auto cgroups = find_cgroup_tree();
  if (!cgroups) return fail(std::move(cgroups.error()));
  daemon->cgroups_ = std::move(*cgroups);
  daemon->take_own_cgroup();
  if (auto guarded = daemon->open_guard(); !guarded) return fail(std::move(guarded.error()));
  // Before any thread is made, so that all of them inherit the nice value, and leave signals to the loop.
  (void)take_priority({.realtime = false, .nice = daemon->priority().nice});
  auto signals = open_signals();
  if (!signals) return fail(std::move(signals.error()));
  daemon->signals_ = std::move(*signals);
  for (auto step : {&Daemon::open_outputs, &Daemon::open_endpoint, &Daemon::open_sensor, &Daemon::judge_rules,
                    &Daemon::take_stock, &Daemon::open_reloader, &Daemon::open_responder})
    if (auto done = (daemon.get()->*step)(); !done) return fail(std::move(done.error()));
  return daemon;
}

Status Daemon::open_outputs() {
  const Config& config = options_.config;
  Dispatcher::Hooks hooks;
  hooks.written = [this](const Alert& alert, std::string_view sink) {
    if (sink != "stdout") return;
    const uint64_t now = clock_.boot_ns();
    const uint64_t took = now - std::min(now, alert.boot_ns);
    latency_.record(took);
    counters_->latency.record(took);
  };
  dispatcher_ = std::make_unique<Dispatcher>(std::move(hooks));
  const SinkOptions queue{.queue = config.limits.sink_queue, .priority = priority()};
  dispatcher_->add(
      std::make_unique<StdoutSink>(STDOUT_FILENO, config.output.json ? OutputFormat::json : OutputFormat::text, host_name()),
      queue);
  if (config.log.enabled) {
    auto log = ForensicLog::open({.directory = config.state_dir + "/log",
                                  .boot_id = first_line("/proc/sys/kernel/random/boot_id"),
                                  .hostname = host_name(),
                                  .segment_bytes = config.log.segment_bytes,
                                  .total_bytes = config.log.total_bytes},
                                 clock_);
    if (!log) return fail(std::move(log.error()));
    sequence_ = (*log)->sequence();
    log_stats_ = (*log)->stats();
    SinkOptions with_records = queue;
    with_records.records = true;
    dispatcher_->add(std::move(*log), with_records);
  }
  return {};
}

Status Daemon::open_endpoint() {
  if (options_.config.listen == "off") return {};
  auto collector =
      std::make_shared<MetricsCollector>(HULLWATCH_VERSION, HULLWATCH_REVISION, counters_, readiness_, metric_sources());
  auto endpoint = HttpEndpoint::start(options_.config.listen, std::move(collector), readiness_);
  if (!endpoint) return fail(std::move(endpoint.error()));
  endpoint_ = std::move(*endpoint);
  return {};
}

Status Daemon::open_sensor() {
  const Config& config = options_.config;
  containers_.emplace(cgroups_.path, config.limits.containers, kContainerGrace);
  metadata_ = std::make_unique<MetadataResolver>(config.metadata, kMetadataPatience, priority());
  runtime_states_.emplace(config.metadata.host_root, config.metadata.runc_roots, config.metadata.crun_roots);
  runtime_states_->refresh();
  containers_->set_named_lookup([this](std::string_view path) { return runtime_states_->identify(path); });
  listeners_ = std::make_unique<ListenerClassifier>(
      config.runtime_socket.extra_sockets,
      [this](const hw_listener& listener, hw_listener_class verdict, uint64_t socket_cookie) {
        if (sensor_) note_update("listeners", sensor_->object().answer_listener(listener, verdict, socket_cookie));
      });
  containers_->on_container([this](const Container& container) {
    if (!container.duplicate) metadata_->request(container.cgroup_id, container.runtime, container.id, container.meta.pod_uid);
  });
  containers_->on_cgroup([this](uint64_t cgroup, uint64_t home) { tell_cgroup(cgroup, home); });
  pipeline_ = std::make_unique<Pipeline>(config, clock_, redactor_, *containers_, ports());
  use_rules(options_.rules);
  SensorOptions sensor;
  sensor.knobs = knobs_of(config, cgroups_);
  sensor.knobs.run_id = static_cast<uint32_t>(clock_.boot_ns() / kMs) | 1;
  sensor.knobs.canary = static_cast<uint32_t>(watchdog_->pid());
  sensor.self_test.cgroup_root = cgroups_.path;
  sensor.priority = priority();
  open_pins();
  sensor.pins = pins_ ? &*pins_ : nullptr;
  auto opened = Sensor::open(sensor, [this](std::span<const std::byte> record, bool) { take_record(record); });
  if (!opened) return fail(std::move(opened.error()));
  sensor_ = std::move(*opened);
  return {};
}

void Daemon::take_record(std::span<const std::byte> record) {
  hw_header header{};
  if (record.size() >= sizeof(header)) std::memcpy(&header, record.data(), sizeof(header));
  counters_->received(header.kind);
  if (canary_ && canary_->take(header, watchdog_->page().acts_begun)) return;
  busy_ = true;
  if (auto taken = pipeline_->record(record); !taken) {
    counters_->decode_error();
    report_bad_record(taken.error());
  }
}

PipelinePorts Daemon::ports() {
  PipelinePorts ports;
  ports.alert = [this](const std::shared_ptr<Alert>& alert) { send_alert(alert); };
  ports.event = [this](const EventContext& context) {
    counters_->event(context.event.type);
    if (context.event.get<ExecEvent>() != nullptr || context.event.get<ExitEvent>() != nullptr)
      listeners_->on_process_changed(context.event.header.process.tgid);
    if (sequence_ != nullptr && log_wants(options_.config.log.content, context.event))
      dispatcher_->push(log_record_from(context, redactor_, *sequence_));
  };
  const auto verdict_of = [](const ListenerJudgement& judged) {
    return ListenerVerdict{.runtime = judged.runtime, .undecided = judged.undecided, .name = judged.name};
  };
  ports.runtime_socket.classify = [this, verdict_of](const SocketEvent& socket, const ProcessTree&) {
    return verdict_of(listeners_->on_contact(socket.facts));
  };
  ports.runtime_socket.classify_server = [this, verdict_of](const hw_listener& listener, const hw_key& server) {
    return verdict_of(listeners_->on_server(listener, server.tgid));
  };
  ports.runtime_socket.set_window = [this](uint64_t connection, const hw_request_window& window) {
    if (sensor_) note_update("request_windows", sensor_->object().set_request_window(connection, window));
  };
  return ports;
}

void Daemon::send_alert(const std::shared_ptr<Alert>& alert) {
  alert->suppressed ? counters_->alert_suppressed(alert->priority) : counters_->alert(alert->priority);
  if (sequence_ != nullptr) alert->seq = sequence_->next();
  dispatcher_->push(AlertPtr(alert));
  if (responder_ != nullptr) respond(*alert);
}

void Daemon::log_lifecycle(std::string_view type, std::string members) {
  if (sequence_ != nullptr) dispatcher_->push(lifecycle_record(type, std::move(members), clock_, *sequence_));
}

Status Daemon::run() {
  epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) return fail(Error::from_errno("cannot make an epoll", errno));
  std::vector<int> watched = {signals_.get(), sensor_->rings().fd(), metadata_->event_fd(), watchdog_->event_fd()};
  if (reloader_ != nullptr) watched.push_back(reloader_->event_fd());
  if (responder_ != nullptr) watched.push_back(responder_->event_fd());
  if (commands_) watched.push_back(commands_->fd());
  for (int fd : watched) {
    epoll_event interest{.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &interest) != 0)
      return fail(Error::from_errno("cannot watch a descriptor", errno));
  }
  started_ns_ = clock_.boot_ns();
  log_lifecycle("start", start_members());
  take_command_records();  // of what was ordered while no daemon ran
  begin_guard();
  report_ready();
  readiness_->started();
  take_own_priority();
  malloc_trim(0);  // start-up needed several megabytes more: the kernel's type information, the rules' sources, /proc
  auto ended = loop(options_.duration_ns == 0 ? UINT64_MAX : started_ns_ + options_.duration_ns);
  stop();
  return ended;
}

Status Daemon::loop(uint64_t end_ns) {
  while (clock_.boot_ns() < end_ns) {
    epoll_event ready[8];
    const uint64_t pause = pipeline_->fork_bombs().burning() || busy_ ? kTick : kIdleTick;
    const auto wait = sensor_->rings().next_poll(std::chrono::milliseconds(pause / kMs));
    const int count = epoll_wait(epoll_.get(), ready, static_cast<int>(std::size(ready)), static_cast<int>(wait.count()));
    if (count < 0 && errno != EINTR) return fail(Error::from_errno("cannot wait for events", errno));
    auto handed = sensor_->rings().poll(std::chrono::milliseconds(0));
    if (!handed) return fail(std::move(handed.error()));
    bool go_on = true;
    for (int i = 0; i < count; ++i) go_on = take_from(ready[i].data.fd) && go_on;
    guard(*handed == 0);
    if (pipeline_->fork_bombs().urgent() || clock_.boot_ns() - ticked_ns_ >= pause) tick();
    if (!go_on) return {};
  }
  return {};
}

/// What is readable, but for the rings. False: the end is wanted.
bool Daemon::take_from(int fd) {
  if (fd == signals_.get()) return handle_signal();
  if (fd == metadata_->event_fd()) take_metadata();
  if (fd == watchdog_->event_fd()) watchdog_->acted();
  if (reloader_ != nullptr && fd == reloader_->event_fd()) take_rules();
  if (responder_ != nullptr && fd == responder_->event_fd()) take_responses();
  if (commands_ && fd == commands_->fd()) take_command_records();
  return true;
}

bool Daemon::handle_signal() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    if (info.ssi_signo != SIGHUP) return false;
    if (reloader_ != nullptr) reloader_->request();
  }
  return true;
}

void Daemon::take_metadata() {
  for (MetadataAnswer& answer : metadata_->take()) {
    containers_->set_metadata(answer.home, answer.state, std::move(answer.metadata));
    trust_runtime(answer.home);
    pipeline_->metadata_arrived(answer.home);
  }
}

/// identity.trusted_runtimes: by the container's name, once that is known.
void Daemon::trust_runtime(uint64_t home) {
  const Container* container = containers_->find(home);
  if (container == nullptr) return;
  const std::string& name = container->meta.name.empty() ? container->id : container->meta.name;
  const bool trusted = std::ranges::any_of(options_.config.identity.trusted_runtimes, [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
  if (!trusted) return;
  note_update("trusted_homes", sensor_->object().trust_home(home));
}

ThreadPriority Daemon::priority() const {
  return {.realtime = options_.config.scheduling.realtime, .nice = static_cast<int>(options_.config.scheduling.nice)};
}

/// First of all: the watchdog is born in it, and nobody watches yet.
void Daemon::take_own_cgroup() {
  const SchedulingConfig& wanted = options_.config.scheduling;
  if (wanted.cpu_weight == 0) return;
  auto own = OwnCgroup::enter({.tree = cgroups_}, wanted.cpu_weight, wanted.realtime);
  if (own)
    own_cgroup_.emplace(std::move(*own));
  else
    std::cerr << "hullwatch: no cgroup of its own: " << own.error().message << '\n';
}

/// Last of all: what is started before inherits no real-time priority, and start-up needs none.
void Daemon::take_own_priority() {
  const GrantedPriority granted = take_priority(priority());
  governor_.emplace(granted.realtime);
  if (!granted.refused.empty())
    std::cerr << "hullwatch: " << granted.refused << ": alerts may be late while a storm takes the processors\n";
}

void Daemon::tick() {
  busy_ = false;
  ticked_ns_ = clock_.boot_ns();
  governor_->tick(ticked_ns_);
  sample_homes();
  pipeline_->tick(homes_);
  if (!missing_.empty()) look_at_maps();
  if (ticked_ns_ - losses_looked_ns_ < kSecond) return;
  look_for_losses();
  look_at_guard();
  export_figures();
}

/// Until all that was submitted is here: the critical ring's thread may still hold what poll() does not see yet.
void Daemon::drain_rings() {
  const uint64_t deadline = clock_.boot_ns() + 2 * kSecond;
  const KindCounts counts = sensor_->object().counts();
  const auto complete = [&] {
    const auto received = sensor_->rings().received();
    for (size_t kind = HW_EXEC; kind < HW_TASK; ++kind)
      if (received[kind] < counts[kind].submitted) return false;
    return true;
  };
  while (!complete() && clock_.boot_ns() < deadline)
    if (!sensor_->rings().poll(std::chrono::milliseconds(10))) return;
}

/// What is in the rings still counts; what is in the queues is written; then the threads end.
void Daemon::stop() {
  endpoint_.reset();
  reloader_.reset();
  sensor_->detach();
  drain_rings();
  take_metadata();
  tick();
  look_for_losses();
  pipeline_->flush();
  end_guard();
  if (responder_ != nullptr) responder_->stop(kDrainDeadline);
  take_responses();
  take_command_records();
  log_lifecycle("stop", {});
  if (!dispatcher_->stop(kDrainDeadline)) std::cerr << "hullwatch: a sink was too slow: some records were not written\n";
  print_summary();
}

}  // namespace hullwatch
