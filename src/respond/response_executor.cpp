#include "respond/response_executor.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "enrich/proc_reader.h"
#include "respond/cgroup_freezer.h"
#include "respond/cgroup_kill.h"
#include "respond/process_signal.h"

namespace hullwatch {
namespace {

using enum ResponseResult;
using Kind = ResponseAction::Kind;
using Clock = std::chrono::steady_clock;

constexpr size_t kSentMax = 256;
constexpr std::chrono::seconds kSentFor{10};

ResponseEffect refuse(std::string why) { return {.result = refused, .reason = std::move(why), .target = {}}; }
ResponseEffect failure(std::string why, std::string target = {}) {
  return {.result = failed, .reason = std::move(why), .target = std::move(target)};
}

/// A number, or none: "max".
std::optional<uint64_t> limit_in(const std::string& text) {
  uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return {};
  return value;
}

}  // namespace

ResponseEffect ResponseExecutor::carry_out(const ResponseOrder& order) {
  if (order.home == 0) return refuse("it is about the host: responses are for containers");
  if (order.action.kind == Kind::signal) return signal(order);
  for (const auto& [controller, mount] : scene_.tree.controllers)
    if (std::string why = off_limits_.cgroup(order.cgroup_path, controller); !why.empty()) return refuse(std::move(why));
  if (std::string why = off_limits_.cgroup(order.cgroup_path, {}); !why.empty()) return refuse(std::move(why));
  const auto cgroup = TargetCgroup::open(scene_.tree.path, order.cgroup_path);
  if (!cgroup) return failure(cgroup.error().message);
  if (cgroup->id() != order.home) return failure("the container is gone: another cgroup has the path " + order.cgroup_path);
  switch (order.action.kind) {
    case Kind::freeze: return freeze(order, true);
    case Kind::thaw: return freeze(order, false);
    case Kind::clamp_pids: return clamp(order);
    case Kind::kill_container:
      return kill_cgroup(*cgroup, scene_.tree, order.cgroup_path, scene_.proc_root, scene_.patience, scene_.dry_run);
    case Kind::signal: break;
  }
  return refuse("not an action on a cgroup");
}

ResponseEffect ResponseExecutor::freeze(const ResponseOrder& order, bool frozen) const {
  const auto freezer = CgroupFreezer::open(scene_.tree, order.cgroup_path);
  if (!freezer) return failure(freezer.error().message);
  ResponseEffect effect{.result = done, .reason = {}, .target = freezer->target()};
  const auto is = freezer->frozen();
  if (!is) return failure(is.error().message, effect.target);
  if (*is == frozen) {
    effect.reason = frozen ? "already frozen" : "not frozen";
    return effect;
  }
  if (scene_.dry_run) {
    effect.result = dry_run;
    effect.reason = frozen ? "would freeze" : "would thaw";
    return effect;
  }
  const auto so = freezer->set(frozen, scene_.patience);
  if (!so) return failure(so.error().message, effect.target);
  if (!*so) effect.reason = frozen ? "asked for; some tasks do not stop yet" : "asked for; a cgroup above it is frozen";
  return effect;
}

/// Only ever tighter: a limit the container already has is not lifted.
ResponseEffect ResponseExecutor::clamp(const ResponseOrder& order) const {
  const auto cgroup = TargetCgroup::open(scene_.tree.mount_of("pids"), order.cgroup_path);
  if (!cgroup) return failure(cgroup.error().message);
  ResponseEffect effect{.result = done, .reason = {}, .target = cgroup->path_of("pids.max")};
  const auto before = cgroup->read("pids.max");
  if (!before) return failure(before.error().message, effect.target);
  if (const auto limit = limit_in(*before); limit && *limit <= order.action.value) {
    effect.reason = "already: pids.max is " + *before;
    return effect;
  }
  const std::string change = "pids.max was " + *before;
  if (scene_.dry_run) {
    effect.result = dry_run;
    effect.reason = change;
    return effect;
  }
  if (auto written = cgroup->write("pids.max", std::to_string(order.action.value)); !written)
    return failure(std::move(written.error().message), effect.target);
  effect.reason = change;
  return effect;
}

ResponseEffect ResponseExecutor::signal(const ResponseOrder& order) {
  if (std::string why = off_limits_.process(order.pid); !why.empty()) return refuse(std::move(why));
  ResponseEffect effect{.result = done, .reason = {}, .target = "pid " + std::to_string(order.pid)};
  const auto now = Clock::now();
  while (!sent_.empty() && (now - sent_.front().at > kSentFor || sent_.size() >= kSentMax)) sent_.pop_front();
  if (std::ranges::any_of(sent_, [&](const Sent& sent) {
        return sent.pid == order.pid && sent.start_ns == order.start_ns && sent.signal == order.action.value;
      })) {
    effect.reason = "already sent within the last 10 s";
    return effect;
  }
  const ProcReader proc(scene_.proc_root);
  bool is_it = false;
  const auto sent = signal_process(order.pid, scene_.dry_run ? 0 : static_cast<int>(order.action.value), [&] {
    const auto stat = proc.stat(order.pid);
    return is_it = stat && same_start(order.start_ns, stat->start_ticks);
  });
  if (!sent) return failure(sent.error().message, effect.target);
  if (!*sent) return failure(is_it ? "it ended meanwhile" : "it has ended; the pid may be another's", effect.target);
  if (scene_.dry_run)
    effect.result = dry_run;
  else
    sent_.push_back({.pid = order.pid, .start_ns = order.start_ns, .signal = order.action.value, .at = now});
  return effect;
}

}  // namespace hullwatch
