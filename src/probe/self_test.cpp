#include "probe/self_test.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "util/fd.h"
#include "util/local_socket.h"

namespace hullwatch {
namespace {

constexpr int kTries = 3;  // a kernel that preempts programs (7.0) skips a run of one now and then: no proof that it is silent
constexpr int kCouldNot = 113;  // exit status; that of a program which was executed says nothing

/// Runs `act` in a child, where it changes nobody else. False when there can be no child or it could not act.
bool in_child(const std::function<bool()>& act) {
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) _exit(act() ? 0 : kCouldNot);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) != kCouldNot;
}

bool act_process(const SelfTestOptions& options) {
  return in_child([&] {
    const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (null) {
      dup2(null.get(), STDOUT_FILENO);
      dup2(null.get(), STDERR_FILENO);
    }
    char* const argv[] = {const_cast<char*>(kSelfTestName), nullptr};
    execv(options.program.c_str(), argv);
    return false;
  });
}

/// The raw call: libc would change all threads, of which a child has one. The fork after it is where the lowest rung looks.
bool act_credential() {
  return in_child([] { return syscall(SYS_setresuid, -1, 65534, -1) == 0 && in_child([] { return true; }); });
}

/// Refused for its missing source, after privileges were checked.
bool act_mount() {
  return in_child(
      [] { return mount("/nonexistent-hullwatch-self-test", "/", nullptr, MS_BIND, nullptr) != 0 && errno == ENOENT; });
}

bool act_namespace() {
  return in_child([] { return unshare(CLONE_NEWUTS) == 0; });
}

/// A name of the child's own, given by file.
bool act_setting() {
  return in_child([] {
    if (unshare(CLONE_NEWUTS) != 0) return false;
    const Fd name(open("/proc/sys/kernel/hostname", O_WRONLY | O_CLOEXEC));
    return name && write(name.get(), "hullwatch", 9) == 9;
  });
}

bool act_cgroup(const SelfTestOptions& options) {
  if (options.cgroup_root.empty()) return false;
  const std::string path = options.cgroup_root + "/hullwatch-self-test-" + std::to_string(getpid());
  return mkdir(path.c_str(), 0755) == 0 && rmdir(path.c_str()) == 0;
}

bool act_socket() { return connect_to_oneself(kSelfTestName + ("-" + std::to_string(getpid()))); }

/// What to do to be seen; false: it could not be done here, which proves nothing. Capability use is recorded for containers
/// only, so it has no act of its own.
bool act(std::string_view observation, const SelfTestOptions& options) {
  if (observation == "process") return act_process(options);
  if (observation == "credential") return act_credential();
  if (observation == "mount") return act_mount();
  if (observation == "namespace") return act_namespace();
  if (observation == "kernel_setting") return act_setting();
  if (observation == "cgroup") return act_cgroup(options);
  if (observation == "runtime_socket") return act_socket();
  return false;
}

uint64_t seen(const BpfObject& object, const Observation& observation) {
  const KindCounts counts = object.counts();
  uint64_t sum = 0;
  for (hw_kind kind : observation.kinds) sum += counts[kind].submitted + counts[kind].lost;
  return sum;
}

/// LSM programs that only check, and so send nothing: a child's exec, which "process" has acted, must have run one of them.
bool checks_are_silent(const BpfObject& object, const Ladder& ladder, std::string_view observation) {
  return observation == "credential" && ladder.uses("lsm_use_exec") && !object.lsm_fired();
}

}  // namespace

std::vector<std::string_view> silent_observations(const BpfObject& object, const Ladder& ladder,
                                                  const SelfTestOptions& options) {
  std::vector<std::string_view> silent;
  for (const Rung& rung : ladder.rungs()) {
    if (rung.provider == nullptr) continue;
    const std::string_view name = rung.observation->name;
    const uint64_t before = seen(object, *rung.observation);
    const auto is_silent = [&] {
      return act(name, options) && (seen(object, *rung.observation) == before || checks_are_silent(object, ladder, name));
    };
    int tries = 0;
    while (tries < kTries && is_silent()) ++tries;
    if (tries == kTries) silent.push_back(name);
  }
  return silent;
}

}  // namespace hullwatch
