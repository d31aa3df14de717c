#include "cli/doctor_command.h"

#include <linux/magic.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <iostream>
#include <thread>

#include "cli/output.h"
#include "config/config.h"
#include "enrich/cgroup_tree.h"
#include "probe/ladder.h"
#include "probe/privileges.h"
#include "util/json_writer.h"
#include "util/thread_priority.h"

namespace hullwatch {
namespace {

constexpr const char* kBpffs = "/sys/fs/bpf";

struct Finding {
  std::string what, remedy;
};

struct Examination {
  std::string kernel;
  std::string processor;
  std::string lsm;
  std::string cgroups;
  std::vector<Finding> problems;
};

/// By asking, on a thread that ends at once.
void examine_processor(Examination& found) {
  const SchedulingConfig wanted;
  GrantedPriority granted;
  std::thread([&] { granted = take_priority({.realtime = wanted.realtime, .nice = static_cast<int>(wanted.nice)}); }).join();
  found.processor = granted.realtime ? "real-time priority and nice " : "nice ";
  found.processor += std::to_string(granted.nice) + " are granted";
  if (!granted.refused.empty())
    found.problems.push_back(
        {"not permitted: " + granted.refused + ": while a storm takes the processors alerts may be late",
         "grant CAP_SYS_NICE (and no RestrictRealtime=yes in its unit), or give its cgroup a large cpu.weight"});
}

Examination examine(const HookProbe& probe) {
  Examination found;
  utsname name{};
  if (uname(&name) == 0) found.kernel = std::string(name.release) + " " + name.machine;
  found.lsm = probe.lsm_list().empty() ? "not readable (is securityfs mounted?)" : probe.lsm_list();
  if (const auto tree = find_cgroup_tree(); !tree) {
    found.cgroups = "none usable";
    found.problems.push_back({tree.error().message, "mount a cgroup hierarchy; containers cannot be told apart without one"});
  } else {
    found.cgroups = (tree->version == 2 ? (tree->hybrid ? "v2 beside v1 (hybrid) at " : "v2 at ") : "v1 at ") + tree->path;
    if (tree->partial)
      found.problems.push_back({"only a part of the cgroup tree is visible: hullwatch is in a cgroup namespace",
                                "run it in the host's cgroup namespace (--cgroupns=host)"});
  }
  examine_processor(found);
  if (struct statfs info{}; statfs(kBpffs, &info) != 0 || static_cast<unsigned long>(info.f_type) != BPF_FS_MAGIC)
    found.problems.push_back(
        {std::string("no bpf file system at ") + kBpffs + ": after a restart it is inferred where processes belong",
         std::string("mount -t bpf bpf ") + kBpffs});
  for (const MissingPrivilege& missing : missing_privileges())
    found.problems.push_back({"missing " + missing.name + ": " + missing.costs, "grant " + missing.name});
  return found;
}

void print_text(const Examination& found, const Ladder& ladder) {
  std::cout << "kernel   " << found.kernel << "\nlsm      " << found.lsm << "\ncgroups  " << found.cgroups << "\nshare    "
            << found.processor << "\n\n";
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
  for (const Finding& problem : found.problems)
    std::cout << "\nproblem: " << problem.what << "\n  remedy: " << problem.remedy << '\n';
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
  json.end_array().key("problems").begin_array();
  for (const Finding& problem : found.problems)
    json.begin_object().member("problem", problem.what).member("remedy", problem.remedy).end_object();
  json.end_array().end_object();
  std::cout << json.text() << '\n';
}

}  // namespace

int doctor_command(const std::string& format, bool strict) {
  const auto probe = HookProbe::open();
  if (!probe) {
    print_error(probe.error().message);
    return kExitPrivilege;
  }
  const Examination found = examine(*probe);
  const auto tiers = allowed_tiers();
  if (!tiers) {
    print_error(tiers.error().message);
    return kExitUsage;
  }
  const Ladder ladder = Ladder::choose(*probe, *tiers);
  format == "json" ? print_json(found, ladder) : print_text(found, ladder);
  if (!ladder.missing_core().empty()) return kExitPrivilege;
  return strict && (ladder.degraded() || !found.problems.empty()) ? kExitPartial : kExitOk;
}

}  // namespace hullwatch
