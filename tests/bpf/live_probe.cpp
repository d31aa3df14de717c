#include "live_probe.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "probe/task_snapshot.h"

namespace hullwatch::test {
namespace {

/// The reliefs only where the kernel needs them (probe/object_fit.h).
constexpr std::array<std::string_view, 10> kPrograms = {
    "process_fork",        "process_exec", "process_exit", "process_fork_relief", "process_exec_relief",
    "process_exit_relief", "cgroup_mkdir", "cgroup_rmdir", "cgroup_attach",       "snapshot_tasks"};

void write_all(const std::filesystem::path& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  if (!done) throw std::runtime_error("cannot write " + text + " to " + path.string());
}

}  // namespace

std::filesystem::path TestCgroup::root() {
  for (const char* path : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
    if (std::filesystem::exists(std::string(path) + "/cgroup.controllers")) return path;
  if (std::filesystem::exists("/sys/fs/cgroup/pids/cgroup.procs")) return "/sys/fs/cgroup/pids";  // v1 alone
  throw std::runtime_error("no cgroup hierarchy is mounted");
}

TestCgroup::TestCgroup(const std::string& name, const TestCgroup* parent) : path_((parent ? parent->path() : root()) / name) {
  std::filesystem::create_directory(path_);
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) throw std::runtime_error("cannot stat " + path_.string());
  id_ = info.st_ino;
}

TestCgroup::~TestCgroup() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void TestCgroup::add(pid_t pid) const { write_all(path_ / "cgroup.procs", std::to_string(pid)); }

std::string container_name() {
  static unsigned count = 0;
  std::array<char, 65> name{};
  std::snprintf(name.data(), name.size(), "%032x%032x", static_cast<unsigned>(::getpid()), ++count);
  return name.data();
}

Child::Child(const std::function<int()>& what) : pid_(::fork()) {
  if (pid_ != 0) return;
  int code = 99;
  try {
    code = what();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  ::_exit(code);
}

Child::~Child() { wait(); }

int Child::wait() {
  if (!status_) {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    status_ = status;
  }
  return *status_;
}

std::unique_ptr<Child> run_in(const TestCgroup& cgroup, const std::function<int()>& what) {
  Gate gate;
  auto child = std::make_unique<Child>([&] {
    gate.pass();
    return what();
  });
  cgroup.add(child->pid());
  gate.open();
  return child;
}

std::unique_ptr<Child> without_leader(const std::function<int()>& what) {
  Gate gone;
  auto child = std::make_unique<Child>([&]() -> int {
    std::thread([&] {
      std::string state;
      while (state.find(") Z") == std::string::npos) {
        std::array<char, 128> text{};
        const int fd = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
        [[maybe_unused]] const auto got = ::read(fd, text.data(), text.size() - 1);
        ::close(fd);
        state = text.data();
      }
      gone.open();
      ::_exit(what());
    }).detach();
    ::syscall(SYS_exit, 0);
    return 97;
  });
  gone.pass();
  return child;
}

Gate::Gate() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  read_ = ends[0];
  write_ = ends[1];
}

void Gate::open() const { [[maybe_unused]] const auto written = ::write(write_, "x", 1); }

void Gate::pass() const {
  char x = 0;
  [[maybe_unused]] const auto got = ::read(read_, &x, 1);
}

uint64_t LiveProbe::received(uint64_t home, hw_kind kind) const {
  return static_cast<uint64_t>(
      std::ranges::count_if(records_, [&](const LiveRecord& r) { return r.header().kind == kind && r.header().home == home; }));
}

LiveProbe::LiveProbe(const BpfKnobs& knobs, bool attach_now) {
  BpfKnobs fitted = knobs;
  if (!std::filesystem::exists(TestCgroup::root() / "cgroup.controllers")) fitted.hierarchy = BpfKnobs::Hierarchy::v1_pids;
  auto object = BpfObject::load(fitted, kPrograms);
  if (!object) throw std::runtime_error(object.error().message);
  for (const auto& failure : object->failures()) throw std::runtime_error(failure.program + ": " + failure.reason);
  object_.emplace(std::move(*object));
  auto rings = RingReader::start(object_->map_fd("critical"), object_->map_fd("bulk"), 1U << 20,
                                 [this](std::span<const std::byte> record, bool) { records_.emplace_back(record); });
  if (!rings) throw std::runtime_error(rings.error().message);
  rings_ = std::move(*rings);
  if (!attach_now) return;
  attach();
  if (auto tasks = take_task_snapshot(*object_); !tasks) throw std::runtime_error(tasks.error().message);
}

void LiveProbe::attach() {
  for (const auto program : kPrograms)
    if (program != "snapshot_tasks" && object_->is_loaded(program))
      if (auto attached = object_->attach(program); !attached) throw std::runtime_error(attached.error().message);
}

std::optional<LiveRecord> LiveProbe::find(const std::function<bool(const LiveRecord&)>& fits) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  for (size_t seen = 0; std::chrono::steady_clock::now() < end;) {
    for (; seen < records_.size(); ++seen)
      if (fits(records_[seen])) return records_[seen];
    if (!rings_->poll(std::chrono::milliseconds(100))) throw std::runtime_error("the rings cannot be read");
  }
  return std::nullopt;
}

std::optional<LiveRecord> LiveProbe::exec_of(pid_t pid, uint32_t execs) {
  return find<hw_exec>(
      HW_EXEC, [&](const hw_exec& r) { return r.h.process.tgid == static_cast<uint32_t>(pid) && r.h.process.execs == execs; });
}

std::optional<LiveRecord> LiveProbe::exit_of(pid_t pid) {
  return find<hw_exit>(HW_EXIT, [&](const hw_exit& r) { return r.h.process.tgid == static_cast<uint32_t>(pid); });
}

std::optional<LiveRecord> LiveProbe::fork_of(pid_t child) {
  return find<hw_fork>(HW_FORK, [&](const hw_fork& r) { return r.child.tgid == static_cast<uint32_t>(child); });
}

void LiveProbe::drain() {
  const auto submitted = object_->counts();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  const auto all_here = [&] {
    const auto received = rings_->received();
    for (size_t kind = 0; kind < HW_KIND_MAX; ++kind)
      if (received[kind] < submitted[kind].submitted) return false;
    return true;
  };
  while (!all_here() && std::chrono::steady_clock::now() < end)
    if (!rings_->poll(std::chrono::milliseconds(10))) throw std::runtime_error("the rings cannot be read");
}

}  // namespace hullwatch::test
