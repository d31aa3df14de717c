#include <gtest/gtest.h>

#include "unit/rules/rule_fixture.h"

namespace hullwatch::test {
namespace {

// --- missing values ---

TEST(Condition, ACheckOnAMissingFieldIsFalseAlsoForNotEqual) {
  EXPECT_FALSE(Condition("proc.name = sh").on({}));
  EXPECT_FALSE(Condition("proc.name != sh").on({}));
  EXPECT_FALSE(Condition("proc.pid >= 0").on({}));
  EXPECT_FALSE(Condition("proc.name in (sh)").on({}));
}

TEST(Condition, NegationOfACheckOnAMissingFieldIsTrue) {
  EXPECT_TRUE(Condition("not proc.name = sh").on({}));
  EXPECT_TRUE(Condition("not proc.name != sh").on({}));
}

TEST(Condition, ExistsTellsWhetherThereIsAValue) {
  EXPECT_TRUE(Condition("proc.name exists").on({{"proc.name", text("")}}));
  EXPECT_FALSE(Condition("proc.name exists").on({}));
  EXPECT_FALSE(Condition("proc.aname exists").on({{"proc.aname", list({})}}));
}

TEST(Condition, AMissingSideOfAFieldComparisonIsFalse) {
  const Condition condition("proc.name != val(proc.pname)");
  EXPECT_FALSE(condition.on({{"proc.name", text("a")}}));
  EXPECT_FALSE(condition.on({{"proc.pname", text("a")}}));
  EXPECT_TRUE(condition.on({{"proc.name", text("a")}, {"proc.pname", text("b")}}));
}

TEST(Condition, ANegativeNumberWrapsInTheWidthOfAnUnsignedField) {
  const Condition::Values nobody = {{"proc.tty", count(4294967295)}}, root = {{"proc.tty", count(0)}};
  for (const char* holds : {"proc.tty = -1", "proc.tty in (5, -1)", "proc.tty > -2", "proc.tty = anyof (-1, 2)"}) {
    EXPECT_TRUE(Condition(holds).on(nobody)) << holds;
    EXPECT_FALSE(Condition(holds).on(root)) << holds;
  }
  EXPECT_FALSE(Condition("proc.tty != -1").on(nobody));
}

// --- operators on strings ---

struct StringCase {
  const char* check;  // on proc.name
  const char* value;
  bool holds;
};
class OnStrings : public testing::TestWithParam<StringCase> {};
TEST_P(OnStrings, Holds) {
  const auto& [check, value, holds] = GetParam();
  EXPECT_EQ(Condition(std::string("proc.name ") + check).on({{"proc.name", text(value)}}), holds) << check << " on " << value;
}
INSTANTIATE_TEST_SUITE_P(Operators, OnStrings,
                         testing::Values(StringCase{"= sh", "sh", true}, StringCase{"= sh", "SH", false},
                                         StringCase{"== sh", "sh", true}, StringCase{"!= sh", "bash", true},
                                         StringCase{"!= sh", "sh", false}, StringCase{"contains as", "bash", true},
                                         StringCase{"contains AS", "bash", false}, StringCase{"icontains AS", "bash", true},
                                         StringCase{"icontains as", "BASH", true}, StringCase{"startswith ba", "bash", true},
                                         StringCase{"startswith as", "bash", false}, StringCase{"endswith sh", "bash", true},
                                         StringCase{"endswith ba", "bash", false}, StringCase{"glob /a/*", "/a/b/c", true},
                                         StringCase{"glob /a/?", "/a/b/c", false}, StringCase{"glob '[ab]*'", "bash", true},
                                         StringCase{"glob BA*", "bash", false}, StringCase{"iglob BA*", "bash", true},
                                         StringCase{"in (sh, bash)", "bash", true}, StringCase{"in (sh, bash)", "ash", false},
                                         StringCase{"in ()", "sh", false}, StringCase{"intersects (sh, bash)", "sh", true},
                                         StringCase{"regex [a-z]+", "bash", true}, StringCase{"regex as", "bash", false},
                                         StringCase{"regex '.*as.*'", "bash", true}, StringCase{"< 5", "4", true},
                                         StringCase{"< 5", "10", true}, StringCase{">= 5", "5", true},
                                         StringCase{"> 5", "50", true}));
INSTANTIATE_TEST_SUITE_P(
    PathPrefixes, OnStrings,
    testing::Values(StringCase{"pmatch (/var/run)", "/var/run/docker.sock", true},
                    StringCase{"pmatch (/var/run)", "/var/run", true}, StringCase{"pmatch (/var/run)", "/var/runx", false},
                    StringCase{"pmatch (/var/run)", "/var", false}, StringCase{"pmatch (/etc, /var)", "/var/log", true},
                    StringCase{"pmatch (/home/*/.ssh)", "/home/joe/.ssh/id", true},
                    StringCase{"pmatch (/home/*/.ssh)", "/home/joe/ssh", false}, StringCase{"pmatch ()", "/a", false}));
INSTANTIATE_TEST_SUITE_P(
    Modifiers, OnStrings,
    testing::Values(StringCase{"= anyof (sh, bash)", "bash", true}, StringCase{"= oneof (sh, bash)", "bash", true},
                    StringCase{"contains oneof (a, b)", "ab", false}, StringCase{"contains oneof (a, b)", "a", true},
                    StringCase{"contains allof (a, b)", "ab", true}, StringCase{"contains allof (a, b)", "a", false},
                    StringCase{"startswith anyof (b, c)", "cat", true}, StringCase{"!= allof (a, b)", "c", true},
                    StringCase{"!= allof (a, b)", "a", false}, StringCase{"!= anyof (a, b)", "a", true},
                    StringCase{"= allof ()", "a", false}, StringCase{"contains anyof ()", "a", false},
                    StringCase{"= oneof", "oneof", true}));

// --- other types ---

TEST(Condition, NumbersCompareAsNumbers) {
  const auto on = [](const char* check, int64_t pid) {
    return Condition(std::string("proc.pid ") + check).on({{"proc.pid", number(pid)}});
  };
  EXPECT_TRUE(on("< 10", 9));
  EXPECT_TRUE(on("= 0x10", 16));
  EXPECT_TRUE(on("> -5", -4));
  EXPECT_TRUE(on("< -3", -4));
  EXPECT_TRUE(on("in (1, 2)", 2));
  EXPECT_TRUE(on("!= 3", 2));
  EXPECT_TRUE(on("= \"7\"", 7));
  EXPECT_FALSE(on("in (1, 2)", 3));
}

TEST(Condition, UnsignedNumbersReachTheirLimit) {
  const Condition condition("proc.tty = 18446744073709551615");
  EXPECT_TRUE(condition.on({{"proc.tty", count(UINT64_MAX)}}));
  EXPECT_TRUE(Condition("proc.duration <= 5000000000").on({{"proc.duration", count(4'000'000'000)}}));
}

TEST(Condition, BooleansAreTrueOrFalse) {
  EXPECT_TRUE(Condition("proc.is_exe_upper_layer = true").on({{"proc.is_exe_upper_layer", Value(true)}}));
  EXPECT_TRUE(Condition("proc.is_exe_upper_layer != true").on({{"proc.is_exe_upper_layer", Value(false)}}));
  EXPECT_TRUE(Condition("proc.is_exe_upper_layer in (false)").on({{"proc.is_exe_upper_layer", Value(false)}}));
}

TEST(Condition, AddressesCompareByValueNotBySpelling) {
  EXPECT_TRUE(Condition("fd.sip = ::1").on({{"fd.sip", text("0:0::0:1")}}));
  EXPECT_FALSE(Condition("fd.sip = 10.0.0.1").on({{"fd.sip", text("10.0.0.2")}}));
  EXPECT_TRUE(Condition("fd.snet in (192.168.0.0/16, 10.0.0.0/8)").on({{"fd.snet", text("10.9.8.7")}}));
  EXPECT_FALSE(Condition("fd.snet = fd00::/8").on({{"fd.snet", text("fe80::1")}}));
}

TEST(Condition, PortsMayBeServiceNames) {
  EXPECT_TRUE(Condition("fd.sport = 80").on({{"fd.sport", count(80)}}));
  EXPECT_TRUE(Condition("fd.sport = ssh").on({{"fd.sport", count(22)}}));
}

TEST(Condition, ListsComeWithInAndIntersects) {
  const Condition all("proc.args in (a, b)"), any("proc.args intersects (a, b)");
  EXPECT_TRUE(all.on({{"proc.args", list({"a", "b", "a"})}}));
  EXPECT_FALSE(all.on({{"proc.args", list({"a", "c"})}}));
  EXPECT_TRUE(any.on({{"proc.args", list({"c", "b"})}}));
  EXPECT_FALSE(any.on({{"proc.args", list({"c"})}}));
}

TEST(Condition, AncestorsWithoutAnIndexMatchWhenAnyDoes) {
  const Condition condition("proc.aname = sshd"), prefix("proc.aname startswith ss");
  EXPECT_TRUE(condition.on({{"proc.aname", list({"bash", "sshd", "systemd"})}}));
  EXPECT_TRUE(prefix.on({{"proc.aname", list({"bash", "sshd", "systemd"})}}));
  EXPECT_FALSE(condition.on({{"proc.aname", list({"bash", "systemd"})}}));
  EXPECT_TRUE(Condition("proc.aname[2] = sshd").on({{"proc.aname[2]", text("sshd")}}));
  EXPECT_TRUE(Condition("proc.apid = 7").on({{"proc.apid", list({"9", "7"})}}));
}

// --- transformers ---

TEST(Condition, TransformersChangeWhatIsCompared) {
  EXPECT_TRUE(Condition("tolower(proc.name) = sh").on({{"proc.name", text("SH")}}));
  EXPECT_TRUE(Condition("toupper(proc.name) = SH").on({{"proc.name", text("sh")}}));
  EXPECT_TRUE(Condition("basename(proc.cmdline) = sh").on({{"proc.cmdline", text("/bin/sh")}}));
  EXPECT_TRUE(Condition("b64(proc.name) = hello").on({{"proc.name", text("aGVsbG8")}}));
  EXPECT_TRUE(Condition("b64(proc.name) = hello").on({{"proc.name", text("aGVsbG8=")}}));
  EXPECT_FALSE(Condition("b64(proc.name) exists").on({{"proc.name", text("not base64!")}}));
  EXPECT_TRUE(Condition("len(proc.name) = 4").on({{"proc.name", text("bash")}}));
  EXPECT_TRUE(Condition("len(proc.args) = 2").on({{"proc.args", list({"a", "b"})}}));
  EXPECT_TRUE(Condition("toupper(b64(proc.name)) = HELLO").on({{"proc.name", text("aGVsbG8")}}));
}

TEST(Condition, TransformersOfManyArguments) {
  EXPECT_TRUE(Condition("join(\"-\", proc.args) = a-b").on({{"proc.args", list({"a", "b"})}}));
  EXPECT_TRUE(
      Condition("concat(proc.name, \":\", proc.pname) = sh:su").on({{"proc.name", text("sh")}, {"proc.pname", text("su")}}));
  EXPECT_TRUE(Condition("join(\",\", (proc.name, \"x\")) = \"sh,x\"").on({{"proc.name", text("sh")}}));
  EXPECT_FALSE(Condition("concat(proc.name, proc.pname) exists").on({{"proc.name", text("sh")}}));
}

TEST(Condition, GetoptFindsOptionsAndTheirValues) {
  const Condition::Values args = {{"proc.args", list({"-l", "-p", "4444", "-vn", "--", "-x"})}};
  EXPECT_TRUE(Condition("getopt(proc.args, \"lp:vnx\")[p] = 4444").on(args));
  EXPECT_TRUE(Condition("getopt(proc.args, \"lp:vnx\")[v] exists").on(args));
  EXPECT_FALSE(Condition("getopt(proc.args, \"lp:vnx\")[x] exists").on(args));
  EXPECT_TRUE(Condition("getopt(proc.args, \"lp:vnx\") intersects (4444)").on(args));
}

TEST(Condition, ANumberNoFieldOfThatWidthHoldsIsAWarning) {
  for (const char* text : {"proc.pid = 99999999999999999999", "proc.pid = -99999999999999999999",
                           "evt.num = 18446744073709551616", "fd.sport = 70000", "proc.tty in (1, 4294967296)"}) {
    const auto loaded = load(rule_with(text));
    EXPECT_NE(loaded.rules, nullptr) << text << errors_of(loaded);
    const auto* warning = find_code(loaded, "LOAD_COMPILE_CONDITION");
    ASSERT_NE(warning, nullptr) << text;
    EXPECT_NE(warning->message.find("more than this field can hold"), std::string::npos) << warning->message;
  }
  for (const char* text : {"proc.pid = 9223372036854775807", "evt.num = 18446744073709551615", "fd.sport = 65535",
                           "proc.tty = 0xffffffff", "evt.num = 00018446744073709551615"})
    EXPECT_EQ(find_code(load(rule_with(text)), "LOAD_COMPILE_CONDITION"), nullptr) << text;
}

TEST(Condition, GetoptReadsAsGetoptDoes) {
  const auto on = [](const char* condition, std::vector<std::string_view> args) {
    return Condition(condition).on({{"proc.args", list(std::move(args))}});
  };
  EXPECT_FALSE(on("getopt(proc.args, \"x\")[x] exists", {"file", "-x"})) << "options end at the first word that is none";
  EXPECT_FALSE(on("getopt(proc.args, \"x\")[x] exists", {"-", "-x"}));
  EXPECT_TRUE(on("getopt(proc.args, \"x\")[x] = x", {"--long", "-x"})) << "long options are passed over";
  EXPECT_TRUE(on("getopt(proc.args, \"p:\")[p] = 2", {"-p1", "-p", "2"})) << "the last one wins";
  EXPECT_TRUE(on("getopt(proc.args, \"p:\")[p] = \"\"", {"-p"})) << "a missing value is empty";
  EXPECT_TRUE(on("getopt(proc.args, \"p:\")[p] = -x", {"-p", "-x"}));
  EXPECT_TRUE(on("getopt(proc.args, \"ab\") in (a, b)", {"-ab"}));
  EXPECT_TRUE(on("getopt(proc.args, \"a\") intersects (\"?\")", {"-z"})) << "what is not known";
}

TEST(Condition, ARegexSeesBytesThatAreNoTextAsOneCharacter) {
  EXPECT_TRUE(Condition("proc.name regex \"a.c\"")
                  .on({{"proc.name", text("a\xff"
                                          "c")}}));
  EXPECT_FALSE(Condition("proc.name regex \"ac\"")
                   .on({{"proc.name", text("a\xff"
                                           "c")}}));
}

// --- what does not type ---

class WrongTypes : public testing::TestWithParam<const char*> {};
TEST_P(WrongTypes, AreCompileErrors) {
  const auto loaded = load(rule_with(GetParam()));
  EXPECT_EQ(loaded.rules, nullptr) << GetParam();
  const auto* error = find_code(loaded, "LOAD_ERR_COMPILE_CONDITION");
  ASSERT_NE(error, nullptr) << GetParam() << "\n" << errors_of(loaded);
  EXPECT_EQ(error->position.line, 6U);
}
INSTANTIATE_TEST_SUITE_P(
    Conditions, WrongTypes,
    testing::Values("proc.nosuch = x", "proc.pid = abc", "proc.pid = 1.5", "proc.pid contains 5", "proc.pid startswith 5",
                    "proc.pid pmatch (5)", "proc.is_exe_upper_layer = yes", "proc.is_exe_upper_layer > 0",
                    "proc.name bcontains 41", "proc.name = \"a\\x00b\"", "proc.name regex \"(\"", "evt.buffer bcontains xyz",
                    "evt.buffer bcontains 414", "evt.buffer glob x", "proc.args = a", "proc.args contains a",
                    "proc.args = anyof (a)", "fd.sip = 10.0.0", "fd.sip = 10.0.0.0/8", "fd.sip > 5", "fd.snet = 10.0.0.1",
                    "fd.snet = 10.0.0.0/33", "fd.sport = nosuchservice", "proc.name[1] = x", "proc.aname[x] = y",
                    "proc.env = x", "proc.name = val(proc.pid)", "proc.name pmatch val(proc.pname)",
                    "proc.name regex val(proc.pname)", "proc.aname = val(proc.name)", "proc.name = val(proc.aname)",
                    "tolower(proc.pid) = 5", "tolower(proc.aname) = x", "basename(proc.is_exe_upper_layer) = x",
                    "len(proc.pid) = 1", "join(proc.args) = x", "join(proc.args, proc.args) = x", "join(\",\", proc.name) = x",
                    "concat(proc.name, proc.args) = x", "concat(proc.name) = x", "tolower(proc.name, proc.pname) = x",
                    "tolower(proc.name)[a] = x", "getopt(proc.name, \"a\") in (a)", "getopt(proc.args, \"ab\")[ab] = x",
                    "evt.type = nosuchevent", "evt.type in (execve, nosuchevent)", "tolower(evt.type) = execve",
                    "evt.type = val(proc.name)", "evt.arg.nosuch = x", "evt.arg[nosuch] = x", "evt.rawarg[0] = 5",
                    "evt.rawarg.flags = x", "evt.type contains exec", "proc.name = val(proc.nosuch)"));

class RightTypes : public testing::TestWithParam<const char*> {};
TEST_P(RightTypes, Load) {
  EXPECT_TRUE(Condition(GetParam()).accepted()) << GetParam() << "\n" << Condition(GetParam()).errors();
}
INSTANTIATE_TEST_SUITE_P(Conditions, RightTypes,
                         testing::Values("evt.arg.flags contains O_TRUNC", "evt.arg[0] = x", "evt.rawarg.uid = 0",
                                         "evt.rawarg.path startswith /etc", "evt.arg.path startswith /etc",
                                         "evt.buffer bcontains 4142", "evt.buffer startswith x", "proc.env[PATH] = x",
                                         "evt.type in (open, openat, fork, umount)", "evt.type != execve", "evt.type exists",
                                         "proc.pid = val(proc.pid)", "evt.num > len(proc.name)"));

TEST(Condition, AMistypedFieldGetsAHint) {
  const auto loaded = load(rule_with("proc.nmae = sh"));
  ASSERT_FALSE(loaded.diagnostics.empty());
  EXPECT_EQ(loaded.diagnostics[0].hint, "did you mean 'proc.name'?");
}

TEST(Condition, AllErrorsOfAConditionAreReported) {
  const auto loaded = load(rule_with("proc.nosuch = a and proc.pid = b or evt.type = c"));
  EXPECT_EQ(error_places(loaded), (std::vector<std::string>{"6:5 unknown field 'proc.nosuch'", "6:36 'b' is not a valid number",
                                                            "6:52 unknown event type 'c'"}));
}

}  // namespace
}  // namespace hullwatch::test
