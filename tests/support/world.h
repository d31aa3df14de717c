#pragma once
// What is around an event in a test: processes, containers, users; and the EventContext that joins them.

#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "enrich/context.h"
#include "support/event_builder.h"

namespace hullwatch::test {

/// A finding as a detector would make it from `cause`.
template <typename Finding>
BuiltEvent finding(EventType type, const Event& cause, Finding body) {
  Event event;
  event.type = type;
  event.header = cause.header;
  event.header.kind = HW_KIND_NONE;
  event.body = std::move(body);
  return BuiltEvent(std::move(event));
}

class World {
 public:
  /// User names come from `root`/etc/passwd; by default none are known.
  explicit World(std::string root = "/nonexistent") : users_(std::move(root)) {}

  /// A docker container of that name, metadata known.
  Container& container(std::string_view name, std::string_view image = "nginx:1.27") {
    Container& made = containers_.emplace_back();
    made.cgroup_id = 5000 + containers_.size();
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (size_t i = 0; i < 64; ++i) made.id.push_back(kDigits[(i * 7 + containers_.size()) % 16]);
    made.cgroup_path = "/docker/" + made.id;
    made.runtime = "docker";
    made.created_ns = 1'000'000'000;
    made.state = Container::Metadata::ready;
    made.meta.name = name;
    made.meta.image = image;
    return made;
  }
  /// Puts a process into the tree by its exec, as child of `parent` (0: of nobody known).
  template <typename Builder>
  const Process& process(Builder builder) {
    const BuiltEvent event = builder.build();
    take(event);
    return *tree_.find(event->header.process);
  }
  const Process& process(uint32_t pid, std::string_view path, uint32_t parent = 0) {
    return process(exec(path).pid(pid).child_of(parent));
  }
  /// The tree takes the event up, as the pipeline does before evaluation.
  void take(const Event& event) { tree_.update(event); }
  /// The context of an event, taken up or not. Lives as long as event and world; invalid after the next take().
  [[nodiscard]] EventContext context(const Event& event) {
    return {.event = event,
            .process = tree_.find(event.header.process),
            .container = find(event.header.home),
            .tree = tree_,
            .users = users_,
            .wall_ns = kBootWall + event.header.time_ns,
            .number = ++number_};
  }
  [[nodiscard]] EventContext take_in(const Event& event) {
    take(event);
    return context(event);
  }

  ProcessTree& tree() { return tree_; }
  UserNames& users() { return users_; }

  /// CLOCK_REALTIME at boot: 2026-11-22T00:00:00Z.
  static constexpr uint64_t kBootWall = 1'795'305'600'000'000'000ULL;

 private:
  [[nodiscard]] const Container* find(uint64_t home) const {
    for (const auto& container : containers_)
      if (home != 0 && container.cgroup_id == home) return &container;
    return nullptr;
  }

  ProcessTree tree_{1024, 5'000'000'000ULL};
  UserNames users_;
  std::deque<Container> containers_;
  uint64_t number_ = 0;
};

}  // namespace hullwatch::test
