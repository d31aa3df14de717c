#pragma once
// The one prometheus::Collectable: at a scrape it reads the counters and builds all families from the table. Any thread.

#include <prometheus/collectable.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "alert/dispatcher.h"
#include "metrics/counters.h"
#include "metrics/readiness.h"

namespace hullwatch {

struct RuleFigures {
  std::string rule;
  Priority priority = Priority::notice;
  uint64_t matches = 0;
};

struct LogFigures {
  uint64_t bytes = 0, records = 0, lost = 0, write_errors = 0, syncs = 0, sync_errors = 0, stored_bytes = 0,
           segments_removed = 0;
};

/// What others own, read at each scrape on the scraping thread: each must be safe to call from any thread, or be empty.
struct MetricSources {
  std::function<std::vector<RuleFigures>()> rules;
  std::function<std::map<std::string, uint64_t>()> rule_states;                  // "live" → how many
  std::function<std::vector<std::pair<std::string, std::string>>()> rule_files;  // name, SHA-256
  std::function<std::vector<SinkStats>()> sinks;
  std::function<LogFigures()> log;
};

class MetricsCollector final : public prometheus::Collectable {
 public:
  MetricsCollector(std::string version, std::string revision, std::shared_ptr<const Counters> counters,
                   std::shared_ptr<const Readiness> readiness, MetricSources sources);
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::string version_, revision_;
  std::shared_ptr<const Counters> counters_;
  std::shared_ptr<const Readiness> readiness_;
  MetricSources sources_;
};

}  // namespace hullwatch
