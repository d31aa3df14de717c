// exec_latency HULLWATCH RULES COUNT [ARGUMENT…]: how long from execve(2) to the alert's line on the daemon's standard output,
// on an otherwise idle machine. Starts the daemon itself, makes COUNT processes one after another, each with a mark in its
// arguments that bench.yaml alerts on, and waits for each line before the next. Prints start_to_first_alert_ms and the
// percentiles in milliseconds as "name value" lines. One thread.

#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

/// The daemon, with its standard output on a pipe of ours. Ended by pid when this goes.
class Daemon {
 public:
  explicit Daemon(std::vector<std::string> words) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    if (posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    out_ = ends[0];
  }
  ~Daemon() {
    close(out_);
    if (pid_ > 0) {
      kill(pid_, SIGTERM);
      waitpid(pid_, nullptr, 0);
    }
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Time at which a line that holds `mark` had been read; 0 when `limit_ms` passed or the daemon ended.
  int64_t wait_for(const std::string& mark, int limit_ms) {
    const int64_t end = now_ns() + limit_ms * 1'000'000LL;
    while (true) {
      for (size_t newline; (newline = text_.find('\n')) != std::string::npos; text_.erase(0, newline + 1)) {
        if (text_.find(mark) < newline) {
          const int64_t seen = now_ns();
          text_.erase(0, newline + 1);
          return seen;
        }
      }
      const auto left = static_cast<int>((end - now_ns()) / 1'000'000);
      pollfd ready{out_, POLLIN, 0};
      if (left <= 0 || poll(&ready, 1, left) <= 0) return 0;
      char buffer[65536];
      const ssize_t got = read(out_, buffer, sizeof(buffer));
      if (got <= 0) return 0;
      text_.append(buffer, static_cast<size_t>(got));
    }
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::string text_;
};

/// Executes /bin/true with the mark; returns the time just before execve.
int64_t exec_marked(const std::string& mark, volatile int64_t* shared) {
  *shared = 0;
  const pid_t child = fork();
  if (child == 0) {
    *shared = now_ns();
    execl("/bin/true", "true", mark.c_str(), nullptr);
    _exit(127);
  }
  waitpid(child, nullptr, 0);
  return *shared;
}

/// A hundred execs a second: a node that is idle, not one that starts a program after another.
constexpr timespec kBetween{0, 10'000'000};

double percentile(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: exec_latency HULLWATCH RULES COUNT [ARGUMENT...]\n");
    return 2;
  }
  std::vector<std::string> words = {argv[1], "run", "--rules", argv[2]};
  for (int i = 4; i < argc; i++) words.emplace_back(argv[i]);
  auto* shared = static_cast<int64_t*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (shared == MAP_FAILED) return 1;

  const int64_t started = now_ns();
  Daemon daemon(words);
  int64_t first = 0;
  for (int attempt = 0; attempt < 200 && first == 0; attempt++) {
    const std::string mark = "hullwatch-bench-first-" + std::to_string(attempt) + "-";
    exec_marked(mark, shared);
    first = daemon.wait_for(mark, 50);
  }
  if (first == 0) {
    std::fprintf(stderr, "exec_latency: no alert within 10 s of the start\n");
    return 1;
  }

  std::vector<double> times;
  const int64_t count = std::strtoll(argv[3], nullptr, 10);
  for (int64_t i = 0; i < count; i++) {
    const std::string mark = "hullwatch-bench-" + std::to_string(i) + "-";
    const int64_t executed = exec_marked(mark, shared);
    const int64_t seen = daemon.wait_for(mark, 2000);
    if (seen == 0) {
      std::fprintf(stderr, "exec_latency: no alert for process %lld\n", static_cast<long long>(i));
      return 1;
    }
    times.push_back(static_cast<double>(seen - executed) / 1e6);
    nanosleep(&kBetween, nullptr);
  }
  std::sort(times.begin(), times.end());
  std::printf("start_to_first_alert_ms %.1f\nexec_to_line_p50_ms %.3f\nexec_to_line_p99_ms %.3f\nexec_to_line_max_ms %.3f\n",
              static_cast<double>(first - started) / 1e6, percentile(times, 0.50), percentile(times, 0.99), times.back());
  return 0;
}
