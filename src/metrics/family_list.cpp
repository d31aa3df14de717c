#include "metrics/family_list.h"

#include <algorithm>
#include <cassert>

#include "util/utf8.h"

namespace hullwatch {
namespace {

prometheus::MetricType type_of(MetricType type) {
  switch (type) {
    case MetricType::counter: return prometheus::MetricType::Counter;
    case MetricType::gauge: return prometheus::MetricType::Gauge;
    case MetricType::histogram: return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

}  // namespace

FamilyList::FamilyList() {
  families_.resize(metric_table().size());
  for (size_t i = 0; i < families_.size(); ++i) {
    const MetricInfo& info = metric_table()[i];
    families_[i].name = info.name;
    families_[i].help = info.help;
    families_[i].type = type_of(info.type);
  }
}

prometheus::ClientMetric& FamilyList::series(Metric metric, std::initializer_list<std::string_view> labels) {
  prometheus::ClientMetric& made = families_[static_cast<size_t>(metric)].metric.emplace_back();
  std::string_view names = metric_info(metric).labels;
  for (const std::string_view value : labels) {
    assert(!names.empty());
    const size_t end = std::min(names.find(','), names.size());
    made.label.push_back({std::string(names.substr(0, end)), to_utf8(value)});
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  assert(names.empty());
  return made;
}

void FamilyList::add(Metric metric, double value, std::initializer_list<std::string_view> labels) {
  prometheus::ClientMetric& made = series(metric, labels);
  (metric_info(metric).type == MetricType::counter ? made.counter.value : made.gauge.value) = value;
}

void FamilyList::add(Metric metric, uint64_t value, std::initializer_list<std::string_view> labels) {
  add(metric, static_cast<double>(value), labels);
}

void FamilyList::add(Metric metric, const LatencyHistogram::Snapshot& histogram) {
  auto& made = series(metric, {}).histogram;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < LatencyHistogram::kBounds.size(); ++i) {
    cumulative += histogram.counts[i];
    made.bucket.push_back({cumulative, LatencyHistogram::kBounds[i]});
  }
  made.sample_count = cumulative + histogram.counts.back();
  made.sample_sum = histogram.sum_seconds;
}

std::vector<prometheus::MetricFamily> FamilyList::take() {
  std::erase_if(families_, [](const prometheus::MetricFamily& family) { return family.metric.empty(); });
  return std::move(families_);
}

}  // namespace hullwatch
