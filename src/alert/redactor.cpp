#include "alert/redactor.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "alert/redact_patterns.h"

namespace hullwatch {
namespace {

constexpr int kMaxGroups = 5;    // group 0 and up to four alternatives of one value
constexpr size_t kMinKnown = 4;  // a shorter known secret would also be found inside innocent words
constexpr std::string_view kCut = " [cut]";

RE2::Options byte_options() {
  RE2::Options options;
  // Latin-1: a byte that is no UTF-8 must not end a match, or the rest of a password would be printed.
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  options.set_max_mem(4 << 20);
  return options;
}

std::unique_ptr<RE2> compile(std::string_view pattern) { return std::make_unique<RE2>(std::string(pattern), byte_options()); }

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::vector<std::string_view> split_args(std::string_view argv) {
  if (argv.ends_with('\0')) argv.remove_suffix(1);
  std::vector<std::string_view> args;
  for (;;) {
    const size_t end = argv.find('\0');
    args.push_back(argv.substr(0, end));
    if (end == std::string_view::npos) return args;
    argv.remove_prefix(end + 1);
  }
}

/// One argument as it will be written, and the secret that was in it.
struct Redaction {
  std::string text;
  std::string secret;
};

Redaction replace_rest(std::string_view arg, size_t kept) {
  return {std::string(arg.substr(0, kept)) + std::string(kRedacted), std::string(arg.substr(kept))};
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

struct Redactor::Impl {
  struct Option {
    std::unique_ptr<RE2> program;
    std::string_view option;
    SecretOption::Form form;
  };

  std::vector<std::unique_ptr<RE2>> patterns;
  std::unique_ptr<RE2::Set> any;  // which patterns are worth running
  bool has_extra = false;
  std::unique_ptr<RE2> known_program;  // anywhere in argv
  std::unique_ptr<RE2> secret_flag, secret_prefix, harmless_flag;
  std::vector<Option> options;

  [[nodiscard]] std::string replace_groups(const RE2& pattern, const std::string& text) const;
  [[nodiscard]] std::string by_patterns(std::string text) const;
  [[nodiscard]] std::optional<Redaction> by_option(const std::vector<std::string_view>& args, size_t i) const;
  [[nodiscard]] bool harmless(std::string_view argv) const;
  [[nodiscard]] std::vector<Redaction> redact(std::string_view argv) const;
};

/// The quick look that most command lines end with: no pattern matches in all arguments joined by spaces, where each of them
/// still begins and ends a word, and no program is named that takes secrets by short options. Patterns of the user may be
/// anchored to an argument's ends, so with them there is no such look.
bool Redactor::Impl::harmless(std::string_view argv) const {
  if (has_extra) return false;
  std::string joined(argv);
  std::replace(joined.begin(), joined.end(), '\0', ' ');
  RE2::Set::ErrorInfo error{RE2::Set::kNoError};
  if (any->Match(joined, nullptr, &error) || error.kind != RE2::Set::kNoError) return false;
  return !RE2::PartialMatch(re2::StringPiece(joined), *known_program);
}

std::string Redactor::Impl::replace_groups(const RE2& pattern, const std::string& text) const {
  std::array<re2::StringPiece, kMaxGroups> groups;
  const int wanted = std::min(kMaxGroups, pattern.NumberOfCapturingGroups() + 1);
  std::string out;
  size_t at = 0;    // from where to search
  size_t done = 0;  // up to where `out` holds the text
  while (at <= text.size() && pattern.Match(text, at, text.size(), RE2::UNANCHORED, groups.data(), wanted)) {
    re2::StringPiece secret = wanted == 1 ? groups[0] : re2::StringPiece();
    for (int g = 1; g < wanted && secret.empty(); ++g) secret = groups[static_cast<size_t>(g)];
    const auto match_end = static_cast<size_t>(groups[0].data() - text.data()) + groups[0].size();
    size_t next = std::max(match_end, at + (groups[0].empty() ? 1 : 0));
    if (!secret.empty()) {
      const auto begin = static_cast<size_t>(secret.data() - text.data());
      next = begin + secret.size();
      out.append(text, done, begin - done).append(kRedacted);
      done = next;
    }
    at = next;
  }
  return done == 0 ? text : out.append(text, done, std::string::npos);
}

std::string Redactor::Impl::by_patterns(std::string text) const {
  std::vector<int> hits;
  RE2::Set::ErrorInfo error{RE2::Set::kNoError};
  if (!any->Match(text, &hits, &error)) {
    if (error.kind == RE2::Set::kNoError) return text;
    hits.resize(patterns.size());  // the quick look failed: run them all
    std::iota(hits.begin(), hits.end(), 0);
  }
  std::sort(hits.begin(), hits.end());
  for (const int hit : hits) text = replace_groups(*patterns[static_cast<size_t>(hit)], text);
  return text;
}

std::optional<Redaction> Redactor::Impl::by_option(const std::vector<std::string_view>& args, size_t i) const {
  for (const Option& known : options) {
    const std::string_view arg = args[i];
    const bool attached = arg.size() > known.option.size() && arg.starts_with(known.option) && !arg.starts_with("--");
    const bool follows = i > 0 && args[i - 1] == known.option && known.form != SecretOption::Form::attached;
    if (!attached && !follows) continue;
    const auto program_end = args.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::none_of(args.begin(), program_end,
                     [&](std::string_view a) { return RE2::FullMatch(std::string(base_name(a)), *known.program); })) {
      continue;
    }
    size_t kept = attached ? known.option.size() : 0;
    if (known.form == SecretOption::Form::user_password) {
      const size_t colon = arg.find_first_of(":%", kept);
      if (colon == std::string_view::npos) continue;
      kept = colon + 1;
    }
    return replace_rest(arg, kept);
  }
  return std::nullopt;
}

std::vector<Redaction> Redactor::Impl::redact(std::string_view argv) const {
  const std::vector<std::string_view> args = split_args(argv);
  std::vector<Redaction> out;
  out.reserve(args.size());
  for (size_t i = 0; i < args.size(); ++i) {
    const re2::StringPiece arg(args[i].data(), args[i].size());
    re2::StringPiece prefix;
    const auto is_flag = [&](std::string_view flag) {
      const re2::StringPiece piece(flag.data(), flag.size());
      return RE2::FullMatch(piece, *secret_flag) && !RE2::FullMatch(piece, *harmless_flag);
    };
    if (args[i] == kRedacted) {
      out.push_back({std::string(args[i]), {}});
    } else if (i > 0 && args[i - 1].starts_with('-') && is_flag(args[i - 1])) {
      out.push_back(replace_rest(args[i], 0));
    } else if (args[i].find('=') != std::string_view::npos && RE2::PartialMatch(arg, *secret_prefix, &prefix)) {
      out.push_back(replace_rest(args[i], prefix.size()));
    } else if (auto by = by_option(args, i)) {
      out.push_back(std::move(*by));
    } else {
      out.push_back({by_patterns(std::string(args[i])), {}});
    }
  }
  return out;
}

Redactor::Redactor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Redactor::Redactor(Redactor&&) noexcept = default;
Redactor& Redactor::operator=(Redactor&&) noexcept = default;
Redactor::~Redactor() = default;

Result<Redactor> Redactor::create(const std::vector<std::string>& extra) {
  auto impl = std::make_unique<Impl>();
  impl->any = std::make_unique<RE2::Set>(byte_options(), RE2::UNANCHORED);
  const auto add = [&](std::string_view pattern) -> Status {
    auto compiled = compile(pattern);
    if (!compiled->ok()) return fail("redact pattern '" + std::string(pattern) + "': " + compiled->error());
    if (RE2::FullMatch("", *compiled)) return fail("redact pattern '" + std::string(pattern) + "' matches the empty text");
    std::string error;
    if (impl->any->Add(compiled->pattern(), &error) < 0) return fail("redact pattern '" + std::string(pattern) + "': " + error);
    impl->patterns.push_back(std::move(compiled));
    return {};
  };
  for (const std::string_view pattern : builtin_text_patterns()) {
    if (auto added = add(pattern); !added) return fail(std::move(added.error()));
  }
  impl->has_extra = !extra.empty();
  for (const std::string& pattern : extra) {
    if (auto added = add(pattern); !added) return fail(std::move(added.error()));
  }
  if (!impl->any->Compile()) return fail("redact patterns need too much memory together");

  const std::string name(secret_name_pattern());
  impl->secret_flag = compile("--?" + name);
  // PASSWORD=x, --password=x, -ePASSWORD=x, --env=PASSWORD=x: the rest of such an argument is the value, spaces and all.
  // White space before the name would make it a script, whose values end earlier.
  impl->secret_prefix = compile(R"(^((?:[^\s=]*=)?)" + name + "=)");
  impl->harmless_flag = compile(harmless_flag_pattern());
  std::string programs;
  for (const SecretOption& option : secret_options()) {
    programs += (programs.empty() ? "" : "|") + std::string(option.program);
    impl->options.push_back({compile(option.program), option.option, option.form});
  }
  impl->known_program = compile("(?:^|[\\s/])(?:" + programs + ")(?:\\s|$)");
  return Redactor(std::move(impl));
}

std::string Redactor::args(std::string_view argv) const {
  if (argv.ends_with('\0')) argv.remove_suffix(1);
  if (argv.empty() || (argv.size() <= kMaxInput && impl_->harmless(argv))) return std::string(argv);
  std::string out;
  for (const Redaction& arg : impl_->redact(argv.substr(0, kMaxInput))) out.append(arg.text).push_back('\0');
  out.pop_back();
  if (argv.size() > kMaxInput) out += kCut;
  return out;
}

std::vector<std::string> Redactor::secrets_in(std::string_view argv) const {
  std::vector<std::string> secrets;
  if (argv.empty() || impl_->harmless(argv.substr(0, kMaxInput))) return secrets;
  for (Redaction& arg : impl_->redact(argv.substr(0, kMaxInput))) {
    if (arg.secret.size() >= kMinKnown && arg.secret != kRedacted) secrets.push_back(std::move(arg.secret));
  }
  return secrets;
}

std::string Redactor::text(std::string_view text, const std::vector<std::string>& known) const {
  std::string out(text.substr(0, kMaxInput));
  for (const std::string& secret : known) {
    if (kRedacted.find(secret) == std::string_view::npos) replace_all(out, secret, kRedacted);
  }
  out = impl_->by_patterns(std::move(out));
  if (text.size() > kMaxInput) out += kCut;
  return out;
}

}  // namespace hullwatch
