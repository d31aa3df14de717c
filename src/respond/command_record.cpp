#include "respond/command_record.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "util/json_writer.h"

namespace hullwatch {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kSuffix = ".json", kUnfinished = ".new";
constexpr std::array<const char*, 4> kMembers = {"response", "container", "process", "command"};

std::string directory_of(const std::string& state_dir) { return state_dir + "/orders"; }

Status make_directory(const std::string& path) {
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  if (failed) return fail("cannot make " + path + ": " + failed.message());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail(Error::from_errno("cannot make " + path, errno));
  return {};
}

/// Names of the records that wait. They begin with the time: sorted, the oldest comes first.
std::vector<std::string> waiting(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator it(directory, failed), end; !failed && it != end; it.increment(failed))
    if (std::string name = it->path().filename(); name.ends_with(kSuffix)) names.push_back(std::move(name));
  std::ranges::sort(names);
  return names;
}

Status write_whole(const Fd& fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(Error::from_errno("cannot write " + path, errno));
    text.remove_prefix(static_cast<size_t>(put));
  }
  if (::fsync(fd.get()) != 0) return fail(Error::from_errno("cannot sync " + path, errno));
  return {};
}

std::optional<std::string> read_whole(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  std::string text(CommandRecords::kBytesMax + 1, '\0');
  const ssize_t got = ::read(fd.get(), text.data(), text.size());
  if (got < 0 || static_cast<size_t>(got) > CommandRecords::kBytesMax) return {};
  text.resize(static_cast<size_t>(got));
  return text;
}

/// Only the members that such a record has, written anew: what a file says is not put into the log as it is.
std::optional<std::string> members_in(const std::string& text) {
  const auto record = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!record.is_object() || !record.contains("response") || !record.contains("command")) return {};
  nlohmann::ordered_json known;
  for (const char* name : kMembers) {
    if (!record.contains(name)) continue;
    if (!record[name].is_object()) return {};
    known[name] = record[name];
  }
  const std::string object = known.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return object.substr(1, object.size() - 2);
}

std::string unreadable(const std::string& path) {
  JsonWriter json;
  json.begin_object().key("response").begin_object().member("outcome", result_name(ResponseResult::failed));
  json.member("reason", "a file that is no record of a command").bytes_member("target", path).end_object().end_object();
  const std::string object = json.take();
  return object.substr(1, object.size() - 2);
}

}  // namespace

Commander Commander::self() {
  Commander self{.pid = static_cast<uint32_t>(::getpid()), .uid = ::getuid()};
  std::ifstream loginuid("/proc/self/loginuid");
  if (uint32_t id = 0; loginuid >> id) self.loginuid = id;
  return self;
}

Status leave_command_record(const std::string& state_dir, const ResponseOutcome& outcome, const Commander& by) {
  const std::string directory = directory_of(state_dir);
  if (auto made = make_directory(directory); !made) return made;
  if (waiting(directory).size() >= CommandRecords::kOrdersMax)
    return fail(std::to_string(CommandRecords::kOrdersMax) + " records wait in " + directory + " for hullwatch to take them");
  JsonWriter json;
  json.begin_object().raw_members(response_members(outcome)).key("command").begin_object();
  json.member("pid", by.pid).member("uid", by.uid);
  if (by.loginuid != UINT32_MAX) json.member("loginuid", by.loginuid);
  json.end_object().end_object();
  const std::string name = std::to_string(outcome.time_ns) + '-' + std::to_string(by.pid);
  const std::string path = directory + '/' + name, unfinished = path + std::string(kUnfinished);
  Status written;
  {
    const Fd fd(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return fail(Error::from_errno("cannot make " + unfinished, errno));
    written = write_whole(fd, json.take(), unfinished);
  }
  if (written && ::rename(unfinished.c_str(), (path + std::string(kSuffix)).c_str()) != 0)
    written = fail(Error::from_errno("cannot rename " + unfinished, errno));
  if (!written) ::unlink(unfinished.c_str());
  return written;
}

Result<CommandRecords> CommandRecords::open(const std::string& state_dir) {
  std::string directory = directory_of(state_dir);
  if (auto made = make_directory(directory); !made) return fail(std::move(made.error()));
  Fd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify || ::inotify_add_watch(inotify.get(), directory.c_str(), IN_MOVED_TO) < 0)
    return fail(Error::from_errno("cannot watch " + directory, errno));
  return CommandRecords(std::move(directory), std::move(inotify));
}

std::vector<std::string> CommandRecords::take() {
  std::array<char, 4096> told{};
  while (::read(inotify_.get(), told.data(), told.size()) > 0) {
  }
  std::vector<std::string> records;
  for (const std::string& name : waiting(directory_)) {
    const std::string path = directory_ + '/' + name;
    const auto text = read_whole(path);
    auto members = text ? members_in(*text) : std::nullopt;
    if (::unlink(path.c_str()) != 0) continue;  // it stays, and would be told again and again
    records.push_back(members ? std::move(*members) : unreadable(path));
  }
  return records;
}

}  // namespace hullwatch
