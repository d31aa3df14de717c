#include "cli/reference_command.h"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <utility>

#include "build_info.h"
#include "cli/output.h"
#include "event/event_type.h"
#include "hullwatch/wire.h"
#include "metrics/metric_table.h"
#include "probe/tier_needs.h"
#include "rules/field_table.h"
#include "util/json_writer.h"

namespace hullwatch {
namespace {

/// A reference of rows: the same rows as text, JSON and Markdown.
struct Table {
  std::string schema, title, command;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

void print_title(const std::string& title, const std::string& command) {
  std::cout << "# " << title << "\n\nPrinted by `hullwatch " << command << " -o markdown`; do not edit.\n\n";
}

void print(const Table& table, const std::string& format) {
  if (format == "json") {
    JsonWriter json;
    json.begin_object().member("schema", table.schema).key("rows").begin_array();
    for (const auto& row : table.rows) {
      json.begin_object();
      for (size_t i = 0; i < row.size(); ++i) json.member(table.columns[i], row[i]);
      json.end_object();
    }
    json.end_array().end_object();
    std::cout << json.text() << '\n';
    return;
  }
  if (format == "markdown") {
    print_title(table.title, table.command);
    for (const auto& column : table.columns) std::cout << "| " << column << ' ';
    std::cout << "|\n";
    for (size_t i = 0; i < table.columns.size(); ++i) std::cout << "|---";
    std::cout << "|\n";
    for (const auto& row : table.rows) {
      for (const auto& cell : row) std::cout << "| " << cell << ' ';
      std::cout << "|\n";
    }
    return;
  }
  std::vector<size_t> widths(table.columns.size(), 0);
  for (const auto& row : table.rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i)
      std::cout << std::left << std::setw(i + 1 < row.size() ? static_cast<int>(widths[i]) + 2 : 0) << row[i];
    std::cout << '\n';
  }
}

/// Whether rules get a value of the field: on every kernel, by a tier, once an event is observed, or not at all.
std::pair<std::string, std::string> state_of(const Field& field) {
  if (field.get == nullptr)
    return {field.needs.starts_with("needs the events ") ? "needs event" : "absent", std::string(field.needs)};
  std::string needs;
  for (const TierNeeds& tiers : tiers_of_field(field.name)) {
    // The outcome and its like belong to events of all kinds; the others to the observation alone.
    if (field.name.starts_with("evt."))
      needs += (needs.empty() ? "of " : "; of ") + std::string(tiers.observation) + " events ";
    needs += "needs " + tiers.text();
  }
  return {needs.empty() ? "live" : "needs tier", needs};
}

}  // namespace

int fields_command(const std::string& format) {
  Table table{"hullwatch.fields/1", "Fields", "fields", {"name", "type", "state", "needs", "description"}, {}};
  for (const Field& field : fields()) {
    auto [state, needs] = state_of(field);
    table.rows.push_back({std::string(field.name), std::string(value_type_name(field.type)), std::move(state), std::move(needs),
                          std::string(field.description)});
  }
  print(table, format);
  return kExitOk;
}

int events_command(const std::string& format) {
  Table table{"hullwatch.events/1", "Events", "events", {"name", "observation", "description"}, {}};
  for (const EventTypeInfo& type : event_types())
    table.rows.push_back({std::string(type.name), std::string(type.observation), std::string(type.description)});
  print(table, format);
  return kExitOk;
}

int metrics_command(const std::string& format) {
  if (format == "markdown") {
    print_title("Metrics", "metrics");
    std::cout << metric_reference_markdown();
    return kExitOk;
  }
  Table table{"hullwatch.metrics/1", "Metrics", "metrics", {"name", "type", "labels", "help"}, {}};
  for (const MetricInfo& metric : metric_table())
    table.rows.push_back({std::string(metric.name), std::string(metric_type_name(metric.type)), std::string(metric.labels),
                          std::string(metric.help)});
  print(table, format);
  return kExitOk;
}

int version_command(const std::string& format) {
  if (format == "json") {
    JsonWriter json;
    json.begin_object().member("schema", "hullwatch.version/1").member("version", HULLWATCH_VERSION);
    json.member("revision", HULLWATCH_REVISION).member("wire", HW_WIRE_VERSION).member("compiler", __VERSION__).end_object();
    std::cout << json.text() << '\n';
  } else {
    std::cout << "hullwatch " << HULLWATCH_VERSION << " (" << HULLWATCH_REVISION << ")\n";
  }
  return kExitOk;
}

}  // namespace hullwatch
