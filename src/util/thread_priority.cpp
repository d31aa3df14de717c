#include "util/thread_priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace hullwatch {
namespace {

constexpr int kLowestRealtime = 1;

bool set_realtime(bool realtime) {
  sched_param parameter{};
  parameter.sched_priority = realtime ? kLowestRealtime : 0;
  // 0 is the calling thread. What is forked, and every other thread, asks for itself.
  return sched_setscheduler(0, (realtime ? SCHED_RR : SCHED_OTHER) | SCHED_RESET_ON_FORK, &parameter) == 0;
}

uint64_t thread_cpu_ns() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(used.tv_nsec);
}

}  // namespace

GrantedPriority take_priority(const ThreadPriority& wanted) {
  GrantedPriority granted;
  const auto tid = static_cast<id_t>(syscall(SYS_gettid));
  if (wanted.nice != 0 && setpriority(PRIO_PROCESS, tid, wanted.nice) != 0)
    granted.refused = "nice " + std::to_string(wanted.nice) + ": " + std::strerror(errno);
  errno = 0;
  granted.nice = getpriority(PRIO_PROCESS, tid);
  if (!wanted.realtime) return granted;
  granted.realtime = set_realtime(true);
  if (!granted.realtime)
    granted.refused =
        std::string("real-time priority: ") + std::strerror(errno) + (granted.refused.empty() ? "" : "; " + granted.refused);
  return granted;
}

void RealtimeGovernor::tick(uint64_t now_ns) {
  if (!granted_) return;
  const uint64_t used = thread_cpu_ns();
  const bool first = ticked_ns_ == 0;
  const bool keep = first || may_keep(used - used_ns_, now_ns - ticked_ns_);
  ticked_ns_ = now_ns;
  used_ns_ = used;
  if (keep == realtime_) return;
  if (!set_realtime(keep)) return;
  realtime_ = keep;
  if (!keep) ++yields_;
}

}  // namespace hullwatch
