#include "log/log_tail.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace hullwatch {
namespace {

constexpr uint64_t kFirstWindow = 256 * 1024;

struct LastRecord {
  uint64_t last_seq;
  bool stop;
};

std::optional<LastRecord> parse(std::string_view line) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const auto seq = object.find("seq");
  if (seq == object.end() || !seq->is_number_unsigned()) return std::nullopt;
  const auto last = object.find("last_seq");  // records that stand for a row of numbers
  const uint64_t own = seq->get<uint64_t>();
  const uint64_t through = last != object.end() && last->is_number_unsigned() ? last->get<uint64_t>() : own;
  return LastRecord{std::max(own, through), object.value("type", nlohmann::json()) == "stop"};
}

Result<std::string> read_window(int fd, uint64_t from, uint64_t to) {
  std::string bytes(to - from, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(from + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(Error::from_errno("cannot read", errno));
    if (n == 0) return fail("cannot read: the file became shorter");
    done += static_cast<size_t>(n);
  }
  return bytes;
}

/// Within `bytes`, which begin at file offset `from`. Empty when no line that lies whole in them is a record.
std::optional<LogTail> last_record_in(std::string_view bytes, uint64_t from) {
  size_t end = bytes.rfind('\n');
  while (end != std::string_view::npos) {
    const size_t before = end == 0 ? std::string_view::npos : bytes.rfind('\n', end - 1);
    if (before == std::string_view::npos && from != 0) return std::nullopt;  // it may begin before the window
    const size_t begin = before == std::string_view::npos ? 0 : before + 1;
    if (const auto record = parse(bytes.substr(begin, end - begin)))
      return LogTail{from + end + 1, record->last_seq, record->stop};
    end = before;
  }
  return std::nullopt;
}

}  // namespace

Result<LogTail> read_log_tail(int fd, uint64_t size) {
  for (uint64_t window = kFirstWindow;; window *= 4) {
    const uint64_t from = size > window ? size - window : 0;
    auto bytes = read_window(fd, from, size);
    if (!bytes) return fail(std::move(bytes.error()));
    if (const auto found = last_record_in(*bytes, from)) return *found;
    if (from == 0) return LogTail{};
  }
}

}  // namespace hullwatch
