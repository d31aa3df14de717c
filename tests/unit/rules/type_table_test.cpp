// Conditions on the real fields: which operator, argument and constant each type takes.

#include <gtest/gtest.h>

#include "rules/rule_set.h"

namespace hullwatch::test {
namespace {

LoadedRules load_condition(std::string_view condition) {
  std::string quoted;
  for (const char c : condition) quoted.append(c == '\'' ? "''" : std::string(1, c));
  return RuleSet::load_text({{"r", "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: '" + quoted + "'\n"}},
                            {});
}
std::string errors(const LoadedRules& loaded) {
  std::string out;
  for (const auto& d : loaded.diagnostics) out += d.code + " " + d.message + "\n";
  return out;
}

class TypesThatFit : public testing::TestWithParam<std::string_view> {};
TEST_P(TypesThatFit, Compiles) {
  const auto loaded = load_condition(GetParam());
  EXPECT_NE(loaded.rules, nullptr) << GetParam() << "\n" << errors(loaded);
}
class TypesThatDoNot : public testing::TestWithParam<std::string_view> {};
TEST_P(TypesThatDoNot, DoesNotCompile) {
  const auto loaded = load_condition(GetParam());
  EXPECT_EQ(loaded.rules, nullptr) << GetParam();
  bool found = false;
  for (const auto& d : loaded.diagnostics) found |= d.code == "LOAD_ERR_COMPILE_CONDITION";
  EXPECT_TRUE(found) << GetParam() << "\n" << errors(loaded);
}

INSTANTIATE_TEST_SUITE_P(Booleans, TypesThatFit,
                         testing::Values("proc.is_exe_writable = true", "proc.is_exe_writable != false",
                                         "proc.is_exe_writable in (true, false)", "proc.is_exe_writable intersects (true)",
                                         "proc.is_exe_writable exists", "evt.is_open_read = true",
                                         "proc.is_exe_writable = val(proc.is_exe_from_memfd)"));
INSTANTIATE_TEST_SUITE_P(Booleans, TypesThatDoNot,
                         testing::Values("proc.is_exe_writable = yes", "proc.is_exe_writable = 1",
                                         "proc.is_exe_writable = True", "proc.is_exe_writable < 1",
                                         "proc.is_exe_writable contains t", "proc.is_exe_writable in (1)",
                                         "proc.is_exe_writable pmatch (true)", "tolower(proc.is_exe_writable) = x",
                                         "proc.is_exe_writable = val(proc.name)"));
INSTANTIATE_TEST_SUITE_P(Numbers, TypesThatFit,
                         testing::Values("proc.pid = 1", "proc.pid = -1", "proc.pid = 0x1f", "proc.pid != 1", "proc.pid < 1",
                                         "proc.pid >= 1", "proc.pid in (1, 2)", "proc.pid in ()", "proc.pid intersects (1)",
                                         "proc.pid exists", "proc.pid = oneof (1, 2)", "proc.pid = val(proc.ppid)",
                                         "user.uid = -1", "proc.duration > 5", "evt.rawtime > 5", "evt.rawres >= 0",
                                         "proc.pid > val(proc.vpid)", "user.uid = val(group.gid)", "evt.rawarg.flags = 1",
                                         "proc.exe_ino = val(proc.pid)", "proc.pid.ts > val(proc.duration)",
                                         "proc.cmdnargs > len(proc.name)", "proc.fdusage > 50", "fd.dev = 1"));
INSTANTIATE_TEST_SUITE_P(Numbers, TypesThatDoNot,
                         testing::Values("proc.pid = x", "proc.pid = 1.5", "proc.pid = ''", "proc.pid = '1 '",
                                         "proc.pid contains 1", "proc.pid startswith 1", "proc.pid glob 1", "proc.pid regex 1",
                                         "proc.pid pmatch (1)", "proc.pid in (1, x)", "proc.pid = val(proc.name)",
                                         "proc.pid = val(user.uid)", "evt.num = val(evt.rawtime)", "tolower(proc.pid) = 1",
                                         "len(proc.pid) = 1", "proc.pid = anyof (1, x)", "proc.pid bcontains 61",
                                         "evt.cpu = val(proc.pid)", "fd.dev = val(fd.ino)", "proc.pid = 1e5", "proc.pid = 0x",
                                         "proc.pid > 1e+3", "proc.pid = true", "proc.pid in ('')", "thread.cpu > 5.5",
                                         "proc.pid = '1 2'", "proc.pid contains anyof (1)"));
INSTANTIATE_TEST_SUITE_P(
    Strings, TypesThatFit,
    testing::Values("proc.name = x", "proc.name != x", "proc.name < val(proc.pname)", "proc.name contains x",
                    "proc.name icontains X", "proc.name startswith x", "proc.name endswith x", "proc.name glob 'x*'",
                    "proc.name iglob 'X*'", "proc.name regex 'x.*'", "proc.name in (a, b)", "proc.name intersects (a)",
                    "proc.name pmatch (/a, /b/*)", "proc.name exists", "proc.name = ''", "proc.name = 1",
                    "proc.name startswith anyof (a, b)", "proc.name regex allof ('a.*', '.*b')", "proc.name = val(proc.pname)",
                    "proc.name contains tolower(proc.pname)", "tolower(proc.name) in (a)", "proc.name = anyof ()",
                    "proc.args[1] = x", "proc.aargs contains base64", "proc.aargs[1] contains x",
                    "evt.arg.flags contains O_TRUNC", "evt.arg[0] = x", "proc.env[PATH] exists", "proc.env[0] exists",
                    "thread.cgroup.cpu = x", "fd.types in (file)", "fd.types[1] intersects (file)"));
INSTANTIATE_TEST_SUITE_P(Strings, TypesThatDoNot,
                         testing::Values("proc.name bcontains 61", "proc.name bstartswith 61", "proc.name regex '('",
                                         "proc.name = \"a\\x00b\"", "proc.name = val(proc.pid)",
                                         "proc.name pmatch val(proc.pname)", "proc.name regex val(proc.pname)",
                                         "proc.nosuch = x", "nosuch.field exists", "proc = x", "proc.name[1] = x",
                                         "proc.name[x] = x", "proc.args[x] = y", "fd.types = file", "fd.types contains file",
                                         "fd.types in val(proc.args)", "fd.types in val(fd.types)", "thread.cgroup[cpu] = x",
                                         "thread.cgroup = x", "evt.arg = x", "evt.arg[x] = y", "evt.arg.nosuch = x",
                                         "evt.rawarg[1] = 1", "evt.rawarg.nosuch = 1"));
INSTANTIATE_TEST_SUITE_P(Bytes, TypesThatFit,
                         testing::Values("evt.buffer = x", "evt.buffer != x", "evt.buffer contains x",
                                         "evt.buffer startswith x", "evt.buffer endswith x", "evt.buffer bcontains 6162",
                                         "evt.buffer bstartswith 6A", "evt.buffer in (x)", "evt.buffer exists",
                                         "b64(evt.buffer) contains x", "len(evt.buffer) > 3", "evt.buffer = \"a\\x00b\"",
                                         "evt.buffer bcontains anyof (61, 62)"));
INSTANTIATE_TEST_SUITE_P(Bytes, TypesThatDoNot,
                         testing::Values("evt.buffer icontains x", "evt.buffer glob x", "evt.buffer regex x", "evt.buffer < 1",
                                         "evt.buffer pmatch (x)", "evt.buffer bcontains 6", "evt.buffer bcontains zz",
                                         "tolower(evt.buffer) = x", "basename(evt.buffer) = x", "evt.buffer bcontains '61 62'",
                                         "evt.buffer bcontains 0x61", "evt.buffer bcontains anyof (61, 6)",
                                         "evt.buffer regex anyof (a)"));
INSTANTIATE_TEST_SUITE_P(Network, TypesThatFit,
                         testing::Values("fd.sip = 10.0.0.1", "fd.sip != '::1'", "fd.sip in (10.0.0.1, '::1')",
                                         "fd.sip intersects (10.0.0.1)", "fd.sip exists", "fd.ip = 10.0.0.1",
                                         "fd.snet = 10.0.0.0/8", "fd.net in ('10.0.0.0/8', 'fe80::/10')", "fd.snet != '::/0'",
                                         "fd.sport = 22", "fd.sport = ssh", "fd.sport > 1024", "fd.port in (22, ssh)",
                                         "fd.sport = ''", "fd.proto = ssh", "fd.sip = val(fd.cip)", "fd.sport = val(fd.cport)",
                                         "fd.sip.name = example.org", "fd.l4proto = tcp"));
INSTANTIATE_TEST_SUITE_P(Network, TypesThatDoNot,
                         testing::Values("fd.sip = x", "fd.sip = 10.0.0", "fd.sip = 10.0.0.0/8", "fd.sip < 1",
                                         "fd.sip contains 10", "fd.snet = 10.0.0.1", "fd.snet = 10.0.0.0/33",
                                         "fd.snet = 10.0.0.0/x", "fd.sport = nosuchservice", "fd.sport = +22",
                                         "fd.sport = 99999999999", "fd.sport contains 2", "fd.ip = val(fd.sip)",
                                         "fd.sip = val(fd.ip)", "fd.snet = val(fd.sip)", "fd.port = val(fd.sport)",
                                         "fd.sip.name = val(fd.name)", "tolower(fd.sip.name) = x", "len(fd.port) = 1"));
INSTANTIATE_TEST_SUITE_P(Network2, TypesThatFit,
                         testing::Values("fd.sip = anyof (1.2.3.4, ::1)", "fd.snet = oneof (10.0.0.0/8)",
                                         "fd.snet = 10.1.2.3/8", "fd.snet in ()", "fd.sport <= 0x50", "fd.sport in ()",
                                         "fd.cproto = domain"));
INSTANTIATE_TEST_SUITE_P(Network2, TypesThatDoNot,
                         testing::Values("fd.sip = ''", "fd.sip = 1.2.3.4:80", "fd.sip = '[::1]'",
                                         "fd.sip = :::", "fd.sip = ' 1.2.3.4'", "fd.sip = ::1/128", "fd.sip regex 1.2.3.4",
                                         "fd.sip contains anyof (1.2.3.4)", "fd.snet = ::1", "fd.snet = 10.0.0.0/",
                                         "fd.snet = fe80::/129", "fd.snet = 10.0.0.0/255.0.0.0", "fd.snet = 10.0.0/8",
                                         "fd.snet in (10.0.0.0/8, 1.2.3.4)", "fd.sport = -1", "fd.sport = '80 '",
                                         "fd.sport > 1.5", "fd.sport in (80, nosuchservice)"));
INSTANTIATE_TEST_SUITE_P(Ancestors, TypesThatFit,
                         testing::Values("proc.aname = x", "proc.aname[0] = x", "proc.aname[2] startswith x",
                                         "proc.aname in (a, b)", "proc.aname exists", "proc.apid = 1", "proc.apid[3] > 1",
                                         "proc.aexe contains x", "proc.aexepath = /x", "proc.acmdline contains x",
                                         "proc.aenv contains x", "proc.aenv[2] contains x"));
INSTANTIATE_TEST_SUITE_P(Ancestors, TypesThatDoNot,
                         testing::Values("tolower(proc.aname) = x", "tolower(proc.aname[2]) = x", "proc.aname = val(proc.name)",
                                         "proc.name = val(proc.aname[1])", "proc.aname[x] = y", "proc.apid = x",
                                         "proc.apid contains 1", "join(',', (proc.aname, 'a')) = x",
                                         "getopt((proc.aname[1]), 'a') exists", "proc.aname[1.5] = x", "proc.aname[''] = x",
                                         "proc.aname[0x1] = x", "concat(proc.aname, 'a') = x"));
INSTANTIATE_TEST_SUITE_P(EventTypes, TypesThatFit,
                         testing::Values("evt.type = open", "evt.type in (execve, execveat)", "evt.type != open",
                                         "evt.type startswith open", "evt.type contains open", "evt.type exists",
                                         "evt.type = anyof (open, close)", "evt.dir = <", "evt.dir = '>'",
                                         "syscall.type = nosuchcall", "evt.type.is.open = 1", "evt.around[5] = 3",
                                         "evt.type = pread"));
INSTANTIATE_TEST_SUITE_P(EventTypes, TypesThatDoNot,
                         testing::Values("evt.type = nosuchcall", "evt.type in (open, nosuchcall)", "evt.type startswith ope",
                                         "tolower(evt.type) = open", "evt.type = val(proc.name)",
                                         "evt.type = tolower(proc.name)", "join(',', (evt.type)) = open",
                                         "join(',', (proc.name, evt.type)) = x", "evt.type = ''", "evt.type in val(proc.name)",
                                         "syscall.type = val(proc.name)", "evt.type > 5", "evt.type.is.nosuchcall = 1",
                                         "evt.type.is = 1", "evt.around[5] > 3", "evt.around[x] = 3", "evt.around = 3",
                                         "evt.type[1] = open"));
INSTANTIATE_TEST_SUITE_P(Transformers, TypesThatFit,
                         testing::Values("tolower(proc.name) = x", "toupper(tolower(proc.name)) = X",
                                         "basename(proc.exepath) = x", "b64(proc.cmdline) contains x", "len(proc.name) > 3",
                                         "len(fd.types) > 1", "concat(proc.name, proc.pname) = x", "join(',', fd.types) = x",
                                         "join(',', (proc.name, 'x')) = y", "getopt(fd.types, 'a:')[a] = x",
                                         "getopt(fd.types, 'a:') intersects (x)", "tolower(getopt(fd.types, 'a')[a]) = x",
                                         "len(join(',', fd.types)) = 3", "tolower(proc.args) = x"));
INSTANTIATE_TEST_SUITE_P(
    Transformers, TypesThatDoNot,
    testing::Values("concat(proc.name) = x", "concat(proc.name, proc.pid) = x", "concat(fd.types, proc.name) = x",
                    "join(',', proc.name) = x", "join(fd.types, fd.types) = x", "join(',', fd.types, 'x') = y",
                    "getopt(proc.args, 'a') exists", "getopt(fd.types, fd.types) exists", "getopt(fd.types, 'a')[ab] exists",
                    "getopt(fd.types, 'a') = x", "tolower(proc.name, proc.pname) = x", "tolower(proc.name)[1] = x",
                    "join(',', fd.types)[1] = x", "proc.name = val(proc.pname)[1]", "tolower(nosuch.field) = x"));

TEST(EveryFieldOfFalco, IsKnownByName) {
  for (const char* name :
       {"evt.count.error.file", "evt.count.exit", "evt.buflen.file.in", "evt.buflen.net.out", "evt.outputtime",
        "evt.infra.docker.name", "proc.aargs", "proc.pidns_init_start_ts", "thread.vmsize.b", "thread.vmrss.b", "util.cnt",
        "fdlist.names", "fs.path.targetraw", "evt.abspath.src", "container.mounts", "k8s.pod.name", "evt.wait_latency",
        "proc.loginshellid", "fd.is_lower_layer"})
    EXPECT_NE(load_condition(std::string(name) + " exists").rules, nullptr) << name;
}

}  // namespace
}  // namespace hullwatch::test
