// What the daemon says about itself: ready, bad records, the closing summary.

#include <cstdio>
#include <iostream>

#include "cli/rules_summary.h"
#include "daemon.h"
#include "event/decode.h"
#include "event/kernel_names.h"
#include "probe/evasions.h"
#include "util/json_writer.h"
#include "util/tenfold.h"

namespace hullwatch {
namespace {

std::string milliseconds(uint64_t ns) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3f ms", static_cast<double>(ns) / 1e6);
  return text;
}

}  // namespace

std::string Daemon::start_members() const {
  JsonWriter json;
  json.begin_object().member("processes", pipeline_->tree().size()).member("containers", containers_->all().size());
  json.key("stock").begin_object().member("tasks", stock_.tasks).member("adopted", stock_.adopted);
  json.member("inferred", stock_.inferred).member("conflicts", stock_.conflicts).member("state_adopted", stock_.from_pins);
  json.member("gap_ns", stock_.gap_ns).member("unclean", stock_.unclean).member("maps_superseded", stock_.superseded);
  json.member_if("nothing_kept", stock_.without).end_object();
  json.key("providers").begin_object();
  for (const Rung& rung : sensor_->ladder().rungs())
    json.member(rung.observation->name, rung.provider != nullptr ? tier_name(rung.provider->tier) : std::string_view("none"));
  json.end_object().end_object();
  std::string members = json.take();
  return members.substr(1, members.size() - 2);
}

void Daemon::tell_rules_without_events() const {
  if (const std::string names = rules_inert_on_this_kernel(*pipeline_->rules()); !names.empty())
    std::cerr << "hullwatch: inert, because nothing on this kernel provides their events (hullwatch doctor tells why): "
              << names << '\n';
}

void Daemon::report_ready() {
  size_t live = 0;
  for (const RuleInfo& rule : pipeline_->rules()->rules()) live += rule.state == RuleInfo::State::live ? 1 : 0;
  std::cerr << "hullwatch: ready: " << live << " rules live, " << containers_->all().size() << " containers, "
            << pipeline_->tree().size() << " processes\n";
  tell_rules_without_events();
  std::cerr << "hullwatch: tasks: " << stock_.tasks << " found, " << stock_.adopted << " adopted, " << stock_.inferred
            << " inferred, " << stock_.conflicts << " in conflict";
  if (stock_.from_pins)
    std::cerr << "; " << milliseconds(stock_.gap_ns) << " without a daemon"
              << (stock_.unclean ? ", which had ended without a word" : "");
  if (stock_.superseded > 0) std::cerr << "; state of an earlier daemon did not fit and was not adopted";
  std::cerr << '\n';
  if (!stock_.without.empty()) std::cerr << "hullwatch: " << stock_.without << '\n';
  for (const std::string& trouble : sensor_->troubles()) std::cerr << "hullwatch: degraded: " << trouble << '\n';
  counters_->set_reload(true, clock_.wall_ns());
  std::vector<ProviderState> providers;
  for (const Rung& rung : sensor_->ladder().rungs())
    providers.push_back({std::string(rung.observation->name),
                         rung.provider != nullptr ? std::string(tier_name(rung.provider->tier)) : "none",
                         rung.provider == nullptr ? "missing" : (rung.refused.empty() ? "active" : "degraded")});
  std::map<std::string, uint64_t> open;
  for (const Evasion& evasion : evasions()) open.try_emplace(std::string(evasion.observation), 0);
  for (const OpenEvasion& one : open_evasions(sensor_->ladder().rungs())) ++open[std::string(one.evasion->observation)];
  counters_->set_providers(std::move(providers), std::move(open));
  for (std::string_view missing : sensor_->ladder().missing_core()) {
    readiness_->failed(std::string(missing), "nothing on this kernel observes it; hullwatch doctor tells why");
    std::cerr << "hullwatch: not ready: nothing on this kernel observes " << missing << " (hullwatch doctor tells why)\n";
  }
}

void Daemon::report_bad_record(const Error& error) {
  const uint64_t count = pipeline_->stats().decode_errors;
  if (is_told(count)) std::cerr << "hullwatch: a kernel record was skipped (" << count << " so far): " << error.message << '\n';
}

void Daemon::note_update(std::string_view map, const Status& told) {
  if (told) return;
  const uint64_t count = counters_->map_update_failed(map);
  if (is_told(count)) std::cerr << "hullwatch: " << told.error().message << " (" << count << " so far)\n";
}

/// Read on the scraping thread: only what may be read from any.
MetricSources Daemon::metric_sources() {
  MetricSources sources;
  sources.rules = [this] {
    std::vector<RuleFigures> figures;
    const auto rules = rules_.load();
    if (rules == nullptr) return figures;
    for (size_t i = 0; i < rules->rules().size(); ++i)
      figures.push_back({rules->rules()[i].name, rules->rules()[i].priority, rules->match_count(i)});
    return figures;
  };
  sources.rule_states = [this] {
    std::map<std::string, uint64_t> states{{"live", 0}, {"inert", 0}, {"disabled", 0}};
    if (const auto rules = rules_.load(); rules != nullptr)
      for (const RuleInfo& rule : rules->rules())
        ++states[rule.state == RuleInfo::State::live ? "live" : (rule.state == RuleInfo::State::inert ? "inert" : "disabled")];
    return states;
  };
  sources.rule_files = [this] {
    const auto rules = rules_.load();
    return rules != nullptr ? rules->file_digests() : std::vector<std::pair<std::string, std::string>>{};
  };
  sources.sinks = [this] { return dispatcher_->stats(); };
  if (log_stats_ != nullptr)
    sources.log = [stats = log_stats_] {
      return LogFigures{.bytes = stats->bytes,
                        .records = stats->records,
                        .lost = stats->lost,
                        .write_errors = stats->write_errors,
                        .syncs = stats->syncs,
                        .sync_errors = stats->sync_errors,
                        .stored_bytes = stats->stored_bytes,
                        .segments_removed = stats->segments_removed};
    };
  return sources;
}

/// As of the last sample, the homes that are gone included: a total never falls.
uint64_t Daemon::suppressed(size_t kind) const {
  uint64_t total = suppressed_gone_[kind];
  for (const HomeSample& home : homes_) total += home.counts.suppressed[kind];
  return total;
}

/// Name and short id of a container, for whoever reads of it outside of an alert about it.
std::pair<std::string, std::string> Daemon::name_of_home(uint64_t home) {
  if (home == 0) return {"host", "host"};
  const Container* container = containers_->find(home);
  if (container == nullptr) return {"unknown", std::to_string(home)};
  const std::string id(container->short_id());
  return {container->meta.name.empty() ? id : container->meta.name, id.empty() ? std::to_string(home) : id};
}

/// About once a second: what only the evaluator may look at, copied to where a scrape finds it.
void Daemon::export_figures() {
  const KindCounts counts = sensor_->object().counts();
  for (uint32_t kind = HW_EXEC; kind < HW_KIND_MAX; ++kind) {
    counters_->set_kernel(kind,
                          {.submitted = counts[kind].submitted, .lost = counts[kind].lost, .suppressed = suppressed(kind)});
  }
  counters_->set_kernel_errors(sensor_->object().errors());
  const ContainerIndexStats& index = containers_->stats();
  const ProcessTreeStats& tree = pipeline_->tree().stats();
  top_homes_.update(homes_, [this](uint64_t home) { return name_of_home(home); });
  PipelineFigures figures{.homes = top_homes_.figures(),
                          .containers_by_runtime = {},
                          .resolved_by_event = index.resolved_by_event,
                          .resolved_by_scan = index.resolved_by_scan,
                          .unresolved = index.unknown,
                          .containers_evicted = index.evicted,
                          .processes = pipeline_->tree().size(),
                          .processes_evicted_exited = tree.evicted_exited,
                          .processes_evicted_live = tree.evicted_live,
                          .process_misses = tree.misses,
                          .events_held = pipeline_->stats().events_held,
                          .events_unnamed = pipeline_->stats().events_unnamed,
                          .rule_memory_keys = {},
                          .rule_memory_evicted = {}};
  const RuleMemoryStats memory = pipeline_->rule_memory();
  const Suppressor& suppressor = pipeline_->suppressor();
  figures.rule_memory_keys = {
      {"threshold", memory.threshold_keys}, {"sequence", memory.sequence_keys}, {"suppress", suppressor.keys()}};
  figures.rule_memory_evicted = {
      {"threshold", memory.threshold_evicted}, {"sequence", memory.sequence_evicted}, {"suppress", suppressor.evicted()}};
  for (const Container* container : containers_->all())
    if (container->removed_ns == 0) ++figures.containers_by_runtime[container->runtime];
  counters_->set_pipeline(std::move(figures));
}

void Daemon::print_summary() const {
  const KindCounts counts = sensor_->object().counts();
  const auto received = sensor_->rings().received();
  uint64_t critical_lost = 0;
  bool equal = true;
  std::cerr << "\nhullwatch: summary\n  kind          submitted    received        lost  suppressed\n";
  for (size_t kind = HW_EXEC; kind < HW_TASK; ++kind) {
    char line[128];
    std::snprintf(line, sizeof(line), "  %-10s %12llu%12llu%12llu%12llu\n", kind_name(static_cast<uint32_t>(kind)).data(),
                  static_cast<unsigned long long>(counts[kind].submitted), static_cast<unsigned long long>(received[kind]),
                  static_cast<unsigned long long>(counts[kind].lost), static_cast<unsigned long long>(suppressed(kind)));
    std::cerr << line;
    if (kind >= HW_CREDENTIAL) critical_lost += counts[kind].lost;
    equal = equal && counts[kind].submitted == received[kind];
  }
  std::cerr << "  submitted = received: " << (equal ? "yes" : "NO") << "; critical records lost: " << critical_lost
            << "; records skipped: " << pipeline_->stats().decode_errors << "\n  hook to alert written: " << latency_.count()
            << " alerts, p50 " << milliseconds(latency_.quantile_ns(0.5)) << ", p99 "
            << milliseconds(latency_.quantile_ns(0.99)) << '\n';
  const PlaceCounts errors = sensor_->object().errors();
  for (uint32_t place = 0; place < HW_PLACE_MAX; ++place)
    if (errors[place] != 0) std::cerr << "  in the kernel: " << place_name(place) << ' ' << errors[place] << '\n';
}

}  // namespace hullwatch
