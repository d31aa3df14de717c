// From a record's bytes to the rules' verdict: how many events a second, and how many allocations each costs.
//
//   build/release/tests/bench/rules_bench
//
// Rules: our own (rules/), and synthetic ones in the manner of published files up to a hundred; HULLWATCH_BENCH_RULES names
// further files or directories (colon-separated). Streams: "made", a node of twenty containers that works, in the proportions
// below, the same at each run; "recorded", what the rings of a real node handed over (tests/bench/record;
// HULLWATCH_BENCH_RECORDS names another such file). Benchmarks: decoding alone; decode, look-up of process and container,
// rules; and the whole pipeline.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <random>
#include <utility>

#include "allocations.h"
#include "pipeline/pipeline.h"
#include "recorded_stream.h"
#include "support/event_builder.h"

namespace hullwatch {
namespace {

constexpr size_t kRules = 100, kContainers = 20, kEvents = 20'000;
constexpr uint64_t kStart = 60'000'000'000;

class BenchClock final : public Clock {
 public:
  [[nodiscard]] uint64_t boot_ns() const override { return now_; }
  [[nodiscard]] uint64_t wall_ns() const override { return 1'795'305'600'000'000'000ULL + now_; }
  void set(uint64_t now) { now_ = now; }

 private:
  uint64_t now_ = kStart;
};

/// Rules as people write them: lists, macros, exceptions by "not in", ancestors, command lines; nearly all about execs.
std::string synthetic_rules(size_t count) {
  std::string text =
      "- macro: spawned_process\n  condition: (evt.type in (execve, execveat))\n"
      "- macro: container\n  condition: (container.id != host)\n"
      "- list: shell_binaries\n  items: [ash, bash, csh, ksh, sh, tcsh, zsh, dash]\n"
      "- macro: shell_procs\n  condition: (proc.name in (shell_binaries))\n"
      "- list: package_mgmt_binaries\n  items: [dpkg, apt, apt-get, rpm, yum, dnf, apk, pip, npm]\n"
      "- macro: package_mgmt_procs\n  condition: (proc.name in (package_mgmt_binaries) or proc.pname in "
      "(package_mgmt_binaries))\n"
      "- macro: system_procs\n  condition: (proc.name in (systemd, cron, sshd, login) or proc.pname in (systemd, cron, sshd))\n"
      "- list: allowed_images\n  items: [registry.example/infra/agent, registry.example/infra/proxy]\n"
      "- macro: allowed_container\n  condition: (container and container.image.repository in (allowed_images))\n";
  for (size_t i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    std::string condition;
    switch (i % 8) {
      case 0:
        condition = "spawned_process and container and proc.name in (tool" + n + ", tool" + n + "a, tool" + n +
                    "b) and not package_mgmt_procs and not allowed_container";
        break;
      case 1:
        condition = "spawned_process and shell_procs and proc.pname in (daemon" + n + ", server" + n +
                    ") and not proc.cmdline contains \"health\" and not allowed_container";
        break;
      case 2:
        condition = "spawned_process and (proc.cmdline contains \"--secret" + n + "\" or proc.cmdline icontains \"token" + n +
                    "\") and not system_procs";
        break;
      case 3:
        condition = "spawned_process and container and proc.exepath startswith /opt/vendor" + n +
                    "/ and not proc.aname in (supervisor, tini)";
        break;
      case 4:
        condition = "spawned_process and proc.args contains \"flag" + n +
                    "\" and (proc.name = find or proc.name endswith grep or proc.name = xargs)";
        break;
      case 5:
        condition = "spawned_process and container and user.uid = 0 and proc.pname = worker" + n + " and proc.tty != 0";
        break;
      case 6:
        condition =
            "evt.type in (setuid, setresuid, setgid, capset) and container and proc.name = svc" + n + " and not system_procs";
        break;
      default:
        condition = "evt.type in (mount, umount2, setns, unshare) and container and proc.name in (helper" + n + ", mounter" +
                    n + ") and not allowed_container";
    }
    text += "- rule: Synthetic " + n + "\n  desc: d\n  condition: >\n    " + condition +
            "\n  output: \"%proc.name %proc.cmdline %container.name\"\n  priority: NOTICE\n";
  }
  return text;
}

std::shared_ptr<const RuleSet> load_rules() {
  std::vector<std::string> paths = {HULLWATCH_RULES};
  if (const char* more = std::getenv("HULLWATCH_BENCH_RULES")) {
    std::string_view rest = more;
    while (!rest.empty()) {
      paths.emplace_back(rest.substr(0, rest.find(':')));
      rest.remove_prefix(std::min(rest.size(), paths.back().size() + 1));
    }
  }
  std::string file = std::filesystem::temp_directory_path() / ("rules_bench." + std::to_string(::getpid()) + ".yaml");
  const LoadedRules own = RuleSet::load(paths, {});
  size_t live = 0;
  for (const RuleInfo& rule : own.rules->rules()) live += rule.state == RuleInfo::State::live ? 1 : 0;
  std::FILE* out = std::fopen(file.c_str(), "w");
  std::fputs(synthetic_rules(live < kRules ? kRules - live : 0).c_str(), out);
  std::fclose(out);
  paths.push_back(file);
  LoadedRules loaded = RuleSet::load(paths, {});
  std::filesystem::remove(file);
  if (loaded.rules == nullptr) std::abort();
  return loaded.rules;
}

using Record = std::vector<std::byte>;

/// What is evaluated, over and over.
struct Stream {
  std::vector<Record> opening, records;
};

/// A node at work. Each container: a server, and commands that come and go, as health checks and scripts do.
class MadeStream {
 public:
  MadeStream() {
    for (uint32_t i = 0; i < kContainers; ++i) {
      Container& container = containers_.emplace_back();
      container.cgroup_id = 4000 + i;
      container.id = std::string(62, 'a') + static_cast<char>('a' + i) + 'b';
      stream_.opening.push_back(test::makes_cgroup(container.cgroup_id, "/docker/" + container.id).record());
      stream_.opening.push_back(server(100 + i, i).record());
    }
    while (stream_.records.size() < kEvents) step();
  }
  Stream take() { return std::move(stream_); }

 private:
  template <typename Builder>
  Builder placed(Builder builder, uint32_t container) {
    now_ += 20'000;
    builder.at(now_);
    return container < kContainers ? builder.in(containers_[container]) : builder;
  }
  test::ExecBuilder server(uint32_t pid, uint32_t container) {
    static constexpr const char* kServers[] = {"/usr/sbin/nginx", "/usr/local/bin/postgres", "/usr/bin/java", "/usr/bin/node",
                                               "/app/server"};
    return placed(test::exec(kServers[container % 5]).pid(pid).child_of(1).args({"server", "--config", "/etc/server.conf"}),
                  container);
  }
  void add(const Record& record) { stream_.records.push_back(record); }

  void step() {
    static constexpr const char* kPrograms[] = {"/bin/sh",          "/usr/bin/curl", "/bin/cat",   "/usr/bin/env",
                                                "/usr/bin/python3", "/usr/bin/grep", "/bin/sleep", "/usr/bin/test",
                                                "/usr/bin/date",    "/usr/bin/jq"};
    const uint32_t container = static_cast<uint32_t>(random_() % (kContainers + 4));  // a sixth on the host
    const uint32_t parent = container < kContainers ? 100 + container : 90;
    const uint32_t pid = 1000 + next_pid_++ % 3000;
    add(placed(test::forks(pid).by_pid(parent), container).record());
    const char* program = kPrograms[random_() % 10];
    const std::string argument = "--request=" + std::to_string(random_() % 1000);
    add(placed(test::exec(program).pid(pid).child_of(parent).args({program, "-c", argument, "http://127.0.0.1:8080/health"}),
               container)
            .record());
    const uint64_t more = random_() % 100;
    if (more < 20)
      add(placed(test::credential(test::root(), test::user(1000)).pid(pid).syscall(105).way(HW_WAY_SETID), container).record());
    if (more < 8) add(placed(test::uses_capability(static_cast<uint32_t>(more)).pid(pid), container).record());
    if (more >= 97) add(placed(test::mounts("tmpfs", "/run/x", "tmpfs").pid(pid), kContainers).record());
    if (more == 50) add(placed(test::unshares(0x20000000).pid(pid), kContainers).record());
    add(placed(test::exits(pid), container).record());
  }

  std::deque<Container> containers_;
  std::mt19937 random_{42};
  uint64_t now_ = kStart;
  uint32_t next_pid_ = 0;
  Stream stream_;
};

/// Of each hundred records how many are of which kind.
std::string proportions(const std::vector<Record>& records) {
  static constexpr const char* kNames[HW_KIND_MAX] = {"none",       "exec",  "fork",      "exit",     "credential",
                                                      "capability", "mount", "namespace", "cgroup",   "socket",
                                                      "request",    "burst", "flood",     "io_uring", "setting"};
  std::array<size_t, HW_KIND_MAX> counts{};
  size_t bytes = 0;
  for (const Record& record : records) {
    hw_header header{};
    std::memcpy(&header, record.data(), std::min(sizeof(header), record.size()));
    ++counts[header.kind < HW_KIND_MAX ? header.kind : 0];
    bytes += record.size();
  }
  std::string out = std::to_string(records.size()) + " records, " + std::to_string(bytes / records.size()) + " bytes each;";
  for (size_t kind = 0; kind < counts.size(); ++kind) {
    if (counts[kind] == 0) continue;
    char part[64];
    std::snprintf(part, sizeof(part), " %s %.1f%%", kNames[kind] != nullptr ? kNames[kind] : "task",
                  100.0 * static_cast<double>(counts[kind]) / static_cast<double>(records.size()));
    out += part;
  }
  return out;
}

const Stream& made() {
  static const Stream stream = MadeStream().take();
  return stream;
}

/// What does not decode is of another wire.h: such a file is of no use.
const Stream& recorded() {
  static const Stream stream = [] {
    const char* path = std::getenv("HULLWATCH_BENCH_RECORDS");
    Stream out{.opening = {}, .records = bench::read_records(path != nullptr ? path : HULLWATCH_RECORDS)};
    Decoder decoder;
    if (!std::ranges::all_of(out.records, [&](const Record& record) { return decoder.decode(record).has_value(); }))
      out.records.clear();
    return out;
  }();
  return stream;
}

/// Rates and allocations of the records since its making.
class Meter {
 public:
  Meter(benchmark::State& state, const Stream& input) : state_(state), input_(input), before_(allocations()) {}
  void done(uint64_t matches) {
    const auto events = static_cast<double>(state_.iterations()) * static_cast<double>(input_.records.size());
    state_.SetItemsProcessed(static_cast<int64_t>(events));
    state_.counters["allocations_per_event"] = static_cast<double>(allocations() - before_) / events;
    state_.counters["matches_per_1000"] = 1000.0 * static_cast<double>(matches) / events;
  }

 private:
  benchmark::State& state_;
  const Stream& input_;
  uint64_t before_;
};

void decode(benchmark::State& state, const Stream& input) {
  Decoder decoder;
  Meter meter(state, input);
  for (auto _ : state)
    for (const Record& record : input.records) benchmark::DoNotOptimize(decoder.decode(record));
  meter.done(0);
}

class Node {
 public:
  Node(std::shared_ptr<const RuleSet> rules, const Stream& input) {
    std::filesystem::create_directories(cgroups_);
    PipelinePorts ports;
    ports.alert = [this](const std::shared_ptr<Alert>&) { ++alerts_; };
    // The recorded stream's listeners are gone: by the names they were bound to.
    ports.runtime_socket.classify = [](const SocketEvent& socket, const ProcessTree&) {
      const bool docker = socket.name.ends_with("/docker.sock"), containerd = socket.name.ends_with("/containerd.sock");
      return ListenerVerdict{.runtime = docker || containerd, .name = docker ? "docker" : "containerd"};
    };
    ports.runtime_socket.classify_server = [](const hw_listener&, const hw_key&) { return ListenerVerdict{.name = {}}; };
    ports.runtime_socket.set_window = [](uint64_t, const hw_request_window&) {};
    pipeline_ = std::make_unique<Pipeline>(config_, clock_, redactor_, containers_, std::move(ports));
    pipeline_->set_rules(std::move(rules));
    for (const Record& record : input.opening) (void)pipeline_->record(record);
    for (const Record& record : input.records) (void)pipeline_->record(record);
    ContainerMetadata metadata;
    metadata.name = "app";
    metadata.image = "registry.example/app:1";
    for (const Container* container : containers_.all())
      containers_.set_metadata(container->cgroup_id, Container::Metadata::ready, metadata);
  }
  ~Node() { std::filesystem::remove_all(cgroups_); }

  Config config_;
  BenchClock clock_;
  Redactor redactor_ = *Redactor::create({});
  const std::string cgroups_ = std::filesystem::temp_directory_path() / ("rules_bench." + std::to_string(::getpid()));
  ContainerIndex containers_{cgroups_, 4096, kStart};
  std::unique_ptr<Pipeline> pipeline_;
  uint64_t alerts_ = 0;
};

/// Decode, process and container looked up, rules: the state around is as the stream left it.
void decode_to_verdict(benchmark::State& state, const Stream& input) {
  const auto rules = load_rules();
  Node node(rules, input);
  Decoder decoder;
  UserNames users("/");
  std::vector<RuleMatch> matches;
  uint64_t number = 0, matched = 0;
  Meter meter(state, input);
  for (auto _ : state)
    for (const Record& record : input.records) {
      const auto event = decoder.decode(record);
      const ProcessTree& tree = node.pipeline_->tree();
      const EventContext context{.event = *event,
                                 .process = tree.find(event->header.process),
                                 .container = event->in_container() ? node.containers_.find(event->header.home) : nullptr,
                                 .tree = tree,
                                 .users = users,
                                 .wall_ns = 0,
                                 .number = ++number};
      matches.clear();
      rules->evaluate(context, matches);
      matched += matches.size();
    }
  meter.done(matched);
}

/// All of it: the process tree kept, detectors, rules, alerts built.
void whole_pipeline(benchmark::State& state, const Stream& input) {
  Node node(load_rules(), input);
  node.alerts_ = 0;
  Meter meter(state, input);
  for (auto _ : state)
    for (const Record& record : input.records) (void)node.pipeline_->record(record);
  meter.done(node.alerts_);
}

void load(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(load_rules());
}

BENCHMARK(load)->Unit(benchmark::kMillisecond);

void register_stream(const std::string& name, const Stream& input) {
  benchmark::AddCustomContext(name, proportions(input.records));
  const auto add = [&](const std::string& what, void (*run)(benchmark::State&, const Stream&)) {
    benchmark::RegisterBenchmark((what + "/" + name).c_str(), [run, &input](benchmark::State& state) {
      run(state, input);
    })->Unit(benchmark::kMillisecond);
  };
  add("decode", decode);
  add("decode_to_verdict", decode_to_verdict);
  add("whole_pipeline", whole_pipeline);
}

}  // namespace
}  // namespace hullwatch

int main(int argc, char** argv) {
  using namespace hullwatch;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  register_stream("made", made());
  if (recorded().records.empty()) {
    std::fprintf(stderr, "no recorded stream: tests/bench/record makes one for this build\n");
    return 1;
  }
  register_stream("recorded", recorded());
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
