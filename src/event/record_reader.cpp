#include "event/record_reader.h"

#include <array>

#include "event/decode.h"

namespace hullwatch {
namespace {

// A ring hands out whole words, so a record may be followed by less than one word of padding.
constexpr size_t kMaxPadding = 7;

std::string number(size_t value) { return std::to_string(value); }

}  // namespace

Result<RecordReader> RecordReader::open(std::span<const std::byte> record) {
  if (record.size() < sizeof(hw_header))
    return fail("record of " + number(record.size()) + " bytes is shorter than its header of " + number(sizeof(hw_header)));
  hw_header header;
  std::memcpy(&header, record.data(), sizeof(header));
  const RecordReader reader(header, record);
  if (header.kind == HW_KIND_NONE || header.kind >= HW_KIND_MAX)
    return reader.error("kind " + number(header.kind) + " is unknown");
  if (header.provider >= HW_PROVIDER_MAX) return reader.error("provider " + number(header.provider) + " is unknown");
  if (header.size < sizeof(hw_header) || header.size > record.size() || record.size() - header.size > kMaxPadding)
    return reader.error("its header says " + number(header.size) + " bytes");
  return RecordReader(header, record.first(header.size));
}

tl::unexpected<Error> RecordReader::error(std::string_view problem) const {
  return fail(std::string(kind_name(header_.kind)) + " record of " + number(bytes_.size()) + " bytes: " + std::string(problem));
}

tl::unexpected<Error> RecordReader::too_short(size_t wanted) const {
  return error("its fixed part needs " + number(wanted) + " bytes");
}

Status RecordReader::expect_no_tail() const {
  if (!tail_.empty()) return error(number(tail_.size()) + " bytes follow its fixed part");
  return {};
}

Result<std::string_view> RecordReader::bytes(hw_span span, size_t limit, std::string_view what) const {
  const size_t off = span.off;
  const size_t len = span.len;
  if (len == 0) return std::string_view{};
  if (off + len > tail_.size())
    return error(std::string(what) + " at " + number(off) + "+" + number(len) + " leaves the tail of " + number(tail_.size()) +
                 " bytes");
  if (len > limit) return error(std::string(what) + " of " + number(len) + " bytes exceeds " + number(limit));
  return std::string_view(reinterpret_cast<const char*>(tail_.data()) + off, len);
}

Result<std::string_view> RecordReader::text(hw_span span, size_t limit, std::string_view what) const {
  auto found = bytes(span, limit, what);
  if (!found) return found;
  return found->substr(0, found->find('\0'));
}

Status RecordReader::append_path(const hw_path& path, uint32_t limit, std::string_view what, std::string& out) const {
  if (path.count == 0) return {};
  if (path.count > limit)
    return error(std::string(what) + " has " + number(path.count) + " components, more than " + number(limit));
  const auto found = bytes(path.components, size_t{limit} * HW_STRING_MAX, what);
  if (!found) return tl::make_unexpected(found.error());

  std::array<std::string_view, HW_PATH_COMPONENTS> components;
  size_t begin = 0;
  for (uint32_t i = 0; i < path.count; ++i) {
    const size_t end = found->find('\0', begin);
    if (end == std::string_view::npos)
      return error(std::string(what) + " has " + number(i) + " whole components, not " + number(path.count));
    components[i] = found->substr(begin, end - begin);
    begin = end + 1;
  }

  if ((path.flags & HW_PATH_ANONYMOUS) != 0 && path.count == 1) {
    out.append(components[0]);
    return {};
  }
  const size_t start = out.size();
  if ((path.flags & HW_PATH_TRUNCATED) != 0) out.append(kTruncatedPathPrefix);
  for (size_t i = path.count; i-- > 0;) {
    if (components[i].empty() || components[i] == "/") continue;  // the name of a file system's own root
    if (out.size() == start || out.back() != '/') out.push_back('/');
    out.append(components[i]);
  }
  if (out.size() == start) out.push_back('/');
  return {};
}

}  // namespace hullwatch
