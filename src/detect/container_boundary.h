#pragma once
// Where one container ends. Two findings:
//
//   nested_container     a container made a cgroup named like a container's inside its own (Docker in Docker, kind): said once
//                        for each container; where its processes belong does not change
//   container_crossing   a process of a container entered, by setns, namespaces that belong to another container or to the host
//
// A namespace belongs to the first container whose own program (not the runtime that sets it up) was seen in it, and to the
// host when the host's first process is in it. Bounded: beyond kMaxNamespaces further ones belong to nobody. Evaluator thread
// only.

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>

#include "detect/detector.h"

namespace hullwatch {

class ContainerBoundaryDetector : public Detector {
 public:
  /// Finds a container by its home; null: gone, or not known.
  using FindContainer = std::function<const Container*(uint64_t home)>;
  explicit ContainerBoundaryDetector(FindContainer find) : find_(std::move(find)) {}

  void on_event(const EventContext& context, const FindingSink& found) override;
  void on_tick(uint64_t, const FindingSink&) override {}

  /// `home`, 0 for the host, lives in these namespaces: those that nobody has yet become its. Once for each container.
  void learn(uint64_t home, const hw_namespaces& namespaces);
  /// The container is gone, and its namespaces with it: the kernel uses their numbers again.
  void forget(uint64_t home);

 private:
  static constexpr size_t kMaxNamespaces = 32768;

  void look_at_entry(const EventContext& context, const NamespaceEvent& entry, const FindingSink& found) const;
  void look_at_nesting(const EventContext& context, const FindingSink& found);

  FindContainer find_;
  std::unordered_map<uint32_t, uint64_t> owners_;  // inode of a namespace -> home
  std::set<uint64_t> learned_;                     // homes whose namespaces are known
  std::set<uint64_t> nested_;                      // homes that were told
};

}  // namespace hullwatch
