#include "enrich/cgroup_path.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace hullwatch {
namespace {

using Components = std::span<const std::string_view>;

struct Match {
  std::string_view runtime;
  std::string id;
};

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
bool is_id64(std::string_view text) { return text.size() == 64 && is_hex(text); }
bool is_base36(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); });
}
bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
/// A name that becomes an identity is printed and compared: no control bytes, no end.
bool is_plain_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x21 || c == 0x7f; });
}

bool eat_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}
bool eat_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

/// systemd writes '-' within a unit's name part as "\x2d".
std::string unescape_unit(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("\\x2d")) {
      out += '-';
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// "pod<uid>", "kubepods-burstable-pod<uid_>.slice", "kubelet-kubepods-pod<uid_>.slice" and what containerd makes of the last
/// ("….slice:cri-containerd:<id>"): the uid with dashes, or, of a static pod, 32 hex digits. Empty when it is none.
std::string pod_uid_of(std::string_view name) {
  if (const size_t colon = name.find(".slice:"); colon != std::string_view::npos) name = name.substr(0, colon + 6);
  std::string_view uid = name;
  if (eat_suffix(uid, ".slice")) {
    eat_prefix(uid, "kubelet-");
    if (!eat_prefix(uid, "kubepods-")) return {};
    if (!eat_prefix(uid, "burstable-")) eat_prefix(uid, "besteffort-");
  }
  if (!eat_prefix(uid, "pod") || (uid.size() != 32 && uid.size() != 36)) return {};
  std::string out(uid);
  std::replace(out.begin(), out.end(), '_', '-');
  const bool hex = std::all_of(out.begin(), out.end(), [](char c) { return c == '-' || is_hex({&c, 1}); });
  return hex ? out : std::string();
}

bool is_kubepods(std::string_view name) {
  return name == "kubepods" || name.starts_with("kubepods.") || name.starts_with("kubepods-") ||
         name.starts_with("kubelet-kubepods");
}

/// Names that carry the runtime in a prefix. `bare`: cgroupfs drivers write it without ".scope".
struct PrefixRule {
  std::string_view prefix, runtime;
  bool bare;
};
constexpr std::array kPrefixes = {
    PrefixRule{"docker-", "docker", false},        PrefixRule{"cri-containerd-", "containerd", false},
    PrefixRule{"nerdctl-", "containerd", false},   PrefixRule{"crio-", "cri-o", true},
    PrefixRule{"libpod-payload-", "podman", true}, PrefixRule{"libpod-", "podman", true},
};

std::optional<Match> match_prefixed(std::string_view name) {
  const bool scope = eat_suffix(name, ".scope");
  for (const PrefixRule& rule : kPrefixes) {
    std::string_view id = name;
    // Exactly an id must follow: "libpod-conmon-<id>" and "crio-conmon-<id>" are the runtime's own processes.
    if ((scope || rule.bare) && eat_prefix(id, rule.prefix) && is_id64(id)) return Match{rule.runtime, std::string(id)};
  }
  // Plain runc or crun with the systemd driver: "runc-<id>.scope", any id.
  for (const std::string_view runtime : {"runc", "crun"}) {
    std::string_view id = name;
    if (scope && eat_prefix(id, runtime) && eat_prefix(id, "-") && is_plain_name(id)) {
      return Match{runtime, unescape_unit(id)};
    }
  }
  return {};
}

/// A runtime told to use cgroupfs, given a systemd path: "<slice>:cri-containerd:<id>" is one component.
std::optional<Match> match_colons(std::string_view name) {
  const size_t last = name.rfind(':');
  if (last == std::string_view::npos || !is_id64(name.substr(last + 1))) return {};
  const std::string_view head = name.substr(0, last);
  const std::string_view prefix = head.substr(head.rfind(':') + 1);  // npos + 1 == 0
  for (const PrefixRule& rule : kPrefixes) {
    if (prefix == rule.prefix.substr(0, rule.prefix.size() - 1)) return Match{rule.runtime, std::string(name.substr(last + 1))};
  }
  return {};
}

/// A bare id says nothing of its runtime: its parents do.
std::optional<Match> match_bare_id(Components above, std::string_view name) {
  const std::string_view parent = above.empty() ? std::string_view() : above.back();
  const std::string_view grandparent = above.size() < 2 ? std::string_view() : above[above.size() - 2];
  if (is_id64(name)) {
    std::string_view runtime = "runc";
    if (parent == "docker" || parent == "actions_job" || grandparent == "ecs") runtime = "docker";
    if (parent == "default" || parent == "k8s.io" || !pod_uid_of(parent).empty()) runtime = "containerd";
    return Match{runtime, std::string(name)};
  }
  if (parent == "buildkit" && name.size() == 25 && is_base36(name)) return Match{"buildkit", std::string(name)};
  if (grandparent == "ecs" && name.size() > 33 && name[32] == '-' && is_hex(name.substr(0, 32)) && is_digits(name.substr(33))) {
    return Match{"containerd", std::string(name)};  // Fargate
  }
  if (parent == "garden" && name.size() == 28 && is_hex(name.substr(0, 8))) {
    for (size_t i = 8; i < name.size(); i += 5) {
      if (name[i] != '-' || !is_hex(name.substr(i + 1, 4))) return {};
    }
    return Match{"garden", std::string(name)};
  }
  return {};
}

/// Containers with names: LXC, libvirt, nspawn, bpm.
std::optional<Match> match_named(Components above, std::string_view name) {
  const std::string_view parent = above.empty() ? std::string_view() : above.back();
  const std::string_view grandparent = above.size() < 2 ? std::string_view() : above[above.size() - 2];
  std::string_view rest = name;
  if (!is_plain_name(name)) return {};
  if (eat_prefix(rest, "lxc.payload.") && !rest.empty()) return Match{"lxc", std::string(rest)};
  if (above.size() == 1 && (parent == "lxc" || parent == "lxc.payload")) return Match{"lxc", std::string(name)};
  if (grandparent == "libvirt" && parent == "lxc") return Match{"libvirt-lxc", std::string(name)};
  if (eat_suffix(rest, ".libvirt-lxc") && !rest.empty()) return Match{"libvirt-lxc", std::string(rest)};
  if (eat_prefix(rest, "machine-lxc\\x2d") && eat_suffix(rest, ".scope")) {
    const std::string plain = unescape_unit(rest);  // "<number>-<name>"
    const size_t dash = plain.find('-');
    if (dash == std::string::npos || dash + 1 == plain.size()) return {};
    return Match{"libvirt-lxc", plain.substr(dash + 1)};
  }
  // nspawn keeps its own process in ./supervisor; a virtual machine's scope has no ./payload.
  if (name == "payload") {
    rest = parent;
    if (eat_prefix(rest, "systemd-nspawn@") && eat_suffix(rest, ".service")) return Match{"nspawn", unescape_unit(rest)};
    rest = parent;
    if (eat_prefix(rest, "machine-") && eat_suffix(rest, ".scope")) return Match{"nspawn", unescape_unit(rest)};
    return {};
  }
  rest = name;
  if (eat_prefix(rest, "bpm-") && eat_suffix(rest, ".scope") && !rest.empty()) return Match{"bpm", std::string(rest)};
  return {};
}

std::optional<Match> match(Components above, std::string_view name) {
  if (auto found = match_prefixed(name)) return found;
  if (auto found = match_colons(name)) return found;
  if (auto found = match_bare_id(above, name)) return found;
  return match_named(above, name);
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    if (slash != 0) out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return out;
}

}  // namespace

std::optional<CgroupIdentity> identify_cgroup(std::string_view path) {
  const std::vector<std::string_view> components = split(path);
  std::optional<CgroupIdentity> identity;
  for (size_t i = 0; i < components.size(); ++i) {
    auto found = match(Components(components).first(i), components[i]);
    if (!found) continue;
    if (!identity) {
      identity.emplace();
      identity->runtime = found->runtime;
      identity->id = std::move(found->id);
      const auto own_end = static_cast<size_t>(components[i].data() - path.data()) + components[i].size();
      identity->cgroup_path = path.substr(0, own_end);
      // Only what is above the container is the kubelet's word.
      for (size_t above = 0; above <= i; ++above) {
        identity->kubepods |= is_kubepods(components[above]);
        if (std::string uid = pod_uid_of(components[above]); !uid.empty()) identity->pod_uid = std::move(uid);
      }
      identity->kubepods |= !identity->pod_uid.empty();
    } else {
      identity->nested_runtime = found->runtime;
      identity->nested_id = std::move(found->id);
    }
  }
  return identity;
}

bool is_runtime_helper(std::string_view path) {
  const std::vector<std::string_view> components = split(path);
  if (components.empty()) return true;  // the root
  const std::string_view name = components.back();
  return name == "conmon" || name == "supervisor" || name == "init.scope" || name.starts_with("libpod-conmon-") ||
         name.starts_with("crio-conmon-") || name.starts_with("lxc.monitor") || name.ends_with(".service") ||
         name.ends_with(".slice") || name.ends_with(".mount") || name.ends_with(".socket") || name.ends_with(".swap");
}

}  // namespace hullwatch
