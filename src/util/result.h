#pragma once
// Result<T>: a value, or an Error a caller can answer for. Errors say what was attempted, on what, and why; callers add what
// they were doing with context(). Programmer errors assert instead.

#include <string>
#include <string_view>
#include <system_error>
#include <tl/expected.hpp>

namespace hullwatch {

struct [[nodiscard]] Error {
  std::string message;

  /// "cannot open /x: Permission denied" for errno value `code`.
  static Error from_errno(std::string_view attempted, int code) {
    return {std::string(attempted) + ": " + std::generic_category().message(code)};
  }
  Error context(std::string_view doing) && { return {std::string(doing) + ": " + std::move(message)}; }
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(std::string message) { return tl::make_unexpected(Error{std::move(message)}); }
inline tl::unexpected<Error> fail(Error error) { return tl::make_unexpected(std::move(error)); }

}  // namespace hullwatch
