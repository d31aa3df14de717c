#pragma once
// Builds families in the table's order, with labels that no scrape can choke on. Used by MetricsCollector.

#include <prometheus/metric_family.h>

#include <initializer_list>
#include <string_view>
#include <vector>

#include "metrics/latency_histogram.h"
#include "metrics/metric_table.h"

namespace hullwatch {

class FamilyList {
 public:
  FamilyList();
  /// One series; the label values in the order of the table's labels. Bytes that are no UTF-8 are replaced: Prometheus would
  /// refuse the whole scrape for them.
  void add(Metric metric, double value, std::initializer_list<std::string_view> labels = {});
  void add(Metric metric, uint64_t value, std::initializer_list<std::string_view> labels = {});
  void add(Metric metric, const LatencyHistogram::Snapshot& histogram);
  /// The families that have a series.
  std::vector<prometheus::MetricFamily> take();

 private:
  prometheus::ClientMetric& series(Metric metric, std::initializer_list<std::string_view> labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace hullwatch
