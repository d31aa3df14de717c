// alert_times: stamps each line of its standard input, an alert, with the moment it was read: {"at_ns":…,"alert":LINE}, at_ns
// of CLOCK_BOOTTIME as an alert's boot_ns. Asks for real-time priority, so that a storm delays what is measured, not the
// measuring.

#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string>

int main() {
  const sched_param priority{.sched_priority = 20};
  if (sched_setscheduler(0, SCHED_RR, &priority) != 0) std::fprintf(stderr, "alert_times: no real-time priority to be had\n");
  std::string text;
  char buffer[65536];
  for (ssize_t got = 0; (got = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0;) {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    const uint64_t at_ns = static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
    text.append(buffer, static_cast<size_t>(got));
    size_t begin = 0;
    for (size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      std::printf("{\"at_ns\":%" PRIu64 ",\"alert\":%.*s}\n", at_ns, static_cast<int>(end - begin), text.data() + begin);
    text.erase(0, begin);
    std::fflush(stdout);
  }
  return 0;
}
