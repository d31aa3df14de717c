// Conditions side by side: what is one and what is not, by syntax alone and on the real fields. The places and reasons of
// errors are in syntax_table_test, types one by one in type_table_test.

#include <gtest/gtest.h>

#include <algorithm>

#include "rules/condition_parser.h"
#include "rules/rule_set.h"

namespace hullwatch::test {
namespace {

class WellFormed : public testing::TestWithParam<std::string_view> {};
TEST_P(WellFormed, Parses) { EXPECT_TRUE(rules::parse_condition(GetParam())) << GetParam(); }
class IllFormed : public testing::TestWithParam<std::string_view> {};
TEST_P(IllFormed, DoesNotParse) { EXPECT_FALSE(rules::parse_condition(GetParam())) << GetParam(); }

/// As the condition of a rule, in a YAML literal.
LoadedRules load_condition(std::string_view condition) {
  return RuleSet::load_text(
      {{"r", "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: |-\n    " + std::string(condition) + "\n"}},
      {});
}
class Meaningful : public testing::TestWithParam<std::string_view> {};
TEST_P(Meaningful, Loads) {
  const auto loaded = load_condition(GetParam());
  EXPECT_NE(loaded.rules, nullptr) << GetParam() << (loaded.diagnostics.empty() ? "" : "\n" + loaded.diagnostics[0].message);
}
class Meaningless : public testing::TestWithParam<std::string_view> {};
TEST_P(Meaningless, DoesNotCompile) {
  const auto loaded = load_condition(GetParam());
  EXPECT_EQ(loaded.rules, nullptr) << GetParam();
  EXPECT_TRUE(std::ranges::any_of(loaded.diagnostics, [](const Diagnostic& d) {
    return d.code == "LOAD_ERR_COMPILE_CONDITION";
  })) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Table, WellFormed,
                         testing::Values("a and b", "a or(b)", "a or (b and c)", "(a)and(b)", "(a)or(b)", "a.b=c and(d)",
                                         "not not not a", "not not(a)", "not\ta", "not\na.b=1", "not a.b=1", "(not a)",
                                         "(not(a))", "not (not a)", "a.b=1 or not c.d=2", "a or not(b)", "a and not not b",
                                         "a.b[x] exists", "a.b[\"x y\"] exists", "a.b['x']=1", "a.b[0]=1", "a.b[/x/*]=1",
                                         "a.b[\"\"] exists", "a.b<= 1", "a.b <1", "a.b > -5", "a.b > +5.5e-3", "a.b > 5.",
                                         "a.b >= 0xFF", "a.b>1and c", "a.b = 1and", "a.b = 'x'and c", "a.b='x'or c",
                                         "a.b contains x", "a.b startswith 'x'", "a.b endswith \"x\"", "a.b glob *",
                                         "a.b iglob *X*", "a.b icontains x", "a.b bcontains cafe", "a.b bstartswith cafe",
                                         "a.b regex 'x|y'", "a.b in (x)", "a.b in(x)", "a.b in(x,y,z)", "a.b in (\"x\", 'y')",
                                         "a.b in foo", "a.b in foo and c"));
INSTANTIATE_TEST_SUITE_P(
    Table2, WellFormed,
    testing::Values("a.b in (foo.bar, /x/y, *.z)", "a.b intersects (x)", "a.b intersects(x)", "a.b pmatch (/x)",
                    "a.b pmatch(/x,/y)", "a.b pmatch val(c.d)", "a.b intersects val(c.d)", "a.b = anyof (x,y)", "a.b = allof x",
                    "a.b startswith oneof (x)", "a.b = anyof and c", "a.b = anyof or c", "a.b = anyof notx", "a.b != oneof (x)",
                    "a.b == anyof (x)", "tolower(a.b)=x", "tolower( a.b ) = x", "toupper(tolower(a.b)) exists", "len(a.b)>3",
                    "len(a.b)=3", "join(\",\",a.b) = x", "concat('x',a.b,\"y\") = z", "getopt(a.b,\"ab:\")[a] exists",
                    "getopt(a.b,\"ab:\") in (x)", "b64(a.b) contains x", "basename(a.b) in (x,y)", "concat(a.b,3,0xF) = x",
                    "join(\",\",(a.b,\"x\")) = y", "a.b = val(c.d)", "a.b=val(c.d)and e", "a.b = val( c.d )", "a.b >= val(c.d)",
                    "a.b = value", "a.b = tolower", "a.b = tolowerx", "a.b = len", "a.b = 'it\\'s'", "a.b = \"say \\\"x\\\"\"",
                    "a.b = 'x\\ y'", "a.b = '\\x41'", "a.b='a\nb'", "a.b = '\\/x'", "a.b = '\\x00'", "a.b = '\\n\\t\\r\\f\\b'",
                    "a.b = x-y_z.w:/@#$%^&*+~`|;?<>{}[]!\\", "(a.b = x)", "((a.b = x))", "a.b = <NA>"));
INSTANTIATE_TEST_SUITE_P(Table3, WellFormed,
                         testing::Values("a.b != <NA>", "a.b in (<NA>,N/A)", "a.b in (\"<NA>\",\"N/A\")", "a and and",
                                         "or or or", "a.b_c.d1 = x", "A.B = C", "Evt.Type = X", "a.b == x", "a.b=\tx",
                                         "a.b\t=\nx", "\r\na\r\n", "a.b=\"x\"and(c)or(d)", "a.b in (x)and(c)",
                                         "a.b exists and(c)", "a.b existsand c", "a.b intersectsx", "a.b pmatchx",
                                         "a.b in (-1, +2, 0x3)", "a.b = -1", "a.b = 0x1", "a.b = 1.2.3.4/8",
                                         "a.b in (1.2.3.4/8, ::1)", "a.b = ::1"));
INSTANTIATE_TEST_SUITE_P(Table, IllFormed,
                         testing::Values("a andb", "aand(b)", "a.b=c and(d)or", "nota b", "not(not a", "a.b[x y] = 1",
                                         "a.b[x]y=1", "a.b[x[0]]=1", "a.b[", "a.b[]", "a.b[\"\"", "a.b < x", "a.b <= \"1\"",
                                         "a.b > 5.5e3", "a.b >= 0xG", "a.b > 1 2", "a.b='x'c", "a.b contains'x'",
                                         "a.b startswith", "a.b regex x|(y)", "a.b iglobx y", "a.b like x", "a.b matches x",
                                         "a.b istartswith x", "a.b iendswith x", "a.b iequals x", "a.b in foo.bar", "a.b in /x",
                                         "a.b in (x y)", "a.b in (x,,y)", "a.b in x,y", "a.b = anyof(x)", "a.b in anyof (x)",
                                         "a.b = anyof not", "a.b = anyof /x", "a.b = anyof (x", "a.b = anyof notx y",
                                         "tolower (a.b)=x", "foo(a.b)=x", "tolower(a)=x", "tolower()=x", "tolower(a.b",
                                         "a.b = val()", "a.b = val (c.d)", "a.b = valx(c.d)", "a.b = valid(c.d)",
                                         "a.b = 'x\\q'", "a.b = '\\x4'"));
INSTANTIATE_TEST_SUITE_P(Table2, IllFormed,
                         testing::Values("a.b = '", "a.b = '\\\\'", "a.b = '\\u0041'", "a.b = '\\a'", "a.b = '\\0'",
                                         "a.b = x(y", "a.b = x)y", "((a.b = x)", "(a.b = x))", "   ", "and a", "or a",
                                         "a and and b", "a and or b", "a not b", "a, b", "(a, b)", "a.b exists = x",
                                         "a.b exist", ".b = x", "a..b = x", "a.b. = x", "a.b-c = x", "1.b = x", "a.1 = x",
                                         "a._b = x", "a OR b", "NOT a", "a.b =x=y", "a.b === x", "a.b !x", "a.b = = x",
                                         "a.b =, x", "a\vb", "\va", "a # comment", "a and b # c", "a;", "a || b", "a.b in "));
INSTANTIATE_TEST_SUITE_P(
    Table, Meaningful,
    testing::Values("proc.pid=1", "proc.pid=-1", "proc.pid > 3", "proc.name > 3", "proc.name >= 0x10",
                    "proc.is_exe_writable=true", "evt.is_open_read exists", "fd.sip=1.2.3.4", "fd.sip=\"::1\"", "fd.sip=::1",
                    "fd.snet=10.0.0.0/8", "fd.snet in (10.0.0.0/8,192.168.0.0/16)", "fd.net=\"fe80::/10\"",
                    "fd.sip in (\"1.2.3.4\", ::1)", "fd.sport=80", "fd.sport=http", "fd.sport in (http,443)", "fd.port=70000",
                    "fd.port != 22", "fd.lport exists", "fd.sip.name=example.com", "fd.types intersects (file, ipv4)",
                    "fd.types exists", "proc.args contains x", "proc.aname=x", "proc.aname[1]=x", "proc.aname in (x,y)",
                    "proc.aname startswith x", "proc.aname pmatch (x)", "proc.apid=1", "proc.apid[1]=1",
                    "proc.name=val(proc.pname)", "fd.sip=val(fd.cip)", "proc.env[HOME]=x", "evt.arg[0]=x", "evt.arg.flags=x",
                    "evt.rawarg.flags=1", "evt.type=execve", "evt.type in (open,openat)", "proc.name=val(evt.type)",
                    "evt.dir=<", "evt.dir=>", "evt.dir = \"<\"", "evt.num=0", "evt.num in (1,2)", "evt.category=file",
                    "evt.res=EPERM", "evt.rawres < 0"));
INSTANTIATE_TEST_SUITE_P(Table2, Meaningful,
                         testing::Values("evt.failed=true", "proc.name regex \"a+\"", "proc.name glob \"[\"",
                                         "evt.buffer bcontains cafe", "proc.name = anyof (a,b)",
                                         "proc.name startswith anyof (a,b)", "proc.pid = anyof (1,2)", "len(fd.types)>1",
                                         "toupper(proc.name)=X", "basename(proc.exe)=x", "concat(proc.name,\"x\")=y",
                                         "proc.name=\"\"", "user.uid=0", "user.uid=-1", "user.loginuid=-1", "user.name=root",
                                         "group.gid > 5", "thread.cap_permitted contains CAP_SYS_ADMIN", "container.id=host",
                                         "container.privileged=true", "container.image.repository endswith x",
                                         "container.mounts contains x", "k8s.ns.name=x", "k8s.pod.label[app]=x",
                                         "k8s.pod.labels contains x", "proc.pname in ()", "proc.name in (a,\"b c\",'d')"));
INSTANTIATE_TEST_SUITE_P(Table, Meaningless,
                         testing::Values("proc.pid=x", "proc.pid=1.5", "proc.pid contains 3", "proc.name > x",
                                         "proc.is_exe_writable=yes", "proc.is_exe_writable=1", "proc.is_exe_writable > 0",
                                         "fd.sip=foo", "fd.sip=1.2.3", "fd.sip=1.2.3.4/8", "fd.snet=x", "fd.net=10.0.0.0/33",
                                         "fd.sip contains 1", "fd.sport=nosuchservice", "fd.types=file", "proc.aname[x]=y",
                                         "tolower(proc.aname[1]) = x", "proc.name = val(proc.aname)",
                                         "proc.name=val(proc.aname[1])", "proc.name=val(proc.pid)", "fd.snet=val(fd.cnet)",
                                         "proc.name[1]=x", "evt.arg=x", "evt.arg[flags]=x", "evt.arg.nosuch=x",
                                         "evt.rawarg.flags=x", "evt.type startswith exec", "evt.type=nosuch",
                                         "evt.type in (open,nosuch)", "tolower(evt.type)=open", "evt.type=val(proc.name)",
                                         "proc.name regex \"(\"", "proc.name regex \"(?i)a\"", "evt.buffer bcontains caf",
                                         "evt.buffer bcontains xx", "proc.name bcontains cafe", "fd.types = anyof (file)",
                                         "proc.pid = anyof (x)", "proc.name regex anyof (\"a\",\"(\")", "len(proc.pid) > 3",
                                         "basename(proc.pid)=x", "concat(proc.name,proc.pid)=x", "concat(proc.name)=x",
                                         "k8s.pod.label.app=x", "ka.verb=x", "json.value[/x]=y"));

}  // namespace
}  // namespace hullwatch::test
