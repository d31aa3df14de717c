#pragma once
// What verbs share: exit codes and the way errors are said.

#include <string_view>
#include <vector>

#include "util/diagnostic.h"

namespace hullwatch {

enum ExitCode : int {
  kExitOk = 0,
  kExitFindings = 1,  // findings, tampering or failure at run time
  kExitUsage = 2,
  kExitConfiguration = 3,  // configuration or rule files
  kExitPrivilege = 4,      // missing privilege or kernel feature
  kExitPartial = 5,        // degraded, with --strict
};

/// Each diagnostic to stderr with place, line and caret. True when one of them is an error.
bool print_diagnostics(const std::vector<Diagnostic>& diagnostics);
/// "hullwatch: message" to stderr, safe for a terminal.
void print_error(std::string_view message);

}  // namespace hullwatch
