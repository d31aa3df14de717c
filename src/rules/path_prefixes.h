#pragma once
// The patterns of one `pmatch`: a path matches when its leading components match all components of a pattern; a pattern's
// component may be a glob. "/var/run" matches "/var/run/docker.sock", not "/var/runx".

#include <string>
#include <string_view>
#include <vector>

namespace hullwatch::rules {

class PathPrefixes {
 public:
  void add(std::string_view pattern);
  [[nodiscard]] bool match(std::string_view path) const;

 private:
  struct Component {
    std::string text;
    bool glob = false;
  };
  std::vector<std::vector<Component>> patterns_;
};

}  // namespace hullwatch::rules
