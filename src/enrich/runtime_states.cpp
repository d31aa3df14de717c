#include "enrich/runtime_states.h"

#include <algorithm>

#include "enrich/host_files.h"
#include "enrich/metadata_json.h"
#include "enrich/oci_metadata.h"

namespace hullwatch {
namespace {

constexpr size_t kContainersPerRoot = 4096;

std::string_view file_of(std::string_view runtime) { return runtime == "crun" ? "status" : "state.json"; }

std::string_view last_component(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// "/sys/fs/cgroup/pids/web" of a v1 controller, "/sys/fs/cgroup/web" or ".../unified/web" of the unified one: "/web".
std::string below_hierarchy(std::string_view key, std::string_view path) {
  constexpr std::string_view kMount = "/sys/fs/cgroup", kUnified = "/unified/";
  if (!path.starts_with(kMount)) return {};
  path.remove_prefix(kMount.size());
  if (key.empty()) {
    if (path.starts_with(kUnified)) path.remove_prefix(kUnified.size() - 1);
    return std::string(path);
  }
  const size_t slash = path.find('/', 1);
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(slash));
}

uint32_t pid_in(const Json& json, const char* key) {
  const Json& pid = json_at(json, {key});
  return pid.is_number_unsigned() ? pid.get<uint32_t>() : 0;
}

void read_runc(RuntimeState& state, const Json& json) {
  state.id = json_string(json, {"id"});
  state.rootfs = json_string(json, {"config", "rootfs"});
  state.init_pid = pid_in(json, "init_process_pid");
  const Json& cgroups = json_at(json, {"cgroup_paths"});
  if (cgroups.is_object()) {
    for (const auto& [key, path] : cgroups.items()) {
      if (path.is_string()) state.cgroups.push_back(below_hierarchy(key, path.get_ref<const std::string&>()));
    }
  }
  const Json& config = json_at(json, {"config"});
  Json spec;  // in the shape of the bundle's, which may have been changed since
  spec["process"]["capabilities"]["bounding"] = json_at(config, {"capabilities", "Bounding"});
  spec["linux"] = {{"seccomp", json_at(config, {"seccomp"})}, {"maskedPaths", json_at(config, {"mask_paths"})}};
  const Json& labels = json_at(config, {"labels"});
  for (const Json& label : labels.is_array() ? labels : Json::array()) {
    if (!label.is_string()) continue;
    const auto& text = label.get_ref<const std::string&>();
    const size_t equals = text.find('=');
    if (equals == std::string::npos) continue;
    if (text.starts_with("bundle=")) {
      state.bundle = text.substr(equals + 1);
    } else {
      spec["annotations"][text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  state.told = oci_metadata(spec);
}

void read_crun(RuntimeState& state, const Json& json, const std::string& id) {
  state.id = id;
  state.rootfs = json_string(json, {"rootfs"});
  state.init_pid = pid_in(json, "pid");
  state.bundle = json_string(json, {"bundle"});
  state.cgroups.push_back(json_string(json, {"cgroup-path"}));
}

std::optional<RuntimeState> read_state(const HostDir& dir, const std::string& runtime, const std::string& id) {
  const auto text = dir.read(id + "/" + std::string(file_of(runtime)), kMetadataFileCap);
  if (!text) return {};
  const auto json = parse_json(*text);
  if (!json || !json->is_object()) return {};
  RuntimeState state;
  state.runtime = runtime;
  if (runtime == "crun") {
    read_crun(state, *json, id);
    if (const auto spec = dir.read(id + "/config.json", kMetadataFileCap)) {
      if (const auto parsed = parse_json(*spec)) state.told = oci_metadata(*parsed);
    }
  } else {
    read_runc(state, *json);
  }
  if (state.id != id) return {};
  std::sort(state.cgroups.begin(), state.cgroups.end());
  state.cgroups.erase(std::unique(state.cgroups.begin(), state.cgroups.end()), state.cgroups.end());
  std::erase_if(state.cgroups, [](const std::string& path) { return path.size() < 2 || path[0] != '/'; });
  return state;
}

}  // namespace

RuntimeStates::RuntimeStates(std::string host_root, std::vector<std::string> runc_roots, std::vector<std::string> crun_roots)
    : host_root_(std::move(host_root)) {
  for (std::string& path : runc_roots) roots_.push_back({std::move(path), "runc"});
  for (std::string& path : crun_roots) roots_.push_back({std::move(path), "crun"});
}

std::vector<RuntimeState> RuntimeStates::read_all() const {
  std::vector<RuntimeState> states;
  for (const Root& root : roots_) {
    const auto dir = HostDir::open(host_root_, root.path);
    if (!dir) continue;
    for (const std::string& id : dir->list(".", kContainersPerRoot)) {
      if (auto state = read_state(*dir, root.runtime, id)) states.push_back(std::move(*state));
    }
  }
  return states;
}

size_t RuntimeStates::refresh() {
  by_cgroup_.clear();
  const std::vector<RuntimeState> states = read_all();
  for (const RuntimeState& state : states) {
    for (const std::string& cgroup : state.cgroups) {
      CgroupIdentity identity;
      identity.runtime = state.runtime;
      identity.id = state.id;
      identity.cgroup_path = cgroup;
      by_cgroup_.try_emplace(cgroup, std::move(identity));
    }
  }
  return states.size();
}

std::optional<CgroupIdentity> RuntimeStates::identify(std::string_view path) const {
  if (const auto known = by_cgroup_.find(path); known != by_cgroup_.end()) return known->second;
  const std::string name(last_component(path));
  if (name.empty() || is_runtime_helper(path)) return {};
  for (const Root& root : roots_) {
    const auto dir = HostDir::open(host_root_, root.path);
    if (!dir || !dir->has_directory(name)) continue;
    const auto state = read_state(*dir, root.runtime, name);
    const bool own = !state || std::find(state->cgroups.begin(), state->cgroups.end(), path) != state->cgroups.end();
    if (!own) continue;  // runs elsewhere: this cgroup only shares its name
    CgroupIdentity identity;
    identity.runtime = root.runtime;
    identity.id = name;
    identity.cgroup_path = path;
    return identity;
  }
  return {};
}

std::optional<RuntimeState> RuntimeStates::find(const std::string& id) const {
  if (id.empty() || id.find('/') != std::string::npos) return {};
  for (const Root& root : roots_) {
    const auto dir = HostDir::open(host_root_, root.path);
    if (!dir) continue;
    if (auto state = read_state(*dir, root.runtime, id)) return state;
  }
  for (RuntimeState& state : read_all()) {
    for (const std::string& cgroup : state.cgroups) {
      const auto identity = identify_cgroup(cgroup);
      if (identity ? identity->id == id : last_component(cgroup) == id) return std::move(state);
    }
  }
  return {};
}

}  // namespace hullwatch
