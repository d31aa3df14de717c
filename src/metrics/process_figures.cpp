#include "metrics/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace hullwatch {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Fields of /proc/self/stat from the third on; the second, in brackets, may hold anything.
std::vector<std::string> stat_fields(const std::string& proc) {
  const std::string stat = read_file(proc + "/self/stat");
  const size_t bracket = stat.rfind(')');
  std::istringstream words(bracket == std::string::npos ? "" : stat.substr(bracket + 1));
  return {std::istream_iterator<std::string>(words), {}};
}

double boot_time(const std::string& proc) {
  std::istringstream lines(read_file(proc + "/stat"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

}  // namespace

ProcessFigures read_process_figures(const std::string& proc) {
  ProcessFigures figures;
  const auto fields = stat_fields(proc);
  constexpr size_t kUser = 11, kSystem = 12, kThreads = 17, kStart = 19, kVirtual = 20, kResident = 21;  // proc(5), less 3
  if (fields.size() > kResident) {
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    figures.cpu_seconds = (std::stod(fields[kUser]) + std::stod(fields[kSystem])) / ticks;
    figures.start_time_seconds = boot_time(proc) + std::stod(fields[kStart]) / ticks;
    figures.threads = std::stoull(fields[kThreads]);
    figures.virtual_bytes = std::stoull(fields[kVirtual]);
    figures.resident_bytes = std::stoull(fields[kResident]) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  std::error_code error;
  for (std::filesystem::directory_iterator it(proc + "/self/fd", error), end; !error && it != end; it.increment(error)) {
    ++figures.open_fds;
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_fds = limit.rlim_cur;
  return figures;
}

}  // namespace hullwatch
