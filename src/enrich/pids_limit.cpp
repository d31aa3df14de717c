#include "enrich/pids_limit.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "enrich/host_files.h"

namespace hullwatch {
namespace {

std::optional<int64_t> number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0) return {};
  return value;
}

/// First number in a file of the controller; empty: absent, or "max".
std::optional<int64_t> read_number(const HostDir& pids, const std::string& cgroup, const char* file) {
  const auto text = pids.read(cgroup + "/" + file, 4096);
  return text ? number(*text) : std::nullopt;
}

uint64_t read_refused(const HostDir& pids, const std::string& cgroup) {
  const auto text = pids.read(cgroup + "/pids.events", 4096);
  const size_t at = text ? text->find("max ") : std::string::npos;
  return at == std::string::npos ? 0 : static_cast<uint64_t>(number(std::string_view(*text).substr(at + 4)).value_or(0));
}

}  // namespace

Result<PidsLimit> read_pids_limit(const CgroupTree& tree, const std::string& cgroup_path) {
  const std::string& mount = tree.mount_of("pids");
  auto pids = HostDir::open("/", mount);
  if (!pids) return fail(std::move(pids.error()));
  if (cgroup_path.size() < 2 || cgroup_path[0] != '/') return fail("no pids limit is read for cgroup \"" + cgroup_path + "\"");

  std::string cgroup = cgroup_path.substr(1);
  const auto current = read_number(*pids, cgroup, "pids.current");
  if (!current) return fail("the pids controller in " + mount + " does not show cgroup " + cgroup_path);
  PidsLimit out;
  out.current = static_cast<uint64_t>(*current);
  out.refused = read_refused(*pids, cgroup);
  while (true) {
    const auto max = read_number(*pids, cgroup, "pids.max");
    if (max && (out.max < 0 || *max < out.max)) {
      out.max = *max;
      out.limited_by = "/" + cgroup;
    }
    const size_t slash = cgroup.rfind('/');
    if (slash == std::string::npos) break;
    cgroup.resize(slash);
  }
  if (!out.limited_by.empty()) {
    const std::string limiting = out.limited_by.substr(1);
    out.limited_current = static_cast<uint64_t>(read_number(*pids, limiting, "pids.current").value_or(0));
    out.limited_refused = read_refused(*pids, limiting);
  }
  return out;
}

}  // namespace hullwatch
