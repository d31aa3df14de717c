// fork_bomb SECONDS: every process forks without end, and ends when the time is over. Only for a cgroup with pids.max: the
// caller sees to that.
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

int main(int argc, char** argv) {
  const long end = now_s() + (argc > 1 ? atol(argv[1]) : 5);
  while (now_s() < end) {
    if (fork() < 0) usleep(1000);
  }
  while (wait(NULL) > 0) {
  }
  return 0;
}
