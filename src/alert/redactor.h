#pragma once
// Takes secrets out of command lines and texts before anything is written. Immutable once made; any thread; time linear in
// the input (RE2), which is cut at kMaxInput. Applying it twice changes nothing more. When in doubt it redacts.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace hullwatch {

inline constexpr std::string_view kRedacted = "[redacted]";

class Redactor {
 public:
  static constexpr size_t kMaxInput = 64 * 1024;

  /// The built-in patterns, and `extra` ones (RE2): group 1, or the whole match, is replaced. Fails on a bad pattern.
  static Result<Redactor> create(const std::vector<std::string>& extra = {});
  Redactor(Redactor&&) noexcept;
  Redactor& operator=(Redactor&&) noexcept;
  ~Redactor();

  /// argv, NUL separated, in and out. Knows what text cannot: where a value ends ("--password" "two words").
  [[nodiscard]] std::string args(std::string_view argv) const;
  /// The values that args() would replace: for text(), which cannot see where they end.
  [[nodiscard]] std::vector<std::string> secrets_in(std::string_view argv) const;
  /// Any text: a rendered output, a request's path, mount data. `known`: secrets of the processes it speaks of.
  [[nodiscard]] std::string text(std::string_view text, const std::vector<std::string>& known = {}) const;

 private:
  struct Impl;
  explicit Redactor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hullwatch
