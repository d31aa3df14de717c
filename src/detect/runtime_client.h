#pragma once
// Who speaks to a runtime, as far as it was known when its bytes came: kept with the request until that is judged, which may be
// on a tick, when the process is gone. Passive data, evaluator thread only.

#include <string>
#include <vector>

#include "hullwatch/wire.h"

namespace hullwatch {

/// Who made a connection that another program uses.
struct ConnectionOpener {
  hw_key process{};
  uint64_t home = 0;   // 0: the host
  std::string name;    // empty: gone before it could be seen
  bool known = false;  // home and name mean something
};

struct RuntimeClient {
  hw_header header{};
  std::vector<hw_ancestor> ancestors;
  std::string image;       // of its container, when that was known
  std::string address;     // over TCP
  bool component = false;  // part of a runtime itself
  bool remote = false;     // over TCP, from nobody known on this node
};

}  // namespace hullwatch
