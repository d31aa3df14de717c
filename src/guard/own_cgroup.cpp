#include "guard/own_cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "enrich/proc_reader.h"
#include "util/fd.h"
#include "util/thread_priority.h"

namespace hullwatch {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kFirstNamespace = "cgroup:[4026531835]";  // the kernel's PROC_CGROUP_INIT_INO
constexpr uint64_t kEverybodysWeight = 100, kEverybodysShares = 1024;
constexpr std::array<const char*, 3> kRealtimeBudgets = {"900000", "500000", "200000"};  // of each second, in microseconds

bool is_v1(const CgroupTree& tree) { return tree.controllers.contains("cpu"); }
std::string leaf_of(const std::string& mount) { return mount + '/' + std::string(OwnCgroup::kName); }

Status write_file(const std::string& path, std::string_view text) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return fail(Error::from_errno("cannot open " + path, errno));
  if (::write(fd.get(), text.data(), text.size()) < 0)
    return fail(Error::from_errno("cannot write " + std::string(text) + " to " + path, errno));
  return {};
}

bool has_word(const std::string& path, std::string_view wanted) {
  std::ifstream file(path);
  for (std::string word; file >> word;)
    if (word == wanted) return true;
  return false;
}

/// Asked on a thread that ends at once.
bool may_be_realtime() {
  GrantedPriority granted;
  std::thread([&granted] { granted = take_priority({.realtime = true}); }).join();
  return granted.realtime;
}

Status weigh(const std::string& leaf, bool v1, uint64_t weight) {
  if (!v1) return write_file(leaf + "/cpu.weight", std::to_string(weight));
  // A v1 cgroup has no real-time budget to begin with. The largest its parent can spare; what that comes to is asked
  // afterwards.
  if (::access((leaf + "/cpu.rt_runtime_us").c_str(), W_OK) == 0)
    for (const char* budget : kRealtimeBudgets)
      if (write_file(leaf + "/cpu.rt_runtime_us", budget)) break;
  return write_file(leaf + "/cpu.shares", std::to_string(weight * kEverybodysShares / kEverybodysWeight));
}

void leave(const std::string& mount) {
  // Failing, both are harmless: the cgroup goes with the next daemon's end, or stays and is used by the next.
  static_cast<void>(write_file(mount + "/cgroup.procs", std::to_string(::getpid())));
  ::rmdir(leaf_of(mount).c_str());
}

}  // namespace

std::string OwnCgroup::why_not(const CgroupScene& scene) {
  std::error_code failed;
  if (const std::string seen = fs::read_symlink(scene.proc_root + "/self/ns/cgroup", failed);
      !failed && seen != kFirstNamespace)
    return "hullwatch is in a cgroup namespace of its own: a weight is given to its container from outside";
  if (fs::exists(scene.systemd, failed)) return "systemd keeps the cgroups: CPUWeight= in hullwatch's unit gives it a weight";
  const bool v1 = is_v1(scene.tree);
  if (!v1 && scene.tree.version != 2) return "no cgroup hierarchy with the cpu controller is mounted";
  const std::string& mount = scene.tree.mount_of("cpu");
  if (!v1 && !has_word(mount + "/cgroup.controllers", "cpu")) return "the kernel has no cpu controller at " + mount;
  const std::string own = ProcReader(scene.proc_root).cgroup(static_cast<uint32_t>(::getpid()), v1 ? "cpu" : "");
  if (own.empty()) return "/proc does not tell in which cgroup hullwatch is";
  if (own != "/" && own != '/' + std::string(kName))
    return "hullwatch was started in cgroup " + own + ": that one's weight counts";
  if (::access(mount.c_str(), W_OK) != 0) return Error::from_errno(mount, errno).message;
  return {};
}

Result<OwnCgroup> OwnCgroup::enter(const CgroupScene& scene, uint64_t weight, bool realtime) {
  if (std::string why = why_not(scene); !why.empty()) return fail(std::move(why));
  const bool v1 = is_v1(scene.tree);
  const std::string& mount = scene.tree.mount_of("cpu");
  const std::string leaf = leaf_of(mount);
  const bool could_be_realtime = realtime && may_be_realtime();
  // Runtimes that limit processors do the same; taking it back at the end would take it from them.
  if (!v1 && !has_word(mount + "/cgroup.subtree_control", "cpu"))
    if (auto enabled = write_file(mount + "/cgroup.subtree_control", "+cpu"); !enabled) return fail(std::move(enabled.error()));
  if (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) return fail(Error::from_errno("cannot make " + leaf, errno));
  OwnCgroup own(mount);  // from here on it is undone
  if (auto weighed = weigh(leaf, v1, weight); !weighed) return fail(std::move(weighed.error()));
  if (auto moved = write_file(leaf + "/cgroup.procs", std::to_string(::getpid())); !moved)
    return fail(std::move(moved.error()));
  if (could_be_realtime && !may_be_realtime())
    return fail("in " + leaf + " the kernel refuses real-time priority, which counts for more");
  return own;
}

OwnCgroup::OwnCgroup(OwnCgroup&& other) noexcept : mount_(std::exchange(other.mount_, {})) {}

OwnCgroup::~OwnCgroup() {
  if (!mount_.empty()) leave(mount_);
}

}  // namespace hullwatch
