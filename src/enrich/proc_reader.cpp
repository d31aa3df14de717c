#include "enrich/proc_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#include "util/fd.h"
#include "util/process_directory.h"

namespace hullwatch {
namespace {

constexpr size_t kStatMax = 4096;
constexpr size_t kCgroupsMax = 64UL << 10;  // a path of 4 KiB in each of a dozen hierarchies
constexpr std::string_view kDeleted = " (deleted)";

// At most `limit` bytes of a file of /proc.
Result<std::string> read_file(const std::string& path, size_t limit) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail(Error::from_errno("cannot open " + path, errno));
  std::string text(limit, '\0');
  size_t size = 0;
  while (size < limit) {
    const ssize_t got = ::read(file.get(), text.data() + size, limit - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Error::from_errno("cannot read " + path, errno));
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return text;
}

std::string read_link(const std::string& path) {
  char target[4096];
  const ssize_t size = ::readlink(path.c_str(), target, sizeof(target));
  return size > 0 ? std::string(target, static_cast<size_t>(size)) : std::string{};
}

// A member of stat. The comm, member 2, may hold spaces and brackets, so counting starts behind the last ')'.
Result<uint64_t> stat_member(const std::string& path, std::string_view stat, int wanted, const char* what) {
  size_t at = stat.rfind(')');
  for (int member = 2; member < wanted && at != std::string_view::npos; ++member) at = stat.find(' ', at + 1);
  uint64_t value = 0;
  if (at == std::string_view::npos || std::from_chars(stat.data() + at + 1, stat.data() + stat.size(), value).ec != std::errc{})
    return fail(path + ": no " + what);
  return value;
}

constexpr int kParentMember = 4, kStartMember = 22;

uint64_t ticks_of(uint64_t start_ns) {
  const auto per_second = static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
  return start_ns / (1'000'000'000U / per_second);
}

}  // namespace

ProcReader::ProcReader(std::string proc_root) : root_(std::move(proc_root)) {}

Result<ProcDetails> ProcReader::read(uint32_t pid) const {
  std::string directory = root_ + '/' + std::to_string(pid) + '/';
  const auto stat = read_file(directory + "stat", kStatMax);
  if (!stat) return fail(stat.error());
  const auto ticks = stat_member(directory + "stat", *stat, kStartMember, "start time");
  if (!ticks) return fail(ticks.error());

  ProcDetails details;
  details.start_ticks = *ticks;
  if (auto comm = read_file(directory + "comm", 64)) details.comm = comm->substr(0, comm->find('\n'));
  directory = process_directory(pid, root_) + '/';
  // One byte more than is kept tells whether it was all.
  if (auto args = read_file(directory + "cmdline", HW_ARGS_MAX + 1)) {
    details.args_truncated = args->size() > HW_ARGS_MAX;
    if (details.args_truncated) args->resize(HW_ARGS_MAX);
    if (args->ends_with('\0')) args->pop_back();
    details.args = std::move(*args);
  }
  details.exe_path = read_link(directory + "exe");
  if (details.exe_path.ends_with(kDeleted)) {
    details.exe_path.resize(details.exe_path.size() - kDeleted.size());
    details.exe_deleted = true;
  }
  details.cwd = read_link(directory + "cwd");
  return details;
}

Result<ProcStat> ProcReader::stat(uint32_t pid) const {
  const std::string path = root_ + '/' + std::to_string(pid) + "/stat";
  const auto text = read_file(path, kStatMax);
  if (!text) return fail(text.error());
  const auto parent = stat_member(path, *text, kParentMember, "parent");
  if (!parent) return fail(parent.error());
  const auto ticks = stat_member(path, *text, kStartMember, "start time");
  if (!ticks) return fail(ticks.error());
  return ProcStat{.parent = static_cast<uint32_t>(*parent), .start_ticks = *ticks};
}

// Lines "4:memory,hugetlb:/docker/…"; the unified hierarchy's is "0::/…".
std::string ProcReader::cgroup(uint32_t pid, std::string_view controller) const {
  const auto text = read_file(process_directory(pid, root_) + "/cgroup", kCgroupsMax);
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const size_t first = line.find(':'), second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string listed = ',' + std::string(line.substr(first + 1, second - first - 1)) + ',';
    if (listed.find(',' + std::string(controller) + ',') != listed.npos) return std::string(line.substr(second + 1));
  }
  return {};
}

bool same_start(uint64_t start_ns, uint64_t start_ticks) {
  const uint64_t ticks = ticks_of(start_ns);
  return (ticks > start_ticks ? ticks - start_ticks : start_ticks - ticks) <= 1;
}

Process process_from_snapshot(const hw_task& task, const ProcDetails& details) {
  Process process;
  process.key = task.h.process;
  process.creator = task.h.creator;
  process.parent = task.parent;
  process.home = task.h.home;
  process.started_ns = task.h.process.start_ns;
  process.ns_pid = task.ns_pid;
  process.sid = task.sid;
  process.pgid = task.pgid;
  process.tty = task.tty;
  process.loginuid = task.h.loginuid;
  process.cred = task.cred;
  process.cred_known = true;
  process.exe_flags = task.exe_flags;
  process.exe_ino = task.h.exe_ino;
  process.exe_dev = task.h.exe_dev;
  process.no_new_privs = task.no_new_privs != 0;
  process.seccomp = static_cast<uint8_t>(task.seccomp);
  process.comm.assign(task.h.comm, strnlen(task.h.comm, HW_COMM_LEN));

  if (!same_start(task.h.process.start_ns, details.start_ticks)) return process;
  process.exe_path = details.exe_path;
  process.cwd = details.cwd;
  process.args = details.args;
  process.args_truncated = details.args_truncated;
  process.args_total = static_cast<uint32_t>(details.args.size());
  return process;
}

}  // namespace hullwatch
