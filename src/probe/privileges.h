#pragma once
// The capabilities hullwatch asks for, and which of them this process lacks. Any thread.

#include <string>
#include <vector>

namespace hullwatch {

struct MissingPrivilege {
  std::string name;   // "CAP_BPF"
  std::string costs;  // what does not work without it
  bool fatal;         // nothing can be watched
};

std::vector<MissingPrivilege> missing_privileges();

}  // namespace hullwatch
