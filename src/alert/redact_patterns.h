#pragma once
// What a secret looks like: the tables the Redactor is made from.

#include <span>
#include <string_view>

namespace hullwatch {

/// RE2, bytes as Latin-1, case ignored. Group 1 is the secret.
std::span<const std::string_view> builtin_text_patterns();

/// A name that says its value is secret: "PGPASSWORD", "api-key", "x_auth_token". Matched whole.
std::string_view secret_name_pattern();
/// Flags that carry such a name and yet no secret: "--password-stdin".
std::string_view harmless_flag_pattern();

/// A program whose short option is a secret, wherever it stands in argv (after sudo, env, docker run …).
struct SecretOption {
  enum class Form : unsigned char {
    attached,       // -pSECRET; -p alone asks at the terminal
    separate,       // -p SECRET, or -pSECRET
    user_password,  // -u user:SECRET, or -uuser:SECRET
  };
  std::string_view program;  // RE2, the base name whole
  std::string_view option;
  Form form;
};
std::span<const SecretOption> secret_options();

}  // namespace hullwatch
