// The parts of one rule, sentence by sentence: exceptions, outputs, skip-if-unknown-filter, and what conditions are warned of.

#include "unit/rules/rule_file_table.h"

namespace hullwatch::test {
namespace {

class PartOfARule : public testing::TestWithParam<File> {};
TEST_P(PartOfARule, LoadsOrDoesNot) { expect_it_loads_or_does_not(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Exceptions, PartOfARule,
    testing::Values(
        File{"list form", exception("    fields: [proc.name, proc.pname]\n    comps: [=, in]\n    values: [[a, [b, c]]]\n")},
        File{"string form", exception("    fields: proc.name\n    values: [a, b c]\n")},
        File{"default comps", exception("    fields: [proc.name]\n    values: [[a]]\n")},
        File{"no values", exception("    fields: proc.name\n")}, File{"no fields", exception("    values: [a]\n"), kYaml},
        File{"no name", kRule + "  exceptions:\n  - fields: proc.name\n", kYaml},
        File{"no map", kRule + "  exceptions: [e]\n", kYaml}, File{"no list", kRule + "  exceptions: e\n", kYaml},
        File{"null", kRule + "  exceptions:\n"},
        File{"same name twice", exception("    fields: proc.name\n  - name: e\n    fields: proc.pname\n"),
             "LOAD_EXCEPTION_NAME_NOT_UNIQUE"},
        File{"too few comps", exception("    fields: [proc.name, proc.pname]\n    comps: [=]\n"), kValidate},
        File{"too short a tuple", exception("    fields: [proc.name, proc.pname]\n    values: [[a]]\n"), kValidate},
        File{"unknown operator", exception("    fields: [proc.name]\n    comps: [like]\n"), kValidate},
        File{"modifier", exception("    fields: proc.name\n    comps: startswith oneof\n    values: [a]\n")},
        File{"two blanks before the modifier",
             exception("    fields: proc.name\n    comps: startswith  oneof\n    values: [a]\n"), kValidate},
        File{"blanks around", exception("    fields: [proc.name]\n    comps: [' = ']\n    values: [[a]]\n")},
        File{"one field, scalar operator", exception("    fields: proc.name\n    comps: startswith\n    values: [a]\n"),
             kValidate},
        File{"one field, tuples", exception("    fields: proc.name\n    values: [[a]]\n"), kValidate},
        File{"unknown field", exception("    fields: nosuch.f\n"), kValidate},
        File{"transformed field", exception("    fields: tolower(proc.name)\n    values: [a]\n")},
        File{"comps for one field are a list", exception("    fields: proc.name\n    comps: [in]\n"), kValidate},
        File{"values no list", exception("    fields: proc.name\n    values: a\n"), kYaml},
        File{"empty value", exception("    fields: proc.name\n    values: ['']\n"), kYaml},
        File{"scalar for a list operator", exception("    fields: [proc.name]\n    comps: [in]\n    values: [['(a, b)']]\n")},
        File{"fields null", exception("    fields:\n"), kValidate},
        File{"fields empty", exception("    fields: []\n"), kValidate},
        File{"fields empty text", exception("    fields: ''\n"), kYaml},
        File{"fields a map", exception("    fields: {a: b}\n"), kValidate},
        File{"values null", exception("    fields: [proc.name]\n    values:\n"), kYaml},
        File{"values a map", exception("    fields: [proc.name]\n    values: {a: b}\n"), kYaml},
        File{"scalar for a tuple", exception("    fields: [proc.name]\n    values: [a]\n"), kValidate},
        File{"empty tuple", exception("    fields: [proc.name]\n    values: [[]]\n"), kValidate},
        File{"too long a tuple", exception("    fields: [proc.name]\n    values: [[a, b]]\n"), kValidate},
        File{"comps null", exception("    fields: [proc.name]\n    comps:\n    values: [[a]]\n")},
        File{"comps empty", exception("    fields: [proc.name]\n    comps: []\n    values: [[a]]\n")},
        File{"comps too many", exception("    fields: [proc.name]\n    comps: [=, =]\n    values: [[a]]\n"), kValidate},
        File{"comps in capitals", exception("    fields: [proc.name]\n    comps: [IN]\n    values: [[a]]\n"), kValidate},
        File{"exists", exception("    fields: [proc.name]\n    comps: [exists]\n    values: [[a]]\n"), kCompile},
        File{"number wanted", exception("    fields: [proc.pid]\n    comps: ['>']\n    values: [[a]]\n"), kCompile},
        File{"list operator with a modifier", exception("    fields: [proc.name]\n    comps: [in oneof]\n    values: [[a]]\n"),
             kValidate},
        File{"list under =", exception("    fields: [proc.name]\n    values: [[[a, b]]]\n"), kCompile},
        File{"blank under in", exception("    fields: [proc.name]\n    comps: [in]\n    values: [[a b]]\n"), kCompile},
        File{"blank under =", exception("    fields: [proc.name]\n    values: [[a b]]\n")},
        File{"quote in a value", exception("    fields: [proc.name]\n    values: [[\"a'b\"]]\n"), kCompile},
        File{"a list's name under in",
             "- list: l\n  items: [a, b]\n" + exception("    fields: [proc.name]\n    comps: [in]\n    values: [[l]]\n")},
        File{"append values", appended("    values: [[c, d]]\n")},
        File{"append wrong values", appended("    values: [[c]]\n"), kValidate},
        File{"append fields to an old one", appended("    fields: [proc.name]\n    values: [[c]]\n"), kValidate},
        File{"append comps to an old one", appended("    comps: [=, =]\n    values: [[c, d]]\n"), kValidate},
        File{"append no values", appended(""), "LOAD_APPEND_NO_VALUES"},
        File{"append a new one", appended("    values: [[c, d]]\n  - name: n\n    fields: proc.name\n    values: [a]\n")},
        File{"append a new one without values", appended("    values: [[c, d]]\n  - name: n\n    fields: proc.name\n"),
             kValidate},
        File{"append a new one without fields", appended("    values: [[c, d]]\n  - name: n\n    values: [a]\n"), kValidate},
        File{"replace",
             appended("    fields: proc.name\n    comps: in\n    values: [a]\n", "  override: {exceptions: replace}\n")}));
INSTANTIATE_TEST_SUITE_P(
    Outputs, PartOfARule,
    testing::Values(
        File{"field", with("output", "'%proc.name'")}, File{"padded", with("output", "'%10proc.name|'")},
        File{"field before a parenthesis", with("output", "'(%proc.name)'")},
        File{"field before a dot", with("output", "'%proc.name.'")},
        File{"transformer", with("output", "'%tolower(proc.name)'")},
        File{"join", with("output", "\"%join(',', (proc.name, proc.pname))\"")}, File{"star", with("output", "'*%proc.name'")},
        File{"trailing %", with("output", "'100%'"), kOutput}, File{"%%", with("output", "'%% %proc.name'"), kOutput},
        File{"unknown field", with("output", "'%nosuch.f'"), kOutput}, File{"no field", with("output", "'50% of'"), kOutput},
        File{"blank", with("output", "' '"), kOutput},
        File{"container.info", with("output", "'x %container.info'"), "LOAD_DEPRECATED_ITEM"},
        File{"evt.latency", with("output", "'%evt.latency'"), "LOAD_DEPRECATED_ITEM"},
        File{"argument", with("output", "'%proc.aname[2] %evt.arg.flags %evt.arg[0]'")},
        File{"unclosed argument", with("output", "'%proc.aname[2'")}, File{"digits alone", with("output", "'%5'"), kOutput},
        File{"blank behind %", with("output", "'% proc.name'"), kOutput},
        File{"val()", with("output", "'%val(proc.name)'"), kOutput}, File{"half a field", with("output", "'%proc'"), kOutput},
        File{"field of conditions", with("output", "'%fd.ip %fd.port %fd.net'")},
        File{"two fields in a row", with("output", "'%proc.name%proc.pname,%evt.res;'")},
        File{"evt.dir", with("output", "'%evt.dir'"), "LOAD_DEPRECATED_ITEM"},
        File{"wrong transformer", with("output", "'%len(proc.pid)'"), kOutput}));
std::string skipping(const std::string& key, const std::string& value) {
  return with(key, value) + "  skip-if-unknown-filter: true\n";
}
INSTANTIATE_TEST_SUITE_P(SkipIfUnknownFilter, PartOfARule,
                         testing::Values(File{"field", skipping("condition", "nosuch.f = 1"), "LOAD_UNKNOWN_FILTER"},
                                         File{"event type", skipping("condition", "evt.type = nosuch"), "LOAD_UNKNOWN_FILTER"},
                                         File{"argument not taken", skipping("condition", "proc.name[1] = x"),
                                              "LOAD_UNKNOWN_FILTER"},
                                         File{"field of an output", skipping("output", "'%nosuch.f'"), "LOAD_UNKNOWN_FILTER"},
                                         File{"syntax", skipping("condition", "proc.name ="), kCompile},
                                         File{"type", skipping("condition", "proc.pid = x"), kCompile},
                                         File{"macro", skipping("condition", "nosuch"), kValidate},
                                         File{"event argument", skipping("condition", "evt.arg.nosuch = 1"), kCompile},
                                         File{"trailing %", skipping("output", "'100%'"), kOutput}));

INSTANTIATE_TEST_SUITE_P(
    Warnings, PartOfARule,
    testing::Values(
        File{"regex without need", with("condition", "evt.type = open and proc.name regex abc"), "LOAD_COMPILE_CONDITION"},
        File{"regex that begins with anything", with("condition", "evt.type = open and proc.name regex .*abc$"),
             "LOAD_COMPILE_CONDITION"},
        File{"string like a field", with("condition", "evt.type = open and proc.name = proc.pname"), "LOAD_COMPILE_CONDITION"},
        File{"string like a field, in a list", with("condition", "evt.type = open and proc.name in (a, proc.pname)"),
             "LOAD_COMPILE_CONDITION"},
        File{"string like an argument", with("condition", "evt.type = open and proc.name = evt.arg.flags"),
             "LOAD_COMPILE_CONDITION"},
        File{"string like val()", with("condition", "evt.type = open and proc.name = \"val(proc.pname)\""),
             "LOAD_COMPILE_CONDITION"},
        File{"string like a transformer of nothing", with("condition", "evt.type = open and proc.name = \"len(x)\""),
             "LOAD_COMPILE_CONDITION"},
        File{"any event but one", with("condition", "evt.type != open"), "LOAD_NO_EVTTYPE"},
        File{"an event or anything", with("condition", "evt.type = open or proc.name = x"), "LOAD_NO_EVTTYPE"}));

TEST(Warnings, AreNotRaisedWithoutReason) {
  for (const char* condition :
       {"evt.type = open and proc.name regex a[bc]d", "evt.type = open and proc.name regex ^.*abc",
        "evt.type = open and proc.name regex abc.*$", "evt.type = open and proc.name = a.b", "evt.num = 0",
        "evt.type = open and proc.name = \"proc.name[1]\"", "evt.type = open and proc.name = \"lens(x)\"",
        "not not evt.type = open", "evt.type = open and evt.type = close"})
    EXPECT_TRUE(RuleSet::load_text({{"f", with("condition", "'" + std::string(condition) + "'")}}, {}).diagnostics.empty())
        << condition;
}

}  // namespace
}  // namespace hullwatch::test
