#pragma once
// Bounded access to one record's bytes: the only place that turns kernel bytes into structs. Private to src/event.
// Views point into the record.

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "hullwatch/wire.h"
#include "util/result.h"

namespace hullwatch {

class RecordReader {
 public:
  /// Checks the header against the bytes received.
  static Result<RecordReader> open(std::span<const std::byte> record);

  [[nodiscard]] const hw_header& header() const { return header_; }

  /// Copies the kind's fixed struct and takes what follows as its tail.
  template <typename T>
  Result<T> fixed() {
    static_assert(std::is_trivially_copyable_v<T>);
    if (bytes_.size() < sizeof(T)) return too_short(sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data(), sizeof(T));
    tail_ = bytes_.subspan(sizeof(T));
    return value;
  }
  /// For kinds without a tail.
  [[nodiscard]] Status expect_no_tail() const;
  /// The bytes a span names. `what` is for the error.
  Result<std::string_view> bytes(hw_span span, size_t limit, std::string_view what) const;
  /// The same up to the first NUL.
  Result<std::string_view> text(hw_span span, size_t limit, std::string_view what) const;
  /// Appends the path, root first, to `out`; nothing when it has no components. `limit`: most components.
  Status append_path(const hw_path& path, uint32_t limit, std::string_view what, std::string& out) const;
  /// "exec record of 300 bytes: <problem>".
  [[nodiscard]] tl::unexpected<Error> error(std::string_view problem) const;

 private:
  RecordReader(const hw_header& header, std::span<const std::byte> bytes) : header_(header), bytes_(bytes) {}
  [[nodiscard]] tl::unexpected<Error> too_short(size_t wanted) const;

  hw_header header_;
  std::span<const std::byte> bytes_;
  std::span<const std::byte> tail_;
};

}  // namespace hullwatch
