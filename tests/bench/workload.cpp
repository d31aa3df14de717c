// workload NAME [COUNT [BATCHES]]: one loop that a monitor may slow down; `workload list` names them with their default counts.
// After a tenth of a batch as warming up it prints, for each batch, "CPU_NS WALL_NS" of one operation: processor time of this
// process and of the children it waited for, and elapsed time. Whatever an operation needs is made before the clock starts. The
// same COUNT does the same work each time, so that it can be counted in instructions (tests/bench/icount). Static: runs in
// guests.

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <string>

namespace {

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "workload: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}
/// `result`, which is not negative; else the program ends.
int must(long result, const char* what) {
  if (result < 0) fail(what);
  return static_cast<int>(result);
}

char directory[] = "/tmp/workload.XXXXXX";
std::string program;  // what spawn executes
int listener = -1, left = -1, right = -1;
sockaddr_un address{};

void make_directory() {
  if (mkdtemp(directory) == nullptr) fail("mkdtemp");
}
void remove_directory() { rmdir(directory); }

void nothing() {}

void call_getpid(int) { syscall(SYS_getpid); }

void open_close(int) { close(must(open("/etc/passwd", O_RDONLY | O_CLOEXEC), "open /etc/passwd")); }

// The system calls themselves: libc's would tell other threads.
void setuid_same(int) { must(syscall(SYS_setresuid, -1, 0, -1), "setresuid"); }
void setuid_changes(int i) { must(syscall(SYS_setresuid, -1, i % 2 == 0 ? 1000 : 0, -1), "setresuid"); }

void make_mount_namespace() {
  make_directory();
  must(unshare(CLONE_NEWNS), "unshare");
  must(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "private mounts");
}
void bind_mount(int) {
  must(mount(directory, directory, nullptr, MS_BIND, nullptr), "mount");
  must(umount2(directory, MNT_DETACH), "umount");
}

void make_listener() {
  make_directory();
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", directory);
  listener = must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), "bind");
  must(listen(listener, 8), "listen");
}
void unix_connect(int) {
  const int client = must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), "connect");
  close(must(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept"));
  close(client);
}
void remove_listener() {
  unlink(address.sun_path);
  remove_directory();
}

void make_unix_pair() {
  int ends[2];
  must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  left = ends[0];
  right = ends[1];
}
void make_tcp_pair() {
  sockaddr_in loopback{};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(loopback);
  auto* name = reinterpret_cast<sockaddr*>(&loopback);
  const int server = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(bind(server, name, size), "bind");
  must(listen(server, 1), "listen");
  must(getsockname(server, name, &size), "getsockname");
  left = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(connect(left, name, size), "connect");
  right = must(accept4(server, nullptr, nullptr, SOCK_CLOEXEC), "accept");
  const int one = 1;
  for (const int end : {left, right}) must(setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), "TCP_NODELAY");
  close(server);
}
void round_trip(int) {
  char byte = 'x';
  if (write(left, &byte, 1) != 1 || read(right, &byte, 1) != 1 || write(right, &byte, 1) != 1 || read(left, &byte, 1) != 1)
    fail("round trip");
}

void reap(pid_t child) {
  int status = 0;
  must(waitpid(child, &status, 0), "waitpid");
  if (status != 0) fail("a child failed");
}
void fork_exit(int) {
  const pid_t child = must(fork(), "fork");
  if (child == 0) _exit(0);
  reap(child);
}
/// `nothing`, beside this program.
void find_program() {
  program = std::filesystem::read_symlink("/proc/self/exe").replace_filename("nothing");
  must(access(program.c_str(), X_OK), program.c_str());
}
void spawn(int) {
  char* words[] = {program.data(), nullptr};
  char* none[] = {nullptr};
  pid_t child = 0;
  if (posix_spawn(&child, program.c_str(), nullptr, nullptr, words, none) != 0) fail("posix_spawn");
  reap(child);
}

struct Workload {
  const char* name;
  int count;
  void (*prepare)();
  void (*once)(int);
  void (*clear)();
};
constexpr Workload kWorkloads[] = {
    {"getpid", 400'000, nothing, call_getpid, nothing},
    {"open_close", 60'000, nothing, open_close, nothing},
    {"unix_round_trip", 40'000, make_unix_pair, round_trip, nothing},
    {"tcp_round_trip", 10'000, make_tcp_pair, round_trip, nothing},
    {"unix_connect", 10'000, make_listener, unix_connect, remove_listener},
    {"setuid_same", 100'000, nothing, setuid_same, nothing},
    {"setuid", 60'000, nothing, setuid_changes, nothing},
    {"mount", 6'000, make_mount_namespace, bind_mount, remove_directory},
    {"fork", 2'000, nothing, fork_exit, nothing},
    {"spawn", 3'000, find_program, spawn, nothing},
};

int64_t ns(time_t seconds, long rest, long unit) { return static_cast<int64_t>(seconds) * 1'000'000'000 + rest * unit; }
int64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return ns(now.tv_sec, now.tv_nsec, 1);
}
int64_t cpu_ns() {
  rusage children{};
  getrusage(RUSAGE_CHILDREN, &children);
  return clock_ns(CLOCK_PROCESS_CPUTIME_ID) + ns(children.ru_utime.tv_sec, children.ru_utime.tv_usec, 1000) +
         ns(children.ru_stime.tv_sec, children.ru_stime.tv_usec, 1000);
}

void run(const Workload& workload, int count, int batches) {
  workload.prepare();
  for (int i = 0; i < count / 10; i++) workload.once(i);
  for (int batch = 0; batch < batches; batch++) {
    const int64_t cpu = cpu_ns(), wall = clock_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < count; i++) workload.once(i);
    const int64_t cpu_used = cpu_ns() - cpu, wall_used = clock_ns(CLOCK_MONOTONIC) - wall;
    std::printf("%.1f %.1f\n", static_cast<double>(cpu_used) / count, static_cast<double>(wall_used) / count);
    std::fflush(stdout);
  }
  workload.clear();
}

}  // namespace

int main(int argc, char** argv) {
  const char* name = argc > 1 ? argv[1] : "";
  if (std::strcmp(name, "list") == 0) {
    for (const Workload& workload : kWorkloads) std::printf("%s %d\n", workload.name, workload.count);
    return 0;
  }
  const auto number = [&](int word) { return argc > word ? static_cast<int>(std::strtol(argv[word], nullptr, 10)) : 0; };
  const int count = number(2), batches = number(3);
  for (const Workload& workload : kWorkloads) {
    if (std::strcmp(name, workload.name) != 0) continue;
    run(workload, count > 0 ? count : workload.count, batches > 0 ? batches : 1);
    return 0;
  }
  std::fprintf(stderr, "usage: workload NAME [COUNT [BATCHES]]; `workload list` tells which there are\n");
  return 2;
}
