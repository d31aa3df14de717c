#include "cli/containers_command.h"

#include <algorithm>
#include <iomanip>
#include <iostream>

#include "cli/configuration.h"
#include "cli/output.h"
#include "enrich/node_scan.h"
#include "util/json_writer.h"
#include "util/utf8.h"

namespace hullwatch {
namespace {

std::string_view state_name(Container::Metadata state) {
  switch (state) {
    case Container::Metadata::pending: return "pending";
    case Container::Metadata::ready: return "ready";
    case Container::Metadata::unavailable: break;
  }
  return "unavailable";
}

void print_json(const std::vector<Container>& containers) {
  JsonWriter json;
  json.begin_object().member("schema", "hullwatch.containers/1").key("containers").begin_array();
  for (const Container& c : containers) {
    json.begin_object().member("id", c.id).member("name", c.meta.name).member("image", c.meta.image);
    json.member_if("image_id", c.meta.image_id).member_if("image_digest", c.meta.image_digest).member("runtime", c.runtime);
    json.member_if("pod", c.meta.pod).member_if("pod_namespace", c.meta.pod_namespace).member_if("pod_uid", c.meta.pod_uid);
    json.member("cgroup_id", c.cgroup_id).member("cgroup_path", c.cgroup_path).member_if("nested", c.nested);
    json.member("metadata", state_name(c.state)).member("privileged", c.meta.privileged).key("labels").begin_object();
    for (const auto& [key, value] : c.meta.labels) json.member(key, value);
    json.end_object().end_object();
  }
  json.end_array().end_object();
  std::cout << json.text() << '\n';
}

void print_text(const std::vector<Container>& containers) {
  const auto row = [](std::string_view id, std::string_view name, std::string_view image, std::string_view runtime,
                      std::string_view path) {
    std::cout << std::left << std::setw(14) << to_terminal(id) << std::setw(24) << to_terminal(name) << std::setw(32)
              << to_terminal(image) << std::setw(12) << to_terminal(runtime) << to_terminal(path) << '\n';
  };
  row("ID", "NAME", "IMAGE", "RUNTIME", "CGROUP");
  for (const Container& c : containers) row(c.short_id(), c.meta.name, c.meta.image, c.runtime, c.cgroup_path);
}

}  // namespace

int containers_command(const std::string& config_file, const std::string& format) {
  const auto config = load_configuration(config_file);
  if (!config) return kExitConfiguration;
  const auto tree = find_cgroup_tree();
  if (!tree) {
    print_error(tree.error().message);
    return kExitFindings;
  }
  const auto containers = look_at_node(config->metadata, *tree);
  if (!containers) {
    print_error(containers.error().message);
    return kExitFindings;
  }
  format == "json" ? print_json(*containers) : print_text(*containers);
  return kExitOk;
}

}  // namespace hullwatch
