#pragma once
// Where the running runtimes keep their files, when that is not the usual place: told by the command lines of dockerd and
// conmon. A command line is anyone's to write, so only processes of the host count, and of these dockerd as root, and a conmon
// that is truly the parent of the container asked for. Reads /proc; any thread.

#include <optional>
#include <string>
#include <vector>

namespace hullwatch {

/// Data roots of the host's dockerd processes, from --data-root or their daemon.json; without repeats.
std::vector<std::string> docker_roots_in_use(const std::string& host_root);

struct Conmon {
  std::string name;
  std::string bundle;  // "<graph root>/<driver>-containers/<id>/userdata"
};

std::optional<Conmon> find_conmon(const std::string& host_root, const std::string& id);

/// "<root>/<driver>-containers/<id>/userdata" -> "<root>"; empty when a bundle does not lie so.
std::string storage_of_bundle(const std::string& bundle, const std::string& id);

}  // namespace hullwatch
