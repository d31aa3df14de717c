#pragma once
// What the OCI runtimes themselves (runc, crun) remember of a running container: the one source that is there whoever called
// them. It names containers whose cgroup's name says nothing ("runc run web" makes /web), and leads to the files of whoever
// called. Reads files; one thread at a time.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "enrich/cgroup_path.h"
#include "enrich/container.h"

namespace hullwatch {

struct RuntimeState {
  std::string runtime;    // "runc" or "crun"
  std::string id;         // as given to the runtime
  uint32_t init_pid = 0;  // of its first process, 0: not told
  std::string bundle, rootfs;
  std::vector<std::string> cgroups;  // from the hierarchies' roots, without repeats
  ContainerMetadata told;            // by the annotations of the spec, as it was when the container was made
};

class RuntimeStates {
 public:
  RuntimeStates(std::string host_root, std::vector<std::string> runc_roots, std::vector<std::string> crun_roots);

  /// Reads all states again, for identify(). Returns how many there are.
  size_t refresh();
  /// The container whose own cgroup is `path`: by the states read last, or because a container of the cgroup's name is being
  /// created right now (its directory is there, its state not yet). Two to six system calls.
  [[nodiscard]] std::optional<CgroupIdentity> identify(std::string_view path) const;
  /// All there are.
  [[nodiscard]] std::vector<RuntimeState> read_all() const;
  /// By id, else by the name of its cgroup: a bundle may ask for any.
  [[nodiscard]] std::optional<RuntimeState> find(const std::string& id) const;

 private:
  struct Root {
    std::string path, runtime;
  };

  std::string host_root_;
  std::vector<Root> roots_;
  std::map<std::string, CgroupIdentity, std::less<>> by_cgroup_;
};

}  // namespace hullwatch
