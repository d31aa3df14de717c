// What the daemon says about itself: ready, bad records, the closing summary.

#include <array>
#include <cstdio>
#include <iostream>

#include "daemon.h"
#include "util/json_writer.h"

namespace hullwatch {
namespace {

constexpr std::array<const char*, HW_KIND_MAX> kKindNames = {"none",       "exec",  "fork",      "exit",   "credential",
                                                             "capability", "mount", "namespace", "cgroup", "socket",
                                                             "request",    "burst", "flood",     "task"};

std::string milliseconds(uint64_t ns) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3f ms", static_cast<double>(ns) / 1e6);
  return text;
}

}  // namespace

std::string Daemon::start_members() const {
  JsonWriter json;
  json.begin_object().member("processes", pipeline_->tree().size()).member("containers", containers_->all().size());
  json.key("providers").begin_object();
  for (const Rung& rung : sensor_->ladder().rungs())
    json.member(rung.observation->name, rung.provider != nullptr ? tier_name(rung.provider->tier) : std::string_view("none"));
  json.end_object().end_object();
  std::string members = json.take();
  return members.substr(1, members.size() - 2);
}

void Daemon::report_ready() const {
  size_t live = 0;
  for (const RuleInfo& rule : pipeline_->rules()->rules()) live += rule.state == RuleInfo::State::live ? 1 : 0;
  std::cerr << "hullwatch: ready: " << live << " rules live, " << containers_->all().size() << " containers, "
            << pipeline_->tree().size() << " processes\n";
  for (const std::string& trouble : sensor_->troubles()) std::cerr << "hullwatch: degraded: " << trouble << '\n';
  for (std::string_view missing : sensor_->ladder().missing_core())
    std::cerr << "hullwatch: not ready: nothing on this kernel observes " << missing << " (hullwatch doctor tells why)\n";
}

/// The first, and then each time their number has grown tenfold: the counter tells the rest.
void Daemon::report_bad_record(const Error& error) {
  const uint64_t count = pipeline_->stats().decode_errors;
  for (uint64_t step = 1; step <= count; step *= 10)
    if (step == count)
      std::cerr << "hullwatch: a kernel record was skipped (" << count << " so far): " << error.message << '\n';
}

void Daemon::print_summary() const {
  const KindCounts counts = sensor_->object().counts();
  const auto received = sensor_->rings().received();
  const auto homes = sensor_->object().homes();
  uint64_t critical_lost = 0;
  bool equal = true;
  std::cerr << "\nhullwatch: summary\n  kind          submitted    received        lost  suppressed\n";
  for (size_t kind = HW_EXEC; kind < HW_TASK; ++kind) {
    uint64_t suppressed = 0;
    for (const auto& [home, home_counts] : homes) suppressed += home_counts.suppressed[kind];
    char line[128];
    std::snprintf(line, sizeof(line), "  %-10s %12llu%12llu%12llu%12llu\n", kKindNames[kind],
                  static_cast<unsigned long long>(counts[kind].submitted), static_cast<unsigned long long>(received[kind]),
                  static_cast<unsigned long long>(counts[kind].lost), static_cast<unsigned long long>(suppressed));
    std::cerr << line;
    if (kind >= HW_CREDENTIAL) critical_lost += counts[kind].lost;
    equal = equal && counts[kind].submitted == received[kind];
  }
  std::cerr << "  submitted = received: " << (equal ? "yes" : "NO") << "; critical records lost: " << critical_lost
            << "; records skipped: " << pipeline_->stats().decode_errors << "\n  hook to alert written: " << latency_.count()
            << " alerts, p50 " << milliseconds(latency_.quantile_ns(0.5)) << ", p99 "
            << milliseconds(latency_.quantile_ns(0.99)) << '\n';
}

}  // namespace hullwatch
