#include "detect/docker_api.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

namespace hullwatch {
namespace {

// Members in the order sent: of two that differ only in case the last one counts.
using json = nlohmann::ordered_json;

constexpr size_t kMaxText = 512;  // bytes of one field that may leave
constexpr size_t kMaxItems = 32;  // binds, capabilities, words of a command
constexpr int kMaxDepth = 16;     // of JSON

/// Path components with the ids and names in them; "*" stands for one of those, "**" for the rest (image names have slashes).
struct Pattern {
  std::string_view method;  // "" any
  std::string_view path;
  std::string_view action;
  ApiDanger danger;
};

// First match wins. What no row names is reading when GET or HEAD, else managing.
constexpr std::array kPatterns = {
    Pattern{"POST", "containers/create", "containers/create", ApiDanger::manage},
    Pattern{"POST", "containers/*/exec", "containers/exec", ApiDanger::critical},
    Pattern{"POST", "exec/*/start", "exec/start", ApiDanger::manage},
    Pattern{"PUT", "containers/*/archive", "containers/archive_write", ApiDanger::critical},
    Pattern{"GET", "containers/*/archive", "containers/archive_read", ApiDanger::manage},
    Pattern{"GET", "containers/*/export", "containers/export", ApiDanger::manage},
    Pattern{"", "containers/*/attach/ws", "containers/attach", ApiDanger::critical},
    Pattern{"POST", "containers/*/attach", "containers/attach", ApiDanger::manage},
    Pattern{"POST", "containers/*/wait", "containers/wait", ApiDanger::read},
    Pattern{"POST", "images/create", "images/pull", ApiDanger::manage},
    Pattern{"POST", "volumes/create", "volumes/create", ApiDanger::manage},
    Pattern{"POST", "plugins/**", "plugins", ApiDanger::critical},
    Pattern{"DELETE", "plugins/**", "plugins", ApiDanger::critical},
    Pattern{"POST", "swarm/**", "swarm", ApiDanger::critical},
    Pattern{"GET", "swarm/unlockkey", "swarm/unlockkey", ApiDanger::critical},
    Pattern{"GET", "secrets/**", "secrets", ApiDanger::manage},
    Pattern{"POST", "services/create", "services/create", ApiDanger::critical},
    // The kubelet's, which run a command in a container or lead into its network: by namespace and pod, or also by its uid.
    Pattern{"", "run/*/*/*", "kubelet/run", ApiDanger::critical},
    Pattern{"", "run/*/*/*/*", "kubelet/run", ApiDanger::critical},
    Pattern{"", "exec/*/*/*", "kubelet/exec", ApiDanger::critical},
    Pattern{"", "exec/*/*/*/*", "kubelet/exec", ApiDanger::critical},
    Pattern{"", "attach/*/*/*", "kubelet/attach", ApiDanger::critical},
    Pattern{"", "attach/*/*/*/*", "kubelet/attach", ApiDanger::critical},
    Pattern{"", "portForward/*/*", "kubelet/port_forward", ApiDanger::critical},
    Pattern{"", "portForward/*/*/*", "kubelet/port_forward", ApiDanger::critical},
    Pattern{"POST", "build", "build", ApiDanger::manage},
    Pattern{"POST", "auth", "auth", ApiDanger::manage},
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = text.find(separator);
    if (const auto part = text.substr(0, end); !part.empty()) parts.push_back(part);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

std::string bounded(std::string_view text) { return std::string(text.substr(0, kMaxText)); }

/// Fits `parts` to `pattern`; what stood at "*" goes to `target`.
bool matches(std::string_view pattern, const std::vector<std::string_view>& parts, std::string_view& target) {
  const auto wanted = split(pattern, '/');
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "**") return true;
    if (i >= parts.size()) return false;
    if (wanted[i] == "*") {
      if (target.empty()) target = parts[i];
    } else if (wanted[i] != parts[i]) {
      return false;
    }
  }
  return wanted.size() == parts.size();
}

std::string query_value(std::string_view query, std::string_view key) {
  for (std::string_view pair : split(query, '&'))
    if (pair.starts_with(key) && pair.size() > key.size() && pair[key.size()] == '=')
      return bounded(pair.substr(key.size() + 1));
  return {};
}

/// A member whose name may differ in case: Docker's decoder does not mind, so neither may we.
const json* member(const json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const json* found = nullptr;
  for (const auto& [key, value] : object.items()) {
    if (key.size() == name.size() && std::equal(key.begin(), key.end(), name.begin(), [](unsigned char a, unsigned char b) {
          return std::tolower(a) == std::tolower(b);
        }))
      found = &value;  // the last one wins, as in encoding/json
  }
  return found;
}

std::string text_of(const json* value) {
  return value != nullptr && value->is_string() ? bounded(value->get_ref<const std::string&>()) : std::string{};
}

bool true_of(const json* value) { return value != nullptr && value->is_boolean() && value->get<bool>(); }

std::string joined(const json* list) {
  if (list == nullptr) return {};
  if (list->is_string()) return text_of(list);
  std::string all;
  if (!list->is_array()) return all;
  for (size_t i = 0; i < list->size() && i < kMaxItems && all.size() < kMaxText; ++i) {
    if (!(*list)[i].is_string()) continue;
    if (!all.empty()) all += ' ';
    all += bounded((*list)[i].get_ref<const std::string&>());
  }
  return all;
}

/// Host directories whose sight or change gives the node away. A prefix counts with what lies below it.
bool sensitive_source(std::string_view source) {
  static constexpr std::array kSensitive = {"/etc",
                                            "/root",
                                            "/boot",
                                            "/dev",
                                            "/proc",
                                            "/sys",
                                            "/var/run",
                                            "/run",
                                            "/usr",
                                            "/lib",
                                            "/bin",
                                            "/sbin",
                                            "/home",
                                            "/var/log",
                                            "/opt",
                                            "/var/lib/docker",
                                            "/var/lib/kubelet",
                                            "/var/lib/containerd"};
  while (source.size() > 1 && source.ends_with('/')) source.remove_suffix(1);
  if (source == "/" || source == "/var" || source == "/var/lib") return true;
  return std::any_of(kSensitive.begin(), kSensitive.end(), [&](std::string_view prefix) {
    return source.starts_with(prefix) && (source.size() == prefix.size() || source[prefix.size()] == '/');
  });
}

void note_source(ApiCall& call, std::string_view source, std::string_view shown) {
  if (!source.starts_with('/')) return;  // a named volume
  if (call.binds.size() < kMaxText) call.binds += (call.binds.empty() ? "" : " ") + bounded(shown);
  if (source.find(".sock") != std::string_view::npos)
    call.reasons.push_back("mounts the socket " + bounded(source));
  else if (source.find("/../") != std::string_view::npos || source.ends_with("/..") || sensitive_source(source))
    call.reasons.push_back("mounts the host's " + bounded(source));
}

void note_mode(ApiCall& call, std::string_view kind, const std::string& mode) {
  if (mode == "host")
    call.reasons.push_back("uses the host's " + std::string(kind) + " namespace");
  else if (kind == "pid" && mode.starts_with("container:"))
    call.reasons.push_back("joins the pid namespace of " + mode.substr(10));
}

void note_capabilities(ApiCall& call) {
  static constexpr std::array kStrong = {
      "ALL",     "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO",    "DAC_READ_SEARCH", "NET_ADMIN",         "BPF",
      "PERFMON", "SYS_BOOT",  "SYS_TIME",   "MAC_ADMIN",  "MAC_OVERRIDE", "SYSLOG",          "CHECKPOINT_RESTORE"};
  for (std::string_view name : split(call.cap_add, ' ')) {
    std::string upper(name);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (upper.starts_with("CAP_")) upper.erase(0, 4);
    if (std::find(kStrong.begin(), kStrong.end(), upper) != kStrong.end())
      call.reasons.push_back("adds the capability " + upper);
  }
}

void read_docker_create(ApiCall& call, const json& body) {
  call.image = text_of(member(body, "Image"));
  call.command = joined(member(body, "Entrypoint"));
  if (const std::string words = joined(member(body, "Cmd")); !words.empty())
    call.command += (call.command.empty() ? "" : " ") + words;
  const json* host = member(body, "HostConfig");
  if (host == nullptr) return;
  call.privileged = true_of(member(*host, "Privileged"));
  call.cap_add = joined(member(*host, "CapAdd"));
  call.pid_mode = text_of(member(*host, "PidMode"));
  call.network_mode = text_of(member(*host, "NetworkMode"));
  call.security_opt = joined(member(*host, "SecurityOpt"));
  note_mode(call, "pid", call.pid_mode);
  note_mode(call, "network", call.network_mode);
  note_mode(call, "ipc", text_of(member(*host, "IpcMode")));
  note_mode(call, "uts", text_of(member(*host, "UTSMode")));
  note_mode(call, "user", text_of(member(*host, "UsernsMode")));
  note_mode(call, "cgroup", text_of(member(*host, "CgroupnsMode")));
  if (const json* binds = member(*host, "Binds"); binds != nullptr && binds->is_array())
    for (size_t i = 0; i < binds->size() && i < kMaxItems; ++i)
      if ((*binds)[i].is_string()) {
        const std::string& bind = (*binds)[i].get_ref<const std::string&>();
        note_source(call, std::string_view(bind).substr(0, bind.find(':')), bind);
      }
  if (const json* mounts = member(*host, "Mounts"); mounts != nullptr && mounts->is_array())
    for (size_t i = 0; i < mounts->size() && i < kMaxItems; ++i)
      if (text_of(member((*mounts)[i], "Type")) == "bind") {
        const std::string source = text_of(member((*mounts)[i], "Source"));
        note_source(call, source, source + ":" + text_of(member((*mounts)[i], "Target")));
      }
  if (const json* devices = member(*host, "Devices"); devices != nullptr && devices->is_array())
    for (size_t i = 0; i < devices->size() && i < kMaxItems; ++i)
      call.reasons.push_back("opens the device " + text_of(member((*devices)[i], "PathOnHost")));
  for (std::string_view option : {"unconfined", "disable", "systempaths"})
    if (call.security_opt.find(option) != std::string::npos) {
      call.reasons.push_back("lifts confinement: " + call.security_opt);
      break;
    }
}

/// podman's SpecGenerator.
void read_libpod_create(ApiCall& call, const json& body) {
  call.image = text_of(member(body, "image"));
  call.command = joined(member(body, "command"));
  call.privileged = true_of(member(body, "privileged"));
  call.cap_add = joined(member(body, "cap_add"));
  call.security_opt = text_of(member(body, "seccomp_profile_path"));
  if (call.security_opt == "unconfined") call.reasons.emplace_back("lifts confinement: seccomp=unconfined");
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kModes = {
      {{"pidns", "pid"}, {"netns", "network"}, {"ipcns", "ipc"}, {"utsns", "uts"}, {"userns", "user"}}};
  for (const auto& [key, kind] : kModes) {
    const json* ns = member(body, key);
    if (ns == nullptr) continue;
    const std::string mode = text_of(member(*ns, "nsmode"));
    if (kind == "pid") call.pid_mode = mode;
    if (kind == "network") call.network_mode = mode;
    note_mode(call, kind, mode);
  }
  if (const json* mounts = member(body, "mounts"); mounts != nullptr && mounts->is_array())
    for (size_t i = 0; i < mounts->size() && i < kMaxItems; ++i) {
      const std::string source = text_of(member((*mounts)[i], "source"));
      note_source(call, source, source + ":" + text_of(member((*mounts)[i], "destination")));
    }
}

/// A volume can be a bind mount in disguise: {"Driver":"local","DriverOpts":{"type":"none","o":"bind","device":"/"}}.
void read_volume_create(ApiCall& call, const json& body) {
  call.target = text_of(member(body, "Name"));
  const json* options = member(body, "DriverOpts");
  if (options == nullptr) return;
  const std::string device = text_of(member(*options, "device"));
  note_source(call, device, device);
}

void read_exec_create(ApiCall& call, const json& body) {
  call.command = joined(member(body, "Cmd"));
  call.privileged = true_of(member(body, "Privileged"));
}

/// Parses with a bound on depth; anything but an object yields null.
json parse_body(std::string_view body) {
  const auto bound_depth = [](int depth, json::parse_event_t, json&) { return depth <= kMaxDepth; };
  json parsed = json::parse(body.begin(), body.end(), bound_depth, /*allow_exceptions=*/false);
  return parsed.is_object() ? parsed : json();
}

void read_body(ApiCall& call, std::string_view body, bool complete, bool libpod) {
  const json parsed = complete ? parse_body(body) : json();
  const bool create = call.action == "containers/create";
  if (parsed.is_null()) {
    if (create) {
      call.danger = ApiDanger::critical;
      call.reasons.emplace_back("the body could not be read: judged as the worst");
    }
    return;
  }
  if (create)
    libpod ? read_libpod_create(call, parsed) : read_docker_create(call, parsed);
  else if (call.action == "volumes/create")
    read_volume_create(call, parsed);
  else if (call.action == "containers/exec")
    read_exec_create(call, parsed);
  if (call.privileged) call.reasons.insert(call.reasons.begin(), create ? "is privileged" : "runs a privileged command");
  note_capabilities(call);
  if (!call.reasons.empty()) call.danger = ApiDanger::critical;
}

}  // namespace

std::string_view api_danger_name(ApiDanger danger) {
  switch (danger) {
    case ApiDanger::read: return "read";
    case ApiDanger::manage: return "manage";
    case ApiDanger::critical: break;
  }
  return "critical";
}

ApiCall judge_api_call(const ParsedRequest& request) {
  ApiCall call;
  call.version = bounded(request.version);
  const std::string_view method = request.method;
  auto parts = split(request.path, '/');
  const bool libpod = !parts.empty() && parts.front() == "libpod";
  if (libpod) parts.erase(parts.begin());

  const bool reads = method == "GET" || method == "HEAD" || method == "OPTIONS";
  call.danger = reads ? ApiDanger::read : ApiDanger::manage;
  std::string_view object;
  bool known = false;
  for (const Pattern& pattern : kPatterns) {
    object = {};
    if ((!pattern.method.empty() && pattern.method != method) || !matches(pattern.path, parts, object)) continue;
    known = !pattern.action.empty();
    if (known) {
      call.action = pattern.action;
      call.danger = pattern.danger;
    }
    break;
  }
  if (!known) {
    // "containers/*/start" -> "containers/start"; "images/a/b/json" -> "images/json"; "info" -> "info".
    if (!parts.empty()) call.action = bounded(parts.front());
    if (parts.size() > 1) call.action += "/" + bounded(parts.back());
    if (parts.size() > 2) object = parts[1];
  }
  call.target = bounded(object);
  if (call.action == "containers/create") call.target = query_value(request.query, "name");
  if (call.danger == ApiDanger::critical && call.action == "containers/exec")
    call.reasons.push_back("runs a command in " + call.target);
  else if (call.danger == ApiDanger::critical)
    call.reasons.push_back("calls " + call.action);
  if (!reads) read_body(call, request.body, request.body_complete, libpod);
  return call;
}

}  // namespace hullwatch
