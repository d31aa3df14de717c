#include <fnmatch.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "rules/matcher.h"
#include "rules/path_prefixes.h"
#include "rules/transformers.h"
#include "util/utf8.h"

namespace hullwatch::rules {
namespace {

using enum Operator;

char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// `needle` is already lower case.
bool contains_folded(std::string_view text, std::string_view needle) {
  if (needle.empty()) return true;
  if (needle.size() > text.size()) return false;
  const std::string_view starts = text.substr(0, text.size() - needle.size() + 1);
  const char lower = needle[0], upper = lower >= 'a' && lower <= 'z' ? static_cast<char>(lower - 32) : lower;
  // Where the first letter stands, in either case, memchr finds far faster than a loop does.
  const auto next = [&starts](char c, size_t from) {
    return from < starts.size() ? starts.find(c, from) : std::string_view::npos;
  };
  size_t in_lower = next(lower, 0), in_upper = upper == lower ? std::string_view::npos : next(upper, 0);
  while (std::min(in_lower, in_upper) != std::string_view::npos) {
    size_t& nearest = in_lower < in_upper ? in_lower : in_upper;
    const char* at = text.data() + nearest;
    size_t i = 1;
    while (i < needle.size() && fold(at[i]) == needle[i]) ++i;
    if (i == needle.size()) return true;
    nearest = next(*at, nearest + 1);
  }
  return false;
}

/// Base of the matchers below: numbers and booleans never get here, so anything but text is no match.
class StringMatcher : public Matcher {
 public:
  [[nodiscard]] bool matches(const Value& value) const final {
    const auto* text = std::get_if<std::string_view>(&value);
    if (text != nullptr) return matches_text(*text);
    const auto* list = std::get_if<std::vector<std::string_view>>(&value);  // any ancestor
    return list != nullptr && std::ranges::any_of(*list, [this](std::string_view one) { return matches_text(one); });
  }

 protected:
  [[nodiscard]] virtual bool matches_text(std::string_view text) const = 0;
};

class Simple final : public StringMatcher {
 public:
  Simple(Operator op, std::string constant) : op_(op), constant_(std::move(constant)) {}
  bool append_exact(std::vector<std::string_view>& out) const override {
    if (op_ != equal) return false;
    out.push_back(constant_);
    return true;
  }

 private:
  [[nodiscard]] bool matches_text(std::string_view text) const override {
    return op_ == icontains ? contains_folded(text, constant_) : compare_strings(op_, text, constant_);
  }
  Operator op_;
  std::string constant_;
};

struct Hash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

class OneOfSet final : public StringMatcher {
 public:
  explicit OneOfSet(const std::vector<Constant>& constants) {
    for (const auto& constant : constants) {
      shortest_ = std::min(shortest_, constant.text.size());
      longest_ = std::max(longest_, constant.text.size());
      set_.insert(constant.text);
    }
  }
  bool append_exact(std::vector<std::string_view>& out) const override {
    out.insert(out.end(), set_.begin(), set_.end());
    return true;
  }

 private:
  [[nodiscard]] bool matches_text(std::string_view text) const override {
    return text.size() >= shortest_ && text.size() <= longest_ && set_.contains(text);
  }
  std::unordered_set<std::string, Hash, std::equal_to<>> set_;
  size_t shortest_ = SIZE_MAX, longest_ = 0;
};

class Glob final : public StringMatcher {
 public:
  Glob(std::string pattern, int flags) : pattern_(std::move(pattern)), flags_(flags) {}

 private:
  [[nodiscard]] bool matches_text(std::string_view text) const override {
    terminated_.assign(text);  // fnmatch wants a terminator; the buffer is kept so that it is not allocated each time
    return ::fnmatch(pattern_.c_str(), terminated_.c_str(), flags_) == 0;
  }
  std::string pattern_;
  int flags_;
  mutable std::string terminated_;
};

class Regex final : public StringMatcher {
 public:
  explicit Regex(const std::string& pattern) : regex_(pattern, options()) {}
  [[nodiscard]] const RE2& regex() const { return regex_; }

 private:
  static RE2::Options options() {
    RE2::Options options(RE2::POSIX);
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    return options;
  }
  [[nodiscard]] bool matches_text(std::string_view text) const override {
    // To RE2 a byte that is no UTF-8 matches nothing, not even a dot: as Falco, it sees U+FFFD instead.
    if (is_utf8(text)) return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), regex_);
    return RE2::FullMatch(to_utf8(text), regex_);
  }
  RE2 regex_;
};

class PathPrefix final : public StringMatcher {
 public:
  explicit PathPrefix(const std::vector<Constant>& constants) {
    for (const auto& constant : constants) prefixes_.add(constant.text);
  }

 private:
  [[nodiscard]] bool matches_text(std::string_view text) const override { return prefixes_.match(text); }
  PathPrefixes prefixes_;
};

Compiled<std::string> from_hex(const Constant& constant) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : fold(c) >= 'a' && fold(c) <= 'f' ? fold(c) - 'a' + 10 : -1;
  };
  std::string out;
  for (size_t i = 0; i + 1 < constant.text.size() && digit(constant.text[i]) >= 0 && digit(constant.text[i + 1]) >= 0; i += 2)
    out += static_cast<char>(digit(constant.text[i]) * 16 + digit(constant.text[i + 1]));
  if (out.size() * 2 != constant.text.size())
    return compile_error(constant.offset, "bcontains and bstartswith take an even number of hexadecimal digits");
  return out;
}

}  // namespace

bool compare_strings(Operator op, std::string_view left, std::string_view right) {
  switch (op) {
    case equal:
    case in:
    case intersects: return left == right;
    case not_equal: return left != right;
    case less: return left < right;
    case less_equal: return left <= right;
    case greater: return left > right;
    case greater_equal: return left >= right;
    case contains:
    case bcontains: return right.empty() || ::memmem(left.data(), left.size(), right.data(), right.size()) != nullptr;
    case icontains: return contains_folded(left, to_lower(right));
    case startswith:
    case bstartswith: return left.starts_with(right);
    case endswith: return left.ends_with(right);
    case glob: return ::fnmatch(std::string(right).c_str(), std::string(left).c_str(), 0) == 0;
    case iglob: return ::fnmatch(std::string(right).c_str(), std::string(left).c_str(), FNM_CASEFOLD) == 0;
    default: return false;
  }
}

Compiled<MatcherPtr> make_string_matcher(Operator op, const std::vector<Constant>& constants, bool bytes) {
  for (const auto& constant : constants)
    if (!bytes && constant.text.find('\0') != std::string::npos)
      return compile_error(constant.offset, "a value cannot contain a NUL byte (\\x00)");
  if (op == in || op == intersects) return std::make_unique<OneOfSet>(constants);
  if (op == pmatch) return std::make_unique<PathPrefix>(constants);
  const Constant& constant = constants.front();
  switch (op) {
    case glob: return std::make_unique<Glob>(constant.text, 0);
    case iglob: return std::make_unique<Glob>(constant.text, FNM_CASEFOLD);
    case icontains: return std::make_unique<Simple>(op, to_lower(constant.text));
    case bcontains:
    case bstartswith: {
      auto raw = from_hex(constant);
      if (!raw) return tl::make_unexpected(std::move(raw.error()));
      return std::make_unique<Simple>(op, std::move(*raw));
    }
    case regex: {
      auto matcher = std::make_unique<Regex>(constant.text);
      if (!matcher->regex().ok())
        return compile_error(constant.offset, "invalid regular expression: " + matcher->regex().error());
      return matcher;
    }
    default: return std::make_unique<Simple>(op, constant.text);
  }
}

}  // namespace hullwatch::rules
