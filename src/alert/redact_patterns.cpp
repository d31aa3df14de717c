#include "alert/redact_patterns.h"

#include <array>

namespace hullwatch {
namespace {

// A value ends at white space; a quoted one at its quote. A comma or '&' does not end it: to lose some evidence is better than
// to print the end of a password that contains one.
#define HW_VALUE R"re((?:\\"((?:[^"\\]|\\[^"])*)|"((?:[^"\\]|\\.)*)"?|'([^']*)'?|([^\s"']+)))re"
#define HW_WORD                                                                                                            \
  "password|passwd|passphrase|secret|token|api[_-]?key|apikey|access[_-]?key|auth[_-]?key|private[_-]?key|encryption[_-]?" \
  "key|master[_-]?key|credential|connection[_-]?string"
#define HW_NAME \
  "(?:[a-z0-9_.-]*(?:" HW_WORD ")[a-z0-9_.-]*|(?:[a-z0-9_.-]*[_.-])?(?:pass|auth)|[a-z0-9.-]*_pwd|[a-z0-9_]*pgpass)"

constexpr std::array<std::string_view, 15> kTextPatterns = {
    // PASSWORD=x, --token=x, password: x, "password": "x", ?api_key=x
    "(?:^|[^a-z0-9_.-])" HW_NAME R"(\\?["']?\s*[=:]\s*)" HW_VALUE,
    // --password x
    "(?:^|\\s)--?" HW_NAME "\\s+" HW_VALUE,
    // Authorization: Bearer x, Proxy-Authorization: Basic x
    R"(authorization\\?["']?\s*[:=]\s*\\?["']?(?:(?:bearer|basic|digest|token|negotiate|apikey|aws4-hmac-sha256)\s+)?([^\s"'][^\r\n"']*))",
    R"(\b(?:bearer|basic)\s+([a-z0-9._~+/=-]{8,}))",
    R"((?:^|[^a-z-])(?:x-registry-auth|x-registry-config|x-vault-token|(?:set-)?cookie)\s*:\s*([^\r\n"']+))",
    // scheme://user:password@host, scheme://token@host
    R"([a-z][a-z0-9+.-]*://[^\s/:@"']*:([^\s/"']+)@)",
    R"([a-z][a-z0-9+.-]*://[^\s/:@"']*:([^\s"'/]*[^\s"'/0-9][^\s"'/]*/[^\s"']*)@)",  // an unescaped '/' in the password
    R"([a-z][a-z0-9+.-]*://([^\s/:@"']{16,})@)",
    // Keys that are known by their form: AWS, GitHub, GitLab, Slack, Stripe, Google, npm
    R"(\b((?:AKIA|ASIA)[0-9A-Z]{16})\b)",
    R"(\b(gh[pousr]_[a-z0-9]{20,}|github_pat_[a-z0-9_]{20,}|gl[a-z]{2,5}-[a-z0-9_-]{20,}|xox[a-z]-[a-z0-9-]{10,}|[sr]k_live_[a-z0-9]{16,}|AIza[0-9a-z_-]{35}|npm_[a-z0-9]{30,}))",
    // JSON web token
    R"(\b(eyJ[a-z0-9_-]{6,}\.[a-z0-9_-]{6,}\.[a-z0-9_-]*))",
    R"((?s)-----BEGIN [a-z0-9 ]*PRIVATE KEY-----(.*?)(?:-----END|$))",
    // openssl -passin pass:x
    R"((?:^|[\s=])pass:(\S+))",
    // mysql -px inside a shell's script
    R"(\b(?:mysql|mariadb)[a-z_-]*\s(?:[^|;&\n]*\s)?-p([^\s"';|&]+))",
    R"(\bsshpass\s+-p\s*)" HW_VALUE,
};

using Form = SecretOption::Form;
constexpr std::array<SecretOption, 12> kOptions = {{
    {"(?:mysql|mariadb)[a-z_-]*", "-p", Form::attached},
    {"7z[ar]?", "-p", Form::attached},
    {"sshpass", "-p", Form::separate},
    {"redis-cli", "-a", Form::separate},
    {"zip|unzip", "-P", Form::separate},
    {"useradd|usermod", "-p", Form::separate},
    {"ldap[a-z]+", "-w", Form::separate},
    {"mongo(?:sh|dump|restore|export|import)?", "-p", Form::separate},
    {"login", "-p", Form::separate},  // docker login, podman login, …
    {"curl", "-u", Form::user_password},
    {"curl", "-U", Form::user_password},
    {"smbclient|rpcclient", "-U", Form::user_password},
}};

}  // namespace

std::span<const std::string_view> builtin_text_patterns() { return kTextPatterns; }
std::string_view secret_name_pattern() { return HW_NAME; }
std::string_view harmless_flag_pattern() {
  return "--?(?:no|ask|prompt|with-no|skip|disable)-[a-z0-9-]*|--?[a-z0-9-]*-(?:stdin|prompt|ttl|timeout|length)";
}
std::span<const SecretOption> secret_options() { return kOptions; }

}  // namespace hullwatch
