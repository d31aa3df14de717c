#include "guard/watchdog.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <new>

#include "guard/canary.h"
#include "util/fd.h"

namespace hullwatch {
namespace {

constexpr int kPeriodMs = 1500;  // a second act follows one that was not seen (Canary::doubts): told within two seconds
constexpr uint64_t kSilentNs = 10'000'000'000;  // a loop that did not turn for so long, though the daemon is not stopped

uint64_t clock_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(t.tv_nsec);
}

/// State letter of a process, 0 when it is gone.
char state_of(int stat_fd) {
  char text[512];
  const ssize_t got = pread(stat_fd, text, sizeof(text) - 1, 0);
  if (got <= 0) return 0;
  text[got] = '\0';
  const char* end = std::strrchr(text, ')');
  return end != nullptr && end[1] == ' ' ? end[2] : 0;
}

/// The child's whole life. Allocates nothing after its start.
class Watch {
 public:
  Watch(WatchdogPage& page, pid_t daemon, const EventFd& bell, const EventFd& acted, const std::string& state_dir,
        const std::string& cgroup_root)
      : page_(page), daemon_(daemon), bell_(bell), acted_(acted), actor_(cgroup_root) {
    notes_ = Fd(open((state_dir + "/watchdog.jsonl").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    stat_ = Fd(open(("/proc/" + std::to_string(daemon) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
    pidfd_ = Fd(static_cast<int>(syscall(SYS_pidfd_open, daemon, 0)));
  }

  void run() {
    while (true) {
      pollfd told[2] = {{.fd = pidfd_.get(), .events = POLLIN, .revents = 0},
                        {.fd = bell_.get(), .events = POLLIN, .revents = 0}};
      poll(told, 2, kPeriodMs);
      if (page_.leaving != 0) return;
      // a process whose end cannot be polled for (before 5.3) has another parent now
      if (told[0].revents != 0 || getppid() != daemon_)
        return note("ended", "the daemon ended without a word: killed, or it crashed");
      if (told[1].revents != 0) bell_.hush();
      look();
      if (page_.may_act != 0 && stopped_since_ == 0) act();
    }
  }

 private:
  void look() {
    const char state = state_of(stat_.get());
    const uint64_t now = clock_ns(CLOCK_BOOTTIME);
    const bool stopped = state == 'T' || state == 't';
    if (stopped && stopped_since_ == 0) {
      stopped_since_ = now;
      note("stopped", state == 't' ? "the daemon is stopped by a tracer" : "the daemon is stopped: SIGSTOP");
    } else if (!stopped && stopped_since_ != 0) {
      page_.stopped_ns = now - stopped_since_;
      ++page_.stops;
      stopped_since_ = 0;
      note("continued", "the daemon runs again");
    }
    const uint64_t beat = page_.beat_ns;
    const bool silent = !stopped && beat != 0 && now > beat + kSilentNs;
    if (silent != silent_)
      note(silent ? "silent" : "answers", silent ? "the daemon's loop does not turn" : "the daemon's loop turns again");
    silent_ = silent;
  }

  void act() {
    ++page_.acts_begun;
    page_.could |= actor_.act();
    ++page_.acts_done;
    acted_.ring();
  }

  void note(const char* what, const char* detail) const {
    char line[256];
    const int length =
        std::snprintf(line, sizeof(line),
                      "{\"schema\":\"hullwatch.watchdog/1\",\"time_ns\":%llu,\"pid\":%d,\"what\":\"%s\",\"detail\":\"%s\"}\n",
                      static_cast<unsigned long long>(clock_ns(CLOCK_REALTIME)), daemon_, what, detail);
    // nobody could be told of a failure here
    if (notes_) (void)!write(notes_.get(), line, static_cast<size_t>(length));
    dprintf(STDERR_FILENO, "hullwatch watchdog: %s (pid %d)\n", detail, daemon_);
  }

  WatchdogPage& page_;
  pid_t daemon_;
  const EventFd &bell_, &acted_;
  CanaryActor actor_;
  Fd notes_, stat_, pidfd_;
  uint64_t stopped_since_ = 0;
  bool silent_ = false;
};

}  // namespace

Result<std::unique_ptr<Watchdog>> Watchdog::start(const std::string& state_dir, const std::string& cgroup_root) {
  void* memory = mmap(nullptr, sizeof(WatchdogPage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail(Error::from_errno("cannot share a page with the watchdog", errno));
  std::unique_ptr<Watchdog> dog(new Watchdog());
  dog->page_ = new (memory) WatchdogPage;
  if (!dog->bell_ || !dog->acted_) return fail(Error::from_errno("cannot make the watchdog's eventfds", errno));
  const pid_t daemon = getpid();
  dog->pid_ = fork();
  if (dog->pid_ < 0) return fail(Error::from_errno("cannot start the watchdog", errno));
  if (dog->pid_ > 0) return dog;
  prctl(PR_SET_NAME, "hullwatch-watch");
  // Whoever ends the service tells the daemon, which tells us: the end must be judged, not shared.
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
  Watch(*dog->page_, daemon, dog->bell_, dog->acted_, state_dir, cgroup_root).run();
  _exit(0);
}

Watchdog::~Watchdog() {
  if (page_ == nullptr) return;
  page_->leaving = 1;
  if (pid_ > 0 && !gone_) {
    kill(pid_, SIGCONT);
    bell_.ring();
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  munmap(page_, sizeof(WatchdogPage));
}

bool Watchdog::lives() {
  if (!gone_ && waitpid(pid_, nullptr, WNOHANG) == pid_) gone_ = true;
  return !gone_;
}

std::optional<uint64_t> Watchdog::was_stopped() {
  const uint64_t stops = page_->stops;
  if (stops == stops_told_) return std::nullopt;
  stops_told_ = stops;
  return page_->stopped_ns.load();
}

}  // namespace hullwatch
