#include "rules/path_prefixes.h"

#include <fnmatch.h>

#include <algorithm>

namespace hullwatch::rules {
namespace {

/// Takes the next component off the front of `path`; empty at the end.
std::string_view next_component(std::string_view& path) {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  const std::string_view component = path.substr(0, path.find('/'));
  path.remove_prefix(component.size());
  return component;
}

}  // namespace

void PathPrefixes::add(std::string_view pattern) {
  auto& components = patterns_.emplace_back();
  for (auto part = next_component(pattern); !part.empty(); part = next_component(pattern))
    components.push_back({std::string(part), part.find_first_of("*?[") != std::string_view::npos});
}

bool PathPrefixes::match(std::string_view path) const {
  return std::ranges::any_of(patterns_, [path](const std::vector<Component>& pattern) {
    std::string_view rest = path;
    return std::ranges::all_of(pattern, [&rest](const Component& component) {
      const std::string_view part = next_component(rest);
      if (part.empty()) return false;
      if (!component.glob) return component.text == part;
      return ::fnmatch(component.text.c_str(), std::string(part).c_str(), 0) == 0;
    });
  });
}

}  // namespace hullwatch::rules
