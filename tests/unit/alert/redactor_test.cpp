#include "alert/redactor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace hullwatch {
namespace {

using testing::HasSubstr;
using testing::Not;

const Redactor& redactor() {
  static const Redactor instance = Redactor::create().value();
  return instance;
}

/// "a|b|c" -> argv, NUL separated.
std::string argv(std::string text) {
  for (char& c : text) c = c == '|' ? '\0' : c;
  return text;
}
std::string redacted_argv(const std::string& text) {
  std::string out = redactor().args(argv(text));
  for (char& c : out) c = c == '\0' ? '|' : c;
  return out;
}

struct Case {
  const char* in;
  const char* out;
};

class Argv : public testing::TestWithParam<Case> {};
TEST_P(Argv, SecretIsReplacedAndTheRestStays) { EXPECT_EQ(redacted_argv(GetParam().in), GetParam().out); }
INSTANTIATE_TEST_SUITE_P(
    Corpus, Argv,
    testing::Values(Case{"docker|run|-e|PASSWORD=hunter2|nginx", "docker|run|-e|PASSWORD=[redacted]|nginx"},
                    Case{"docker|run|-ePGPASSWORD=hunter2|pg", "docker|run|-ePGPASSWORD=[redacted]|pg"},
                    Case{"docker|run|--env=DB_PASS=two words, one comma|pg", "docker|run|--env=DB_PASS=[redacted]|pg"},
                    Case{"tool|--password|two words|x", "tool|--password|[redacted]|x"},
                    Case{"tool|--password=x|y", "tool|--password=[redacted]|y"},
                    Case{"tool|--token|-dash|y", "tool|--token|[redacted]|y"},
                    Case{"docker|login|-u|me|-p|hunter2", "docker|login|-u|me|-p|[redacted]"},
                    Case{"docker|login|--password-stdin|reg.io", "docker|login|--password-stdin|reg.io"},
                    Case{"mysql|-uroot|-phunter2|db", "mysql|-uroot|-p[redacted]|db"}, Case{"mysql|-p|db", "mysql|-p|db"},
                    Case{"sudo|/usr/bin/mysqldump|-phunter2", "sudo|/usr/bin/mysqldump|-p[redacted]"},
                    Case{"ssh|-p|2222|host", "ssh|-p|2222|host"}, Case{"mkdir|-p|/a/b", "mkdir|-p|/a/b"},
                    Case{"sshpass|-p|hunter2|ssh|-p|22|h", "sshpass|-p|[redacted]|ssh|-p|[redacted]|h"},
                    Case{"redis-cli|-a|hunter2|ping", "redis-cli|-a|[redacted]|ping"},
                    Case{"curl|-u|me:hunter2|http://x/", "curl|-u|me:[redacted]|http://x/"}, Case{"id|-u|me:x", "id|-u|me:x"},
                    Case{"curl|-H|Authorization: Bearer abc.def|u", "curl|-H|Authorization: Bearer [redacted]|u"},
                    Case{"curl|-HX-Api-Key: abc|u", "curl|-HX-Api-Key: [redacted]|u"},
                    Case{"psql|postgres://me:hunter2@db:5432/x", "psql|postgres://me:[redacted]@db:5432/x"},
                    Case{"psql|postgres://me:p@ss@db/x", "psql|postgres://me:[redacted]@db/x"},
                    Case{"psql|postgres://me:p/w@db/x", "psql|postgres://me:[redacted]@db/x"},
                    Case{"git|clone|https://ghp_abcdefghijklmnopqrstuvwxyz012345@github.com/a",
                         "git|clone|https://[redacted]@github.com/a"},
                    Case{"sh|-c|export PASSWORD='two words'; ls -l", "sh|-c|export PASSWORD='[redacted]'; ls -l"},
                    Case{"sh|-c|mysql -phunter2 -e 'select 1'", "sh|-c|mysql -p[redacted] -e 'select 1'"},
                    Case{"env|AWS_SECRET_ACCESS_KEY=abc|aws", "env|AWS_SECRET_ACCESS_KEY=[redacted]|aws"},
                    Case{"aws|configure|set|x|AKIAIOSFODNN7EXAMPLE", "aws|configure|set|x|[redacted]"},
                    Case{"openssl|enc|-in|f|pass:hunter2", "openssl|enc|-in|f|pass:[redacted]"},
                    Case{"ls|-la|/etc/passwd", "ls|-la|/etc/passwd"}, Case{"env|PWD=/root|ls", "env|PWD=/root|ls"},
                    Case{"||PASSWORD=x", "||PASSWORD=[redacted]"}));

class Text : public testing::TestWithParam<Case> {};
TEST_P(Text, SecretIsReplacedAndTheRestStays) { EXPECT_EQ(redactor().text(GetParam().in), GetParam().out); }
INSTANTIATE_TEST_SUITE_P(
    Corpus, Text,
    testing::Values(
        Case{"ran (docker run -e PASSWORD=hunter2 nginx)", "ran (docker run -e PASSWORD=[redacted] nginx)"},
        Case{"ran tool --api-key abcdef now", "ran tool --api-key [redacted] now"},
        Case{R"({"user":"a","password":"two words"})", R"({"user":"a","password":"[redacted]"})"},
        Case{R"("{\"password\": \"two words\"}")", R"("{\"password\": \"[redacted]\"}")"},
        Case{"Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"},
        Case{"X-Registry-Auth: eyJhIjoi", "X-Registry-Auth: [redacted]"},
        Case{"GET /build?buildargs=x&api_token=abc HTTP/1.1", "GET /build?buildargs=x&api_token=[redacted] HTTP/1.1"},
        Case{"username=me,password=hunter2,vers=3.0", "username=me,password=[redacted]"},
        Case{"-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
             "-----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA PRIVATE KEY-----"},
        Case{"-----BEGIN PRIVATE KEY-----\nMIIE cut", "-----BEGIN PRIVATE KEY-----[redacted]"},
        Case{"PASSWORD=\xff\xfehunter2 x", "PASSWORD=[redacted] x"}, Case{"", ""},
        Case{"A shell was spawned (user=root shell=bash pid=7)", "A shell was spawned (user=root shell=bash pid=7)"},
        Case{"mounted /run/secrets into web (flags=4096)", "mounted /run/secrets into web (flags=4096)"}));

TEST(Redactor, SecretKnownFromArgvIsFoundInTextThatHidesWhereItEnds) {
  const auto known = redactor().secrets_in(argv("tool|--password|correct horse battery|run"));
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(redactor().text("cmd=tool --password correct horse battery run", known), "cmd=tool --password [redacted] run");
}

TEST(Redactor, ApplyingItTwiceChangesNothingMore) {
  std::mt19937 random(7);
  const std::vector<std::string> bits = {"PASSWORD", "=", "--token", " ",  "\"",   "'",        ":", "secret",
                                         "://",      "@", "Bearer ", "\\", "\xff", "redacted", "[", "]"};
  for (int i = 0; i < 3000; ++i) {
    std::string input;
    for (size_t n = random() % 12; n > 0; --n) input += bits[random() % bits.size()];
    const std::string once = redactor().text(input);
    ASSERT_EQ(redactor().text(once), once) << testing::PrintToString(input);
    const std::string args = redactor().args(input);
    ASSERT_EQ(redactor().args(args), args) << testing::PrintToString(input);
  }
}

TEST(Redactor, ExtraPatternReplacesItsGroupOrTheWholeMatch) {
  const Redactor extra = Redactor::create({"badge-(\\d+)", "zebra\\w*"}).value();
  EXPECT_EQ(extra.text("badge-123 zebra_7 PASSWORD=x"), "badge-[redacted] [redacted] PASSWORD=[redacted]");
}

TEST(Redactor, ExtraPatternMayBeAnchoredToOneArgument) {
  const Redactor extra = Redactor::create({"^zz\\d+$"}).value();
  EXPECT_EQ(extra.args(argv("a|zz12|b")), argv("a|[redacted]|b"));
}

TEST(Redactor, BadExtraPatternIsNamed) {
  EXPECT_THAT(Redactor::create({"(open"}).error().message, HasSubstr("redact pattern '(open': missing )"));
  EXPECT_THAT(Redactor::create({"x*"}).error().message, HasSubstr("matches the empty text"));
}

TEST(Redactor, LongInputIsCutAndTheCutPartNeverPrinted) {
  const std::string out = redactor().text(std::string(Redactor::kMaxInput, 'a') + "PASSWORD=hunter2");
  EXPECT_THAT(out, Not(HasSubstr("hunter2")));
  EXPECT_TRUE(out.ends_with(" [cut]"));
}

TEST(Redactor, HostileInputTakesLinearTime) {
  std::string input;
  while (input.size() < Redactor::kMaxInput) input += "token-mysql ://a:";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(redactor().text(input).empty());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

}  // namespace
}  // namespace hullwatch
