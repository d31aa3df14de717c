#include "cli/config_command.h"

#include <iostream>

#include "cli/configuration.h"
#include "cli/output.h"
#include "config/load.h"
#include "config/print.h"
#include "util/json_writer.h"

namespace hullwatch {

int config_check_command(const std::string& path, const std::string& format) {
  const LoadedConfig loaded = load_config(path);
  if (format == "json") {
    JsonWriter json;
    json.begin_object()
        .member("schema", "hullwatch.config_check/1")
        .member("successful", loaded.ok())
        .key("errors")
        .begin_array();
    for (const Diagnostic& d : loaded.diagnostics) {
      json.begin_object().member("message", d.message).member("file", d.position.file).member("line", d.position.line);
      json.member("column", d.position.column).member_if("snippet", d.excerpt).member_if("hint", d.hint).end_object();
    }
    json.end_array().end_object();
    std::cout << json.text() << '\n';
  } else {
    print_diagnostics(loaded.diagnostics);
    if (loaded.ok()) std::cout << path << ": good\n";
  }
  return loaded.ok() ? kExitOk : kExitConfiguration;
}

int config_print_command(const std::string& path, const std::string& format) {
  const auto config = load_configuration(path);
  if (!config) return kExitConfiguration;
  std::cout << (format == "json" ? print_config_json(*config) + "\n" : print_config(*config));
  return kExitOk;
}

}  // namespace hullwatch
