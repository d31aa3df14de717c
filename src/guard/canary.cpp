#include "guard/canary.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <random>
#include <utility>

#include "util/local_socket.h"

namespace hullwatch {
namespace {

constexpr uid_t kNobody = 65534;
constexpr int kNotExecuted = 113;  // exit status; a busybox, called by a name it has not, ends with 127

constexpr std::array<std::pair<std::string_view, uint32_t>, 7> kClasses = {{{"process", HW_EXEC},
                                                                            {"credential", HW_CREDENTIAL},
                                                                            {"mount", HW_MOUNT},
                                                                            {"namespace", HW_NAMESPACE},
                                                                            {"cgroup", HW_CGROUP},
                                                                            {"capability", HW_CAPABILITY},
                                                                            {"runtime_socket", HW_SOCKET}}};

constexpr uint32_t bit_of(uint32_t kind) {
  for (size_t i = 0; i < kClasses.size(); ++i)
    if (kClasses[i].second == kind) return 1U << i;
  return 0;
}

/// hullwatch-canary beside this program; empty: it cannot be told where that is.
std::string own_program() {
  std::error_code failed;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", failed);
  return failed ? std::string() : (self.parent_path() / "hullwatch-canary").string();
}

}  // namespace

CanaryActor::CanaryActor(const std::string& cgroup_root) : program_(own_program()) {
  if (!cgroup_root.empty()) cgroup_ = cgroup_root + "/hullwatch-canary-" + std::to_string(getpid());
  socket_ =
      "hullwatch-canary-" + std::to_string(getpid()) + '-' + std::to_string(std::random_device{}());  // nobody is there before
}

uint32_t CanaryActor::act() const {
  static volatile uint32_t could;  // the vfork child writes it, too
  could = 0;
  // refused for its source, after privileges were checked
  if (mount("/nonexistent-hullwatch-canary", "/", nullptr, MS_BIND, nullptr) != 0 && errno == ENOENT)
    could = could | bit_of(HW_MOUNT);
  if (!cgroup_.empty() && mkdir(cgroup_.c_str(), 0755) == 0 && rmdir(cgroup_.c_str()) == 0) could = could | bit_of(HW_CGROUP);
  // a new listener under a known name is one that nobody has classified
  if (connect_to_oneself(socket_)) could = could | bit_of(HW_SOCKET);
  // vfork: no page table is copied. posix_spawn can neither unshare nor change ids; the child makes system calls only, and what
  // it writes, a volatile, its parent is meant to read.
  // NOLINTBEGIN(clang-analyzer-security.insecureAPI.vfork,clang-analyzer-unix.Vfork)
  const pid_t child = vfork();
  if (child == 0) {
    static char name[] = "hullwatch-canary";
    static char* const argv[] = {name, nullptr};
    static char* const environment[] = {nullptr};
    if (unshare(CLONE_NEWUTS) == 0) could = could | bit_of(HW_NAMESPACE);
    // the raw call: libc would change all threads. It asks for CAP_SETUID
    if (syscall(SYS_setresuid, -1, kNobody, -1) == 0) could = could | bit_of(HW_CREDENTIAL) | bit_of(HW_CAPABILITY);
    // Ours costs an eighth of one that is linked dynamically; where it is not, or not for nobody to run, one that every node
    // has.
    execve(program_.c_str(), argv, environment);
    execve("/bin/true", argv, environment);
    _exit(kNotExecuted);
  }
  // NOLINTEND(clang-analyzer-security.insecureAPI.vfork,clang-analyzer-unix.Vfork)
  int status = kNotExecuted << 8;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) != kNotExecuted) could = could | bit_of(HW_EXEC);
  return could;
}

Canary::Canary(pid_t watchdog, const std::vector<std::string_view>& observations) : watchdog_(watchdog) {
  for (const auto& [name, kind] : kClasses)
    if (std::ranges::find(observations, name) != observations.end())
      classes_.push_back({.observation = name, .kind = kind, .bit = bit_of(kind)});
}

bool Canary::take(const hw_header& header, uint64_t acts_begun) {
  const auto dog = static_cast<uint32_t>(watchdog_);
  if (header.process.tgid != dog && header.creator.tgid != dog) return false;
  if (acts_begun != act_) {
    act_ = acts_begun;
    taken_ = 0;
  }
  if (++taken_ > kRecordsPerAct) return false;
  for (Class& one : classes_)
    if (one.kind == header.kind) one.seen_at = acts_begun;
  return true;
}

std::vector<Canary::Change> Canary::judge(uint64_t acts_done, uint32_t could, bool rings_empty, uint64_t now_ns) {
  std::vector<Change> changes;
  if (acts_done != done_) {
    done_ = acts_done;
    done_at_ns_ = now_ns;
    asked_ = false;
  }
  settled_ = now_ns - done_at_ns_ >= kSettleNs;
  doubts_ = false;
  for (Class& one : classes_) {
    if ((could & one.bit) == 0) continue;
    const uint64_t missed = acts_done - std::min(acts_done, one.seen_at);
    const bool silent = missed >= kPatienceBehind || (missed >= kPatience && ((rings_empty && settled_) || one.silent));
    doubts_ = doubts_ || (missed > 0 && rings_empty && !silent);
    if (silent == one.silent) continue;
    one.silent = silent;
    changes.push_back({.observation = one.observation, .silent = silent});
  }
  return changes;
}

bool Canary::wants_another() { return doubts_ && settled_ && !std::exchange(asked_, true); }

}  // namespace hullwatch
