// syscall_loop: nanoseconds of one getpid(2), the best of nine loops. A system call that hullwatch does not observe.

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

int main() {
  constexpr int kCalls = 400'000;
  double best = 1e9;
  for (int round = 0; round < 9; round++) {
    timespec begin{}, end{};
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < kCalls; i++) syscall(SYS_getpid);
    clock_gettime(CLOCK_MONOTONIC, &end);
    const double ns = static_cast<double>(end.tv_sec - begin.tv_sec) * 1e9 + static_cast<double>(end.tv_nsec - begin.tv_nsec);
    best = std::min(best, ns / kCalls);
  }
  std::printf("%.1f\n", best);
  return 0;
}
