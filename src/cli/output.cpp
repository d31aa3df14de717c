#include "cli/output.h"

#include <iostream>

#include "util/utf8.h"

namespace hullwatch {

bool print_diagnostics(const std::vector<Diagnostic>& diagnostics) {
  bool failed = false;
  for (const Diagnostic& diagnostic : diagnostics) {
    std::cerr << format_diagnostic(diagnostic) << '\n';
    failed |= diagnostic.severity == Diagnostic::Severity::error;
  }
  return failed;
}

void print_error(std::string_view message) { std::cerr << "hullwatch: " << to_terminal(message) << '\n'; }

}  // namespace hullwatch
