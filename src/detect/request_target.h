#pragma once
// The target of an HTTP request, taken apart as the runtimes' servers do before they choose a handler. Pure, any thread.

#include <optional>
#include <string>
#include <string_view>

namespace hullwatch {

struct RequestTarget {
  std::string path;     // decoded; "/containers/create", without the version
  std::string version;  // "v1.41", or empty
  std::string query;    // as sent
};

/// Nothing for a target a server refuses: neither a path, "*" nor an absolute URL, or a broken percent escape.
std::optional<RequestTarget> split_target(std::string_view target);

/// Whether a server takes the connection over after a request to `path` (attach, exec start, session), so that what follows
/// need not be HTTP. It does not have to: a detached exec answers like any other request.
bool hijacks(std::string_view path);

}  // namespace hullwatch
