#include "cli/doctor_command.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <thread>

#include "cli/configuration.h"
#include "cli/memory_bound.h"
#include "cli/output.h"
#include "cli/rules_summary.h"
#include "enrich/cgroup_tree.h"
#include "guard/own_cgroup.h"
#include "probe/bpf_object.h"
#include "probe/evasions.h"
#include "probe/ladder.h"
#include "probe/privileges.h"
#include "probe/state_pins.h"
#include "probe/unavailable_events.h"
#include "util/json_writer.h"
#include "util/thread_priority.h"
#include "util/utf8.h"

namespace hullwatch {
namespace {

struct Finding {
  std::string what, remedy;
};

struct Examination {
  std::string kernel;
  std::string processor;
  std::string lsm;
  std::string cgroups;
  std::shared_ptr<const RuleSet> rules;  // null: they do not load
  MemoryBound memory;
  std::vector<Finding> problems;
};

/// By asking, on a thread that ends at once.
void examine_processor(const SchedulingConfig& wanted, Examination& found) {
  GrantedPriority granted;
  std::thread([&] { granted = take_priority({.realtime = wanted.realtime, .nice = static_cast<int>(wanted.nice)}); }).join();
  found.processor = granted.realtime ? "real-time priority and nice " : "nice ";
  found.processor += std::to_string(granted.nice) + " are granted";
  if (!granted.refused.empty())
    found.problems.push_back(
        {"not permitted: " + granted.refused + ": while a storm takes the processors alerts may be late",
         "grant CAP_SYS_NICE (and no RestrictRealtime=yes in its unit), or give its cgroup a large cpu.weight"});
}

void examine_own_cgroup(const SchedulingConfig& wanted, const CgroupTree& tree, Examination& found) {
  if (wanted.cpu_weight == 0) {
    found.processor += "; a cgroup of its own is not wanted";
  } else if (const std::string why = OwnCgroup::why_not({.tree = tree}); why.empty()) {
    found.processor += "; a cgroup of its own with cpu.weight " + std::to_string(wanted.cpu_weight);
  } else {
    found.processor += "; no cgroup of its own: " + why;
  }
}

void examine_rules(const Config& config, const Ladder& ladder, Examination& found) {
  RuleSetOptions options = rule_options(config);
  options.unavailable_events = unavailable_events(ladder.rungs());
  LoadedRules loaded = RuleSet::load(config.rules.paths, options);
  if (loaded.rules == nullptr) {
    const auto error = std::ranges::find(loaded.diagnostics, Diagnostic::Severity::error, &Diagnostic::severity);
    const std::string& file = error->position.file;
    found.problems.push_back({"the rules do not load: " + (file.empty() ? "" : file + ": ") + error->message,
                              "hullwatch rules check " + (file.empty() ? "PATH" : file) + " tells all errors"});
    return;
  }
  found.rules = std::move(loaded.rules);
  if (const std::string inert = rules_inert_on_this_kernel(*found.rules); !inert.empty())
    found.problems.push_back({"rules that nothing on this kernel provides events for: " + inert,
                              "give the kernel what the observation above needs, or turn them off by rules.select"});
}

void examine_memory(const Config& config, Examination& found) {
  BpfKnobs knobs{.critical_bytes = static_cast<uint32_t>(config.rings.critical_bytes),
                 .bulk_bytes = BpfKnobs::default_bulk_bytes()};
  if (config.rings.bulk_bytes != 0) knobs.bulk_bytes = static_cast<uint32_t>(config.rings.bulk_bytes);
  auto maps = BpfObject::map_memory(knobs);
  if (!maps) found.problems.push_back({maps.error().message, "this is a fault of the build: report it"});
  found.memory = memory_bound(config, maps ? std::move(*maps) : std::vector<MapMemory>{}, knobs.bulk_bytes,
                              found.rules != nullptr ? found.rules->memory_limit() : 0);
}

Examination examine(const HookProbe& probe, const Ladder& ladder, const Config& config) {
  Examination found;
  utsname name{};
  if (uname(&name) == 0) found.kernel = std::string(name.release) + " " + name.machine;
  found.lsm = probe.lsm_list().empty() ? "not readable (is securityfs mounted?)" : probe.lsm_list();
  examine_processor(config.scheduling, found);
  if (const auto tree = find_cgroup_tree(); !tree) {
    found.cgroups = "none usable";
    found.problems.push_back({tree.error().message, "mount a cgroup hierarchy; containers cannot be told apart without one"});
  } else {
    found.cgroups = (tree->version == 2 ? (tree->hybrid ? "v2 beside v1 (hybrid) at " : "v2 at ") : "v1 at ") + tree->path;
    if (tree->partial)
      found.problems.push_back({"only a part of the cgroup tree is visible: hullwatch is in a cgroup namespace",
                                "run it in the host's cgroup namespace (--cgroupns=host)"});
    examine_own_cgroup(config.scheduling, *tree, found);
  }
  if (const std::string& pins = config.pin_directory; pins != "off" && !StatePins::has_place(pins))
    found.problems.push_back({"no bpf file system for " + pins + ": after a restart it is inferred where processes belong",
                              "mount -t bpf bpf " + std::filesystem::path(pins).parent_path().string()});
  for (const MissingPrivilege& missing : missing_privileges())
    found.problems.push_back({"missing " + missing.name + ": " + missing.costs, "grant " + missing.name});
  examine_rules(config, ladder, found);
  examine_memory(config, found);
  return found;
}

std::string mib(uint64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20)); }

void print_memory(const MemoryBound& memory) {
  std::cout << "memory at most\n  " << fmt::format("{:<12} {:>10}  ", "kernel", mib(memory.kernel())) << memory.maps.size()
            << " BPF maps; besides, " << memory.kernel_per_task() << " bytes for each thread of the node\n";
  std::cout << fmt::format("  {:<12} {:>10}  resident; {} with everything full of entries of usual size:\n", "daemon",
                           mib(memory.daemon_at_most()), mib(memory.daemon_full()));
  for (const MemoryPart& part : memory.daemon)
    std::cout << fmt::format("    {:<12} {:>10} {:>10}  {}\n", part.name, mib(part.at_most), mib(part.full), part.formula);
}

void write_memory(JsonWriter& json, const MemoryBound& memory) {
  json.begin_object().key("kernel").begin_object().member("at_most", memory.kernel());
  json.member("for_each_task", memory.kernel_per_task()).key("maps").begin_array();
  for (const MapMemory& map : memory.maps)
    json.begin_object().member("map", map.name).member("at_most", map.bytes).member("for_each_task", map.per_task).end_object();
  json.end_array().end_object().key("daemon").begin_object();
  json.member("at_most", memory.daemon_at_most()).member("full", memory.daemon_full()).key("parts").begin_array();
  for (const MemoryPart& part : memory.daemon)
    json.begin_object()
        .member("part", part.name)
        .member("formula", part.formula)
        .member("at_most", part.at_most)
        .member("full", part.full)
        .end_object();
  json.end_array().end_object().end_object();
}

/// Each reason once, in the order of their observations.
void print_open_evasions(const Ladder& ladder) {
  const std::vector<OpenEvasion> open = open_evasions(ladder.rungs());
  std::cout << "open evasions: " << open.size() << " of " << evasions().size() << " known (docs/evasions.md)\n";
  for (auto from = open.begin(); from != open.end();) {
    const auto to = std::find_if(from, open.end(), [&](const OpenEvasion& other) { return other.because != from->because; });
    std::cout << "  " << from->because << "\n   ";
    for (; from != to; ++from) std::cout << ' ' << from->evasion->name;
    std::cout << '\n';
  }
}

void write_evasions(JsonWriter& json, const Ladder& ladder) {
  const std::vector<OpenEvasion> open = open_evasions(ladder.rungs());
  json.begin_array();
  for (const Evasion& evasion : evasions()) {
    const auto found = std::ranges::find(open, &evasion, &OpenEvasion::evasion);
    json.begin_object().member("evasion", evasion.name).member("observation", evasion.observation);
    json.member("open", found != open.end());
    if (found != open.end()) json.member("because", found->because);
    json.end_object();
  }
  json.end_array();
}

void print_text(const Examination& found, const Ladder& ladder) {
  std::cout << "kernel   " << found.kernel << "\nlsm      " << found.lsm << "\ncgroups  " << found.cgroups << "\nshare    "
            << found.processor << '\n';
  if (found.rules != nullptr) std::cout << "rules    " << to_terminal(rules_summary_line(*found.rules)) << '\n';
  std::cout << '\n';
  for (const Rung& rung : ladder.rungs()) {
    std::cout << rung.observation->name << '\n';
    if (rung.provider != nullptr) {
      std::cout << "  by          " << tier_name(rung.provider->tier) << ": " << rung.provider->name << '\n';
      std::cout << "  sees        " << (rung.provider->sees_outcome ? "the outcome" : "the attempt") << '\n';
      if (!rung.provider->cannot_see.empty()) std::cout << "  cannot see  " << rung.provider->cannot_see << '\n';
    } else {
      std::cout << "  by          nothing on this kernel" << (rung.observation->core ? ": hullwatch will not be ready" : "")
                << '\n';
    }
    for (const Refusal& refusal : rung.refused)
      std::cout << "  not by      " << tier_name(refusal.provider->tier) << ": " << refusal.reason << " (needs "
                << refusal.provider->needs << ")\n";
  }
  std::cout << "not observed on any kernel\n";
  for (const std::string_view what : not_observed()) std::cout << "  " << what << '\n';
  print_open_evasions(ladder);
  print_memory(found.memory);
  for (const Finding& problem : found.problems)
    std::cout << "\nproblem: " << to_terminal(problem.what) << "\n  remedy: " << to_terminal(problem.remedy) << '\n';
}

void print_json(const Examination& found, const Ladder& ladder) {
  JsonWriter json;
  json.begin_object().member("schema", "hullwatch.doctor/1").member("kernel", found.kernel).member("lsm", found.lsm);
  json.member("cgroups", found.cgroups)
      .member("processor", found.processor)
      .member("degraded", ladder.degraded())
      .key("observations")
      .begin_array();
  for (const Rung& rung : ladder.rungs()) {
    json.begin_object().member("observation", rung.observation->name).member("core", rung.observation->core);
    json.member("tells", rung.observation->tells).key("provider");
    if (rung.provider == nullptr)
      json.null();
    else
      json.value(tier_name(rung.provider->tier))
          .member("hooks", rung.provider->name)
          .member("cannot_see", rung.provider->cannot_see);
    json.key("refused").begin_array();
    for (const Refusal& refusal : rung.refused)
      json.begin_object()
          .member("provider", tier_name(refusal.provider->tier))
          .member("hooks", refusal.provider->name)
          .member("reason", refusal.reason)
          .member("needs", refusal.provider->needs)
          .end_object();
    json.end_array().end_object();
  }
  json.end_array().key("not_observed").begin_array();
  for (const std::string_view what : not_observed()) json.value(what);
  json.end_array();
  write_evasions(json.key("evasions"), ladder);
  if (found.rules != nullptr) write_rules_summary(json.key("rules"), *found.rules);
  write_memory(json.key("memory"), found.memory);
  json.key("problems").begin_array();
  for (const Finding& problem : found.problems)
    json.begin_object().member("problem", problem.what).member("remedy", problem.remedy).end_object();
  json.end_array().end_object();
  std::cout << json.text() << '\n';
}

}  // namespace

int doctor_command(const std::string& config_file, const std::string& format, bool strict) {
  const auto config = load_configuration(config_file);
  if (!config) return kExitConfiguration;
  const auto probe = HookProbe::open();
  if (!probe) {
    print_error(probe.error().message);
    return kExitPrivilege;
  }
  const auto tiers = allowed_tiers();
  if (!tiers) {
    print_error(tiers.error().message);
    return kExitUsage;
  }
  const Ladder ladder = Ladder::choose(*probe, *tiers);
  const Examination found = examine(*probe, ladder, *config);
  format == "json" ? print_json(found, ladder) : print_text(found, ladder);
  if (!ladder.missing_core().empty()) return kExitPrivilege;
  return strict && (ladder.degraded() || !found.problems.empty()) ? kExitPartial : kExitOk;
}

}  // namespace hullwatch
