#include "config/config_keys.h"

#include <array>
#include <cstdio>

#include "config/rule_values.h"

namespace hullwatch {
namespace {

using enum ConfigType;

constexpr double kMiB = 1024.0 * 1024, kGiB = 1024 * kMiB, kTiB = 1024 * kGiB;
constexpr std::array<std::string_view, 8> kPriorities = {"emergency", "alert",  "critical",      "error",
                                                         "warning",   "notice", "informational", "debug"};
constexpr std::array<std::string_view, 2> kMatching = {"first", "all"};
constexpr std::array<std::string_view, 2> kFormats = {"text", "json"};
constexpr std::array<std::string_view, 3> kContents = {"alerts", "security", "all"};

#define SLOT(member) [](Config& c) -> ConfigSlot { return &c.member; }

const std::array kKeys = {
    ConfigKey{"state_dir", path, SLOT(state_dir), "Where the forensic log lives (below it, in log/). Made when missing."},
    ConfigKey{
        "pin_directory", text, SLOT(pin_directory),
        "Directory on a bpf file system where the kernel side's memory outlives the daemon, so that a restart forgets nothing; "
        "`off` for none."},
    ConfigKey{"listen", endpoint, SLOT(listen),
              "Address (IPv4) of /metrics, /healthz and /readyz; `off` for none. It has no password: keep it on loopback."},
    ConfigKey{"rules.paths", existing_paths, SLOT(rules.paths),
              "Rule files and directories, read in this order; of a directory the .yaml and .yml files by name."},
    ConfigKey{"rules.minimum_priority", choice, SLOT(rules.minimum_priority), "Rules below this priority are not loaded.", 0, 0,
              kPriorities},
    ConfigKey{"rules.matching", choice, SLOT(rules.match_all), "Whether an event raises only its first matching rule, or all.",
              0, 0, kMatching},
    ConfigKey{"rules.watch", truth, SLOT(rules.watch),
              "Whether the rules are loaded again when their files change; SIGHUP does in any case. A set with errors changes "
              "nothing."},
    ConfigKey{
        "rules.select", selections, SLOT(rules.select),
        "Rules to turn on or off, in order, the later winning: {enable or disable: {rule: NAME with * as wildcard, or tag: "
        "TAG}}. Wins over a rule's own `enabled`."},
    ConfigKey{
        "rules.append_output", appended_outputs, SLOT(rules.append_output),
        "What to add to the outputs of rules: {match: {rule, source, tags}, extra_output: TEMPLATE, extra_fields: [FIELD, or "
        "{NAME: TEMPLATE}], suggested_output: true for container, image and pod}."},
    ConfigKey{"output.format", choice, SLOT(output.json), "How alerts are written to stdout.", 0, 0, kFormats},
    ConfigKey{"log.enabled", truth, SLOT(log.enabled), "Whether the forensic log is kept."},
    ConfigKey{"log.content", choice, SLOT(log.content),
              "What it holds besides lifecycle records: alerts only; also critical events and execs in containers (security); "
              "or every event.",
              0, 0, kContents},
    ConfigKey{"log.segment_bytes", bytes, SLOT(log.segment_bytes), "A file of the log is closed at this size.", 64 * 1024,
              kTiB},
    ConfigKey{"log.total_bytes", bytes, SLOT(log.total_bytes),
              "The oldest files are removed so that all together stay below this. At least two segments.", 128 * 1024,
              1024 * kTiB},
    ConfigKey{"fork_bomb.window_ms", count, SLOT(fork_bomb.window_ms),
              "Length of the window that forks and growth are measured in.", 100, 60'000},
    ConfigKey{"fork_bomb.forks_per_second", count, SLOT(fork_bomb.forks_per_second),
              "A bomb forks at least so fast, and grows: see net_growth.", 1, 1e9},
    ConfigKey{"fork_bomb.net_growth", count, SLOT(fork_bomb.net_growth),
              "So many more tasks at the end of the window than at its start, at forks_per_second or more; on the host four "
              "times as many.",
              1, 1e9},
    ConfigKey{"fork_bomb.near_limit", number, SLOT(fork_bomb.near_limit),
              "Or: its tasks reach this share of pids.max, and it forks at near_limit_forks_per_second or more.", 0.1, 1},
    ConfigKey{"fork_bomb.near_limit_forks_per_second", count, SLOT(fork_bomb.near_limit_forks_per_second),
              "Below this rate nearness to the limit is no bomb.", 1, 1e9},
    ConfigKey{"fork_bomb.failed_forks", count, SLOT(fork_bomb.failed_forks),
              "Or: so many forks were refused by pids.max within the window.", 1, 1e9},
    ConfigKey{"fork_bomb.split_forks_per_second", count, SLOT(fork_bomb.split_forks_per_second),
              "Or: the containers of the node together fork so fast, none of them being a bomb by itself, and grow: see "
              "split_net_growth.",
              1, 1e9},
    ConfigKey{"fork_bomb.split_net_growth", count, SLOT(fork_bomb.split_net_growth),
              "So many more tasks in all containers at the end of the window, at split_forks_per_second or more.", 1, 1e9},
    ConfigKey{"fork_bomb.quiet_ms", count, SLOT(fork_bomb.quiet_ms),
              "It is over when none of this held for so long; ten times as long while its tasks still are near pids.max.", 100,
              600'000},
    ConfigKey{"critical_bucket.rate_per_second", count, SLOT(critical_bucket.rate_per_second),
              "Records of one critical kind that one container may send a second, lastingly.", 1, 1e6},
    ConfigKey{"critical_bucket.burst", count, SLOT(critical_bucket.burst),
              "The same, at once. What is above is counted exactly, not sent.", 1, 1e6},
    ConfigKey{"rings.critical_bytes", bytes, SLOT(rings.critical_bytes), "Ring for critical records; a power of two.",
              64 * 1024, kGiB},
    ConfigKey{"rings.bulk_bytes", bytes, SLOT(rings.bulk_bytes),
              "Ring for all other records; a power of two. 0: 4 MiB on up to 4 CPUs, else 8 MiB.", 0, kGiB},
    ConfigKey{"runtime_socket.allow", allow_list, SLOT(runtime_socket.allow),
              "Containers that are expected at a runtime's socket: image (glob), actions (read or manage), reason. Lowers the "
              "priority of what is listed, never removes it."},
    ConfigKey{"runtime_socket.extra_sockets", texts, SLOT(runtime_socket.extra_sockets),
              "Further sockets to take for a runtime's: paths, or @name for abstract ones."},
    ConfigKey{
        "identity.trusted_runtimes", texts, SLOT(identity.trusted_runtimes),
        "Names (globs) of containers whose tasks may place tasks into other containers, as the host may: a nested dockerd."},
    ConfigKey{
        "redact.patterns", patterns, SLOT(redact.patterns),
        "Further patterns of secrets (RE2): group 1, or the whole match, becomes [redacted] in everything that is written."},
    ConfigKey{"scheduling.realtime", truth, SLOT(scheduling.realtime),
              "Ask for the lowest real-time priority (SCHED_RR) for the threads an alert passes through, so that a storm of "
              "runnable tasks does not delay it. The evaluator gives it back while it uses more than half of a processor."},
    ConfigKey{"scheduling.nice", count, SLOT(scheduling.nice),
              "Nice value of all threads: of those that have no real-time priority, or where it is refused.", -20, 19},
    ConfigKey{
        "scheduling.cpu_weight", count, SLOT(scheduling.cpu_weight),
        "cpu.weight (others have 100) of a cgroup of its own, hullwatch-daemon below the root, which hullwatch makes and moves "
        "into at the start; on v1 cpu.shares in that proportion. 0 for none. Never in a unit of systemd's, which has "
        "CPUWeight=, "
        "nor where hullwatch was started in another cgroup.",
        0, 10'000},
    ConfigKey{
        "response.enabled", truth, SLOT(response.enabled),
        "Whether what rules name in `respond` is carried out: containers are frozen, thawed, clamped or killed, processes "
        "signalled. Read at the start, not at a reload."},
    ConfigKey{"response.dry_run", truth, SLOT(response.dry_run),
              "Do everything but the deed: each record says dry_run, and what would have been done."},
    ConfigKey{"limits.processes", count, SLOT(limits.processes), "Processes that are remembered.", 1024, 4'194'304},
    ConfigKey{"limits.containers", count, SLOT(limits.containers), "Containers that are remembered.", 16, 1'000'000},
    ConfigKey{"limits.sink_queue", count, SLOT(limits.sink_queue), "Alerts and records that may wait for one output.", 16,
              65'536},
    ConfigKey{"metadata.host_root", path, SLOT(metadata.host_root),
              "Where the host's file system is seen; other than / when hullwatch runs in a container itself."},
    ConfigKey{"metadata.docker_roots", texts, SLOT(metadata.docker_roots), "Docker's data-root."},
    ConfigKey{"metadata.podman_storage", texts, SLOT(metadata.podman_storage), "Podman's and CRI-O's graphroot."},
    ConfigKey{"metadata.podman_run", texts, SLOT(metadata.podman_run), "Podman's and CRI-O's runroot."},
    ConfigKey{"metadata.containerd_state", texts, SLOT(metadata.containerd_state), "containerd's state directory."},
    ConfigKey{"metadata.runc_roots", texts, SLOT(metadata.runc_roots), "Where runc keeps its state."},
    ConfigKey{"metadata.crun_roots", texts, SLOT(metadata.crun_roots), "Where crun keeps its state."},
    ConfigKey{"metadata.pod_logs", path, SLOT(metadata.pod_logs), "The kubelet's log directories, whose names tell pods."},
};
#undef SLOT

constexpr std::array<ConfigSection, 14> kSections = {{
    {"", ""},
    {"rules", "Which rules are loaded."},
    {"output", "Alerts on stdout."},
    {"log", "The forensic log."},
    {"fork_bomb", "What counts as a fork bomb: growth, nearness to the limit, or refused forks."},
    {"critical_bucket", "How much one container may say before the kernel counts instead of sending."},
    {"rings", "Buffers between kernel and daemon. Each is mapped twice, so twice its size shows in VmRSS."},
    {"runtime_socket", "Access to the sockets of Docker, containerd, CRI-O, podman and others."},
    {"identity", "Which container a process belongs to."},
    {"redact", "Secrets. Many forms are known without this; see the documentation."},
    {"scheduling", "The daemon's own share of the processor. What is not permitted is told by `hullwatch doctor`."},
    {"response", "What is done about an alert, by the rule's `respond`. Never to the host, and never to hullwatch itself."},
    {"limits", "Bounds of memory."},
    {"metadata", "Files in which runtimes keep names, images and labels; hullwatch asks no socket."},
}};

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (byte < 0x20 || byte == 0x7F) {
      std::array<char, 8> escape{};
      snprintf(escape.data(), escape.size(), "\\x%02x", byte);
      out += escape.data();
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string byte_size(uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits = {"TiB", "GiB", "MiB", "KiB"};
  uint64_t unit = 1ULL << 40U;
  for (const std::string_view name : kUnits) {
    if (bytes != 0 && bytes % unit == 0) return std::to_string(bytes / unit) + std::string(name);
    unit >>= 10U;
  }
  return std::to_string(bytes);
}

struct ValueText {
  const ConfigKey& key;

  std::string operator()(const bool* v) const { return key.type == choice ? chosen(*v ? 1 : 0) : *v ? "true" : "false"; }
  std::string operator()(const uint64_t* v) const { return key.type == bytes ? byte_size(*v) : std::to_string(*v); }
  std::string operator()(const int64_t* v) const { return std::to_string(*v); }
  std::string operator()(const double* v) const {
    std::array<char, 32> text{};
    snprintf(text.data(), text.size(), "%.10g", *v);
    return text.data();
  }
  std::string operator()(const std::string* v) const { return quoted(*v); }
  std::string operator()(const Priority* v) const { return chosen(static_cast<size_t>(*v)); }
  std::string operator()(const LogConfig::Content* v) const { return chosen(static_cast<size_t>(*v)); }
  std::string operator()(const std::vector<std::string>* v) const {
    std::string out = "[";
    for (const std::string& text : *v) out += (out.size() > 1 ? ", " : "") + quoted(text);
    return out + ']';
  }
  std::string operator()(const std::vector<RuntimeSocketAllow>* v) const {
    std::string out = "[";
    for (const RuntimeSocketAllow& entry : *v) {
      out += (out.size() > 1 ? ", " : "") + ("{image: " + quoted(entry.image)) +
             ", actions: " + (entry.manage ? "manage" : "read") + ", reason: " + quoted(entry.reason) + '}';
    }
    return out + ']';
  }
  std::string operator()(const std::vector<RuleSelection>* v) const {
    JsonWriter json;
    write_selections(json, *v);
    return json.take();
  }
  std::string operator()(const std::vector<AppendedOutput>* v) const {
    JsonWriter json;
    write_appended(json, *v);
    return json.take();
  }
  [[nodiscard]] std::string chosen(size_t index) const { return std::string(key.choices[index]); }
};

}  // namespace

std::string_view config_type_name(ConfigType type) {
  constexpr std::array<std::string_view, 14> kNames = {"choice",
                                                       "true or false",
                                                       "whole number",
                                                       "size in bytes",
                                                       "number",
                                                       "text",
                                                       "absolute path",
                                                       "ADDRESS:PORT or off",
                                                       "list of texts",
                                                       "list of paths",
                                                       "list of RE2 patterns",
                                                       "list of allowances",
                                                       "list of selections",
                                                       "list of additions"};
  return kNames.at(static_cast<size_t>(type));
}

std::string_view ConfigKey::section() const {
  const size_t dot = path.find('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string_view ConfigKey::name() const { return path.substr(path.find('.') + 1); }

std::span<const ConfigKey> config_keys() { return kKeys; }
std::span<const ConfigSection> config_sections() { return kSections; }

std::string config_value(const ConfigKey& key, const Config& config) {
  // slot() wants to write; here it is only read through.
  return std::visit(ValueText{key}, key.slot(const_cast<Config&>(config)));
}

}  // namespace hullwatch
