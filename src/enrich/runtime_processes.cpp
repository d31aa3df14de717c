#include "enrich/runtime_processes.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>

#include "enrich/cgroup_path.h"
#include "enrich/host_files.h"
#include "enrich/metadata_json.h"

namespace hullwatch {
namespace {

constexpr size_t kProcFileCap = 256UL << 10;
constexpr size_t kProcessesMax = 1UL << 20;

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// Identity of the container a process is in, by any of its cgroups; empty for the host's.
std::string container_of(const HostDir& proc, const std::string& pid) {
  const auto cgroups = proc.read(pid + "/cgroup", kProcFileCap);
  if (!cgroups) return "?";
  for (const std::string& line : split(*cgroups, '\n')) {
    const size_t path = line.find(":/");
    if (path == std::string::npos) continue;
    if (const auto identity = identify_cgroup(std::string_view(line).substr(path + 1))) return identity->id;
  }
  return {};
}

/// A number after "<name>:<tab>" in /proc/<pid>/status: the first of "Uid:", the only one of "PPid:".
long status_number(const HostDir& proc, const std::string& pid, std::string_view name) {
  const auto status = proc.read(pid + "/status", kProcFileCap);
  if (!status) return -1;
  const size_t at = status->find("\n" + std::string(name) + ":\t");
  if (at == std::string::npos) return -1;
  const char* begin = status->data() + at + name.size() + 3;
  long value = -1;
  std::from_chars(begin, status->data() + status->size(), value);
  return value;
}

/// The value of "--flag value" or "--flag=value"; the last one, as the programs take it.
std::string flag_value(const std::vector<std::string>& args, std::initializer_list<std::string_view> names) {
  std::string value;
  for (size_t i = 1; i < args.size(); ++i) {
    for (const std::string_view name : names) {
      if (args[i] == name && i + 1 < args.size()) value = args[i + 1];
      if (args[i].starts_with(std::string(name) + "=")) value = args[i].substr(name.size() + 1);
    }
  }
  return value;
}

using Visit = std::function<bool(const std::string& pid, const std::vector<std::string>& args)>;

/// Processes of that name, until the visitor returns false.
void each_process(const HostDir& proc, std::string_view comm, const Visit& visit) {
  for (const std::string& pid : proc.list(".", kProcessesMax)) {
    if (!is_number(pid)) continue;
    const auto name = proc.read(pid + "/comm", kProcFileCap);
    if (!name || *name != std::string(comm) + "\n") continue;
    const auto line = proc.read(pid + "/cmdline", kProcFileCap);
    if (line && !visit(pid, split(*line, '\0'))) return;
  }
}

std::string docker_root(const std::string& host_root, const std::vector<std::string>& args) {
  if (std::string root = flag_value(args, {"--data-root", "--graph", "-g"}); !root.empty()) return root;
  std::string file = flag_value(args, {"--config-file"});
  if (file.empty()) file = "/etc/docker/daemon.json";
  const size_t slash = file.rfind('/');
  if (slash == std::string::npos || slash == 0) return {};
  const auto dir = HostDir::open(host_root, file.substr(0, slash));
  if (!dir) return {};
  const auto text = dir->read(file.substr(slash + 1), kMetadataFileCap);
  if (!text) return {};
  const auto json = parse_json(*text);
  if (!json) return {};
  const std::string root = json_string(*json, {"data-root"});
  return root.empty() ? json_string(*json, {"graph"}) : root;
}

}  // namespace

std::vector<std::string> docker_roots_in_use(const std::string& host_root) {
  std::vector<std::string> roots;
  const auto proc = HostDir::open(host_root, "/proc");
  if (!proc) return roots;
  each_process(*proc, "dockerd", [&](const std::string& pid, const std::vector<std::string>& args) {
    if (status_number(*proc, pid, "Uid") != 0 || !container_of(*proc, pid).empty()) return true;
    const std::string root = docker_root(host_root, args);
    if (root.starts_with('/') && std::find(roots.begin(), roots.end(), root) == roots.end()) roots.push_back(root);
    return roots.size() < 16;
  });
  return roots;
}

std::optional<Conmon> find_conmon(const std::string& host_root, const std::string& id) {
  std::optional<Conmon> found;
  const auto proc = HostDir::open(host_root, "/proc");
  if (!proc) return found;
  each_process(*proc, "conmon", [&](const std::string& pid, const std::vector<std::string>& args) {
    if (flag_value(args, {"-c", "--cid"}) != id || !container_of(*proc, pid).empty()) return true;
    // Its word counts only if a child of it is in that very container.
    for (const std::string& child : proc->list(".", kProcessesMax)) {
      if (!is_number(child) || std::to_string(status_number(*proc, child, "PPid")) != pid) continue;
      if (container_of(*proc, child) != id) continue;
      found = Conmon{clean(flag_value(args, {"-n", "--name"}), kNameMax), flag_value(args, {"-b", "--bundle"})};
      return false;
    }
    return true;
  });
  return found;
}

std::string storage_of_bundle(const std::string& bundle, const std::string& id) {
  const std::string tail = "-containers/" + id + "/userdata";
  if (!bundle.starts_with('/') || !bundle.ends_with(tail)) return {};
  const size_t driver = bundle.rfind('/', bundle.size() - tail.size());
  return driver == std::string::npos || driver == 0 ? std::string() : bundle.substr(0, driver);
}

}  // namespace hullwatch
