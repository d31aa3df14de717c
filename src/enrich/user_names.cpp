#include "enrich/user_names.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "util/fd.h"

namespace hullwatch {
namespace {

constexpr size_t kMaxFileBytes = 4U << 20;  // more than that is no local user database

std::string read_bounded(int fd) {
  std::string text;
  char buffer[16384];
  while (text.size() < kMaxFileBytes) {
    const ssize_t got = ::read(fd, buffer, sizeof(buffer));
    if (got <= 0) break;
    text.append(buffer, static_cast<size_t>(got));
  }
  return text;
}

// "name:password:id:…": passwd and group agree on the first three members.
void parse_line(std::string_view line, std::unordered_map<uint32_t, std::string>& names) {
  const size_t first = line.find(':');
  const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
  if (second == std::string_view::npos || first == 0) return;
  const auto digits = line.substr(second + 1, line.find(':', second + 1) - second - 1);
  uint32_t id = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (error != std::errc{} || end != digits.data() + digits.size()) return;
  names.try_emplace(id, line.substr(0, first));  // the first name of an id wins, as in getpwuid(3)
}

std::string under(const std::string& root, const char* path) { return root.ends_with('/') ? root + path : root + '/' + path; }

}  // namespace

UserNames::UserNames(const std::string& root)
    : passwd_{.path = under(root, "etc/passwd")}, group_{.path = under(root, "etc/group")} {
  refresh();
}

void UserNames::refresh() {
  passwd_.refresh();
  group_.refresh();
}

void UserNames::Source::refresh() {
  struct stat now {};
  if (::stat(path.c_str(), &now) != 0) {
    names.clear();
    mtime_ns = -1;
    return;
  }
  const int64_t changed = int64_t{now.st_mtim.tv_sec} * 1'000'000'000 + now.st_mtim.tv_nsec;
  if (changed == mtime_ns && now.st_ino == inode && static_cast<uint64_t>(now.st_size) == size) return;
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return;
  names.clear();
  const std::string text = read_bounded(file.get());
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    parse_line(std::string_view(text).substr(begin, end - begin), names);
    begin = end + 1;
  }
  mtime_ns = changed;
  inode = now.st_ino;
  size = static_cast<uint64_t>(now.st_size);
}

std::string_view UserNames::user(uint32_t uid) const {
  const auto found = passwd_.names.find(uid);
  return found == passwd_.names.end() ? std::string_view{} : std::string_view(found->second);
}

std::string_view UserNames::group(uint32_t gid) const {
  const auto found = group_.names.find(gid);
  return found == group_.names.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace hullwatch
