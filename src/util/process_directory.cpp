#include "util/process_directory.h"

#include <dirent.h>
#include <unistd.h>

#include <array>
#include <memory>

namespace hullwatch {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

/// A task gives its namespaces up as it ends.
bool lives(const std::string& task) {
  std::array<char, 64> target{};
  return ::readlink((task + "/ns/mnt").c_str(), target.data(), target.size()) > 0;
}

}  // namespace

std::string process_directory(uint32_t pid, const std::string& proc) {
  std::string process = proc + '/' + std::to_string(pid);
  if (lives(process)) return process;
  const std::string tasks = process + "/task";
  const std::unique_ptr<DIR, CloseDir> dir(::opendir(tasks.c_str()));
  if (!dir) return process;
  while (const dirent* entry = ::readdir(dir.get())) {
    std::string task = tasks + '/' + entry->d_name;
    if (entry->d_name[0] != '.' && lives(task)) return task;
  }
  return process;
}

}  // namespace hullwatch
