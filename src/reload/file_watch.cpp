#include "reload/file_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace hullwatch {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kEvents =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::string_view kSwappedLink = "..data";  // what the kubelet renames to change a mounted ConfigMap

bool is_rule_file(std::string_view name) { return name.ends_with(".yaml") || name.ends_with(".yml"); }

/// A plain file that was just made is written yet: its end of writing tells. Links and directories are whole at once.
bool whole_when_made(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1;
}

}  // namespace

Result<FileWatch> FileWatch::open() {
  Fd fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return fail(Error::from_errno("cannot watch rule files", errno));
  return FileWatch(std::move(fd));
}

Status FileWatch::add(const std::string& directory, bool rule_files, const std::string& name) {
  const int watch = inotify_add_watch(inotify_.get(), directory.c_str(), kEvents);
  if (watch < 0) return fail(Error::from_errno("cannot watch " + directory, errno));
  Directory& entry = directories_[watch];
  entry.path = directory;
  entry.rule_files = entry.rule_files || rule_files;
  if (!name.empty()) entry.names.insert(name);
  return {};
}

std::vector<std::string> FileWatch::watch(const std::vector<std::string>& paths) {
  // Watches that stay keep their descriptors, and with them what has happened meanwhile.
  const auto before = std::exchange(directories_, {});
  std::vector<std::string> refused;
  const auto note = [&refused](const Status& done) {
    if (!done) refused.push_back(done.error().message);
  };
  for (const auto& path : paths) {
    std::error_code error;
    fs::path whole = fs::absolute(path, error).lexically_normal();
    if (!whole.has_filename()) whole = whole.parent_path();
    note(add(whole.parent_path().string(), false, whole.filename().string()));
    if (fs::is_directory(whole, error)) {
      note(add(whole.string(), true, {}));
    } else if (const fs::path target = fs::canonical(whole, error); !error && target != whole) {
      note(add(target.parent_path().string(), false, target.filename().string()));
    }
  }
  for (const auto& [watch, directory] : before)
    if (!directories_.contains(watch)) inotify_rm_watch(inotify_.get(), watch);
  return refused;
}

bool FileWatch::take() {
  bool changed = false;
  alignas(inotify_event) std::array<char, 16 * 1024> buffer{};
  for (;;) {
    const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size <= 0) return changed;
    for (size_t at = 0; at + sizeof(inotify_event) <= static_cast<size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      const char* text = buffer.data() + at + sizeof(event);
      at += sizeof(event) + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        changed = true;
        continue;
      }
      const auto directory = directories_.find(event.wd);
      if (directory == directories_.end()) continue;
      if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) changed = true;
      if (event.len == 0) continue;
      const std::string name(text, strnlen(text, event.len));
      const Directory& in = directory->second;
      if (!(in.rule_files && is_rule_file(name)) && !in.names.contains(name) && name != kSwappedLink) continue;
      if ((event.mask & IN_CREATE) != 0 && !whole_when_made(in.path + "/" + name)) continue;
      changed = true;
    }
  }
}

}  // namespace hullwatch
