#include "respond/cgroup_freezer.h"

namespace hullwatch {

Result<CgroupFreezer> CgroupFreezer::open(const CgroupTree& tree, const std::string& cgroup_path) {
  if (tree.version == 2) {
    auto unified = TargetCgroup::open(tree.path, cgroup_path);
    if (!unified) return fail(std::move(unified.error()));
    if (unified->has("cgroup.freeze")) return CgroupFreezer(std::move(*unified), false);
  }
  const auto mount = tree.controllers.find("freezer");
  if (mount == tree.controllers.end()) return fail("neither cgroup.freeze nor a v1 freezer hierarchy is there");
  auto cgroup = TargetCgroup::open(mount->second, cgroup_path);
  if (!cgroup) return fail(std::move(cgroup.error()));
  return CgroupFreezer(std::move(*cgroup), true);
}

Result<bool> CgroupFreezer::frozen() const {
  const auto state = cgroup_.read(file());
  if (!state) return fail(state.error());
  return v1_ ? *state != "THAWED" : *state == "1";
}

Result<bool> CgroupFreezer::set(bool frozen, std::chrono::milliseconds patience) const {
  const char* wanted = frozen ? "FROZEN" : "THAWED";
  if (auto asked = cgroup_.write(file(), v1_ ? wanted : (frozen ? "1" : "0")); !asked) return fail(std::move(asked.error()));
  if (!v1_)
    return cgroup_.wait("cgroup.events", patience, [&] { return cgroup_.flag("cgroup.events", "frozen") == (frozen ? 1 : 0); });
  return cgroup_.wait(file(), patience, [&] {
    const auto state = cgroup_.read(file());
    if (state && *state == wanted) return true;
    // Tasks forked while it froze: v1 takes another request to go on.
    if (frozen) static_cast<void>(cgroup_.write(file(), wanted));
    return false;
  });
}

}  // namespace hullwatch
