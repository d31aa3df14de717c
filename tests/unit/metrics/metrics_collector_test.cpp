#include "metrics/metrics_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <cstdio>
#include <fstream>
#include <set>

#include "metrics/metric_table.h"

namespace hullwatch {
namespace {

using testing::HasSubstr;

struct Node {
  std::shared_ptr<Counters> counters = std::make_shared<Counters>();
  std::shared_ptr<Readiness> readiness = std::make_shared<Readiness>();
  MetricSources sources;

  /// Everything that can have a series has one; names are hostile.
  Node() {
    const std::string hostile = "\xff\xfe\"\\\n\x01";
    counters->event(EventType::execve);
    counters->alert(Priority::critical);
    counters->latency.record(2'000'000);
    counters->set_kernel(HW_EXEC, {.submitted = 10, .lost = 3, .suppressed = 5});
    PipelineFigures figures;
    figures.containers_by_runtime = {{"docker", 2}, {hostile, 1}};
    figures.homes = {{.name = hostile, .id = "3ad7b26145d6", .forks = 7, .tasks = 3}};
    figures.homes[0].suppressed[HW_FORK] = 6;
    figures.rule_memory_keys = {{"threshold", 3}};
    figures.rule_memory_evicted = {{"threshold", 1}};
    counters->set_pipeline(figures);
    counters->alert_suppressed(Priority::notice);
    counters->response(static_cast<size_t>(ResponseAction::Kind::signal), static_cast<size_t>(ResponseResult::refused), 2);
    counters->set_providers({{"exec", "always", "active"}}, {{"mount", 21}});
    counters->set_program_skips({{"process_fork", 4}});
    counters->reload(false, 1);
    counters->reload(true, 1'795'305'600'000'000'000);
    sources.rules = [=] {
      return std::vector<RuleFigures>{
          {"Fork bomb", Priority::critical, 7}, {hostile, Priority::notice, 1}, {hostile, Priority::notice, 2}};
    };
    sources.rule_states = [] { return std::map<std::string, uint64_t>{{"live", 30}, {"inert", 1}, {"disabled", 0}}; };
    sources.rule_files = [] {
      return std::vector<std::pair<std::string, std::string>>{{"a.yaml", "00ff"}, {"a.yaml", "00ff"}};
    };
    sources.sinks = [] { return std::vector<SinkStats>{{"stdout", 5, 1, 2, 3, 4096, 1'795'305'600'000'000'000}}; };
    sources.log = [] { return LogFigures{.bytes = 100, .records = 2}; };
  }
  std::string scrape() const {
    return prometheus::TextSerializer().Serialize(MetricsCollector("0.1.0", "abc", counters, readiness, sources).Collect());
  }
};

TEST(MetricsCollector, ShowsWhatWasCounted) {
  const std::string text = Node().scrape();
  for (const char* line : {
           "hullwatch_build_info{version=\"0.1.0\",revision=\"abc\"} 1\n",
           "hullwatch_ready 0\n",
           "hullwatch_responses_total{action=\"signal\",outcome=\"refused\"} 2\n",
           "hullwatch_responses_total{action=\"freeze\",outcome=\"done\"} 0\n",
           "hullwatch_events_total{type=\"execve\"} 1\n",
           "hullwatch_events_total{type=\"fork_bomb\"} 0\n",
           "hullwatch_records_submitted_total{kind=\"exec\"} 10\n",
           "hullwatch_events_dropped_total{stage=\"kernel_ring\",kind=\"exec\"} 3\n",
           "hullwatch_event_latency_seconds_bucket{le=\"0.001\"} 0\n",
           "hullwatch_event_latency_seconds_bucket{le=\"0.0025\"} 1\n",
           "hullwatch_event_latency_seconds_count 1\n",
           "hullwatch_alerts_total{priority=\"Critical\"} 1\n",
           "hullwatch_rule_matches_total{rule=\"Fork bomb\",priority=\"Critical\"} 7\n",
           "hullwatch_sink_dropped_total{sink=\"stdout\"} 2\n",
           "hullwatch_log_bytes_total 100\n",
           "hullwatch_containers{runtime=\"docker\"} 2\n",
           "hullwatch_provider_state{observation=\"exec\",provider=\"always\",state=\"active\"} 1\n",
           "hullwatch_program_skips_total{program=\"process_fork\"} 4\n",
           "hullwatch_open_evasions{observation=\"mount\"} 21\n",
           "hullwatch_rules_last_reload_successful 1\n",
           "hullwatch_rules_last_reload_success_timestamp_seconds 1795305600\n",
           "hullwatch_rules{state=\"live\"} 30\n",
           "hullwatch_rules{state=\"inert\"} 1\n",
           "hullwatch_rules{state=\"disabled\"} 0\n",
           "hullwatch_alerts_suppressed_total{priority=\"Notice\"} 1\n",
           "hullwatch_rule_memory_keys{what=\"threshold\"} 3\n",
           "hullwatch_rules_file_info{file=\"a.yaml\",sha256=\"00ff\"} 1\n",
           "hullwatch_rules_reloads_total{result=\"error\"} 1\n",
           "kind=\"fork\"} 6\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(MetricsCollector, EveryMetricOfTheTableIsMade) {
  const std::string text = Node().scrape();
  for (const MetricInfo& info : metric_table()) EXPECT_THAT(text, HasSubstr("# TYPE " + std::string(info.name) + " "));
}

TEST(MetricsCollector, PromtoolFindsNothingToComplainAboutWhateverTheNames) {
  if (std::system("command -v promtool >/dev/null") != 0) GTEST_SKIP() << "promtool (package prometheus) is not installed";
  const std::string path = testing::TempDir() + "hullwatch-scrape";
  std::ofstream(path) << Node().scrape();
  FILE* promtool = popen(("promtool check metrics < " + path + " 2>&1").c_str(), "r");
  ASSERT_NE(promtool, nullptr);
  std::string said(4096, '\0');
  said.resize(fread(said.data(), 1, said.size(), promtool));
  EXPECT_EQ(pclose(promtool), 0) << said;
  EXPECT_EQ(said, "");
}

TEST(MetricTable, IsInTheOrderOfTheEnumAndNamesAreUnique) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < metric_table().size(); ++i) {
    const MetricInfo& info = metric_table()[i];
    EXPECT_EQ(static_cast<size_t>(info.id), i) << info.name;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(info.help.find_first_of("\n\\"), std::string_view::npos) << "prometheus-cpp writes help as it is";
  }
}

TEST(MetricsDocument, IsGeneratedFromTheTable) {
  std::ifstream in(HULLWATCH_SOURCE_DIR "/docs/metrics.md");
  const std::string document{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(document, HasSubstr(metric_reference_markdown()));
}

}  // namespace
}  // namespace hullwatch
