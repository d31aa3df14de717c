#include "util/diagnostic.h"

#include <gtest/gtest.h>

namespace hullwatch {
namespace {

Diagnostic at_column(std::string excerpt, uint32_t column) {
  Diagnostic diagnostic;
  diagnostic.message = "wrong";
  diagnostic.position = {"f.yaml", 3, column};
  diagnostic.excerpt = std::move(excerpt);
  return diagnostic;
}

TEST(Diagnostic, ShowsPlaceLineCaretAndHint) {
  Diagnostic diagnostic = at_column("  key: x", 8);
  diagnostic.code = "LOAD_ERR";
  diagnostic.item = "rule 'r'";
  diagnostic.hint = "did you mean 'y'?";
  EXPECT_EQ(format_diagnostic(diagnostic),
            "f.yaml:3:8: error: rule 'r': wrong [LOAD_ERR]\n    key: x\n         ^\n  hint: did you mean 'y'?");
}

TEST(Diagnostic, CaretStandsBelowItsCharacterAfterTabsAndUtf8) {
  EXPECT_EQ(format_diagnostic(at_column("\t\xc3\xa9x", 4)), "f.yaml:3:4: error: wrong\n  \t\xc3\xa9x\n  \t ^");
}

TEST(Diagnostic, WithoutAPlaceOnlyTheFileIsNamed) {
  Diagnostic diagnostic;
  diagnostic.severity = Diagnostic::Severity::warning;
  diagnostic.message = "odd";
  diagnostic.position.file = "f.yaml";
  EXPECT_EQ(format_diagnostic(diagnostic), "f.yaml: warning: odd");
}

TEST(Diagnostic, ControlBytesOfTheFileDoNotReachTheTerminal) {
  EXPECT_EQ(format_diagnostic(at_column("a\x1b[2Jb", 1)), "f.yaml:3:1: error: wrong\n  a?[2Jb\n  ^");
}

TEST(Diagnostic, LinesAreFoundByNumber) {
  EXPECT_EQ(line_of("a\nb\r\n\nd", 2), "b");
  EXPECT_EQ(line_of("a\nb\r\n\nd", 4), "d");
  EXPECT_EQ(line_of("a\nb\n", 3), "");
}

TEST(Diagnostic, HintNamesTheNearestWordOrNothing) {
  EXPECT_EQ(did_you_mean("lsiten", {"log", "listen", "limits"}), "did you mean 'listen'?");
  EXPECT_EQ(did_you_mean("entirely-other", {"log", "listen"}), "");
}

}  // namespace
}  // namespace hullwatch
