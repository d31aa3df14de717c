#include "enrich/cgroup_tree.h"

#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

namespace hullwatch {
namespace {

struct Mount {
  std::string root, point, type, options;
};

/// mountinfo writes space, tab, newline and backslash as three octal digits.
std::string unescape(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool octal = text[i] == '\\' && i + 3 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '3' &&
                       text[i + 2] >= '0' && text[i + 2] <= '7' && text[i + 3] >= '0' && text[i + 3] <= '7';
    if (!octal) {
      out += text[i];
      continue;
    }
    out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return out;
}

/// "31 23 0:28 <root> <mount point> <options> [optional…] - <type> <source> <super options>"
std::optional<Mount> parse_mount(const std::string& line) {
  std::istringstream in(line);
  std::string skipped, field;
  Mount mount;
  in >> skipped >> skipped >> skipped >> mount.root >> mount.point;
  while (in >> field && field != "-") {
  }
  if (!(in >> mount.type >> skipped >> mount.options)) return {};
  mount.root = unescape(mount.root);
  mount.point = unescape(mount.point);
  return mount;
}

/// Of several mounts of one hierarchy, the whole one, then the one with the shortest path: bind mounts lie deeper.
bool better(const Mount& a, const Mount& b) {
  if ((a.root == "/") != (b.root == "/")) return a.root == "/";
  return a.point.size() < b.point.size();
}

constexpr const char* kControllers[] = {"pids", "memory", "cpu", "cpuacct", "cpuset", "devices", "freezer", "blkio"};

}  // namespace

Result<CgroupTree> find_cgroup_tree(const std::string& mountinfo) {
  std::ifstream in(mountinfo);
  if (!in) return fail("cannot open " + mountinfo + ": the cgroup hierarchy cannot be found");
  std::optional<Mount> unified;
  std::map<std::string, Mount> v1;
  for (std::string line; std::getline(in, line);) {
    auto mount = parse_mount(line);
    if (!mount) continue;
    if (mount->type == "cgroup2" && (!unified || better(*mount, *unified))) unified = mount;
    if (mount->type != "cgroup") continue;
    const std::string options = "," + mount->options + ",";
    for (const char* controller : kControllers) {
      if (options.find("," + std::string(controller) + ",") == std::string::npos) continue;
      auto [known, fresh] = v1.try_emplace(controller, *mount);
      if (!fresh && better(*mount, known->second)) known->second = *mount;
    }
  }

  CgroupTree tree;
  for (const auto& [controller, mount] : v1) tree.controllers[controller] = mount.point;
  const Mount* chosen = nullptr;
  if (unified) {
    chosen = &*unified;
    tree.hybrid = !v1.empty();
  } else {
    tree.version = 1;
    if (auto pids = v1.find("pids"); pids != v1.end()) {
      chosen = &pids->second;
    } else if (auto memory = v1.find("memory"); memory != v1.end()) {
      chosen = &memory->second;
    }
  }
  if (chosen == nullptr) return fail(mountinfo + ": neither cgroup2 nor a v1 pids or memory hierarchy is mounted");
  tree.path = chosen->point;
  tree.partial = chosen->root != "/";
  return tree;
}

}  // namespace hullwatch
