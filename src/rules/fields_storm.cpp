// Forks and exits, fork bombs, bursts, floods, and what was lost in them.
#include <cmath>

#include "event/decode.h"
#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

template <auto Member>
Value bomb_count(Context c, Argument, Scratch) {
  const auto* bomb = c.event.get<ForkBombFinding>();
  return bomb == nullptr ? Value{} : number(bomb->*Member);
}
Value bomb_reason(Context c, Argument, Scratch) {
  const auto* bomb = c.event.get<ForkBombFinding>();
  return bomb == nullptr ? Value{} : text(bomb->reason);
}
Value bomb_live(Context c, Argument, Scratch) {
  return of<ForkBombFinding>(c, [](const auto& e) { return e.live; });
}
Value bomb_limit(Context c, Argument, Scratch) {
  const auto* bomb = c.event.get<ForkBombFinding>();
  return bomb == nullptr || bomb->pids_max < 0 ? Value{} : signed_number(bomb->pids_max);
}
Value bomb_rate(Context c, Argument, Scratch) {
  return of<ForkBombFinding>(
      c, [](const auto& e) { return static_cast<uint64_t>(std::max(0.0, std::round(e.forks_per_second))); });
}
Value bomb_over(Context c, Argument, Scratch) {
  return of<ForkBombFinding>(c, [](const auto& e) { return e.over; });
}

template <auto Member>
Value burst_count(Context c, Argument, Scratch) {
  const auto* burst = c.event.get<BurstEvent>();
  return burst == nullptr ? Value{} : number(burst->facts.counts.*Member);
}
Value burst_live(Context c, Argument, Scratch) {
  return of<BurstEvent>(c, [](const auto& e) { return int64_t{e.facts.counts.live}; });
}
Value burst_over(Context c, Argument, Scratch) {
  return of<BurstEvent>(c, [](const auto& e) { return e.facts.over != 0; });
}

Value flood_kind(Context c, Argument, Scratch) {
  return of<FloodEvent>(c, [](const auto& e) { return kind_name(e.facts.flooded); });
}
Value flood_suppressed(Context c, Argument, Scratch) {
  return of<FloodEvent>(c, [](const auto& e) { return uint64_t{e.facts.suppressed}; });
}
Value flood_over(Context c, Argument, Scratch) {
  return of<FloodEvent>(c, [](const auto& e) { return e.facts.over != 0; });
}

Value lost_total(Context c, Argument, Scratch) {
  return of<LossEvent>(c, [](const auto& e) {
    uint64_t total = 0;
    for (const uint64_t lost : e.lost) total += lost;
    return total;
  });
}
Value lost_of_kind(Context c, Argument wanted, Scratch) {
  const auto* loss = c.event.get<LossEvent>();
  if (loss == nullptr || wanted == nullptr) return {};
  for (uint32_t kind = 1; kind < HW_KIND_MAX; ++kind)
    if (kind_name(kind) == wanted->text) return number(loss->lost[kind]);
  return {};
}
Value lost_producers(Context c, Argument, Scratch scratch) {
  const auto* loss = c.event.get<LossEvent>();
  if (loss == nullptr || loss->producers.empty()) return {};
  return built(scratch, [&](std::string& out) { out = loss->producers_text(); });
}
Value lost_critical(Context c, Argument, Scratch) {
  return of<LossEvent>(c, [](const auto& e) { return e.critical; });
}

// Told by the kernel's own pointers, not by the call's flags: those are in memory another thread may write (clone3), and not
// read at all before 5.15.
Value clone_is_sibling(Context c, Argument, Scratch) {
  return of<ForkEvent>(c, [](const auto& e) {
    const hw_key& parent = e.facts.child_parent;
    return parent.tgid != 0 && (parent.tgid != e.facts.h.process.tgid || parent.start_ns != e.facts.h.process.start_ns);
  });
}
Value note_what(Context c, Argument, Scratch) {
  return of<NoteFinding>(c, [](const auto& e) { return std::string_view(e.what); });
}
Value note_detail(Context c, Argument, Scratch) {
  return of<NoteFinding>(c, [](const auto& e) { return std::string_view(e.detail); });
}
Value note_over(Context c, Argument, Scratch) {
  return of<NoteFinding>(c, [](const auto& e) { return e.over; });
}

Value exit_code(Context c, Argument, Scratch) {
  return of<ExitEvent>(c, [](const auto& e) { return int64_t{(e.facts.exit_code >> 8) & 0xff}; });
}
Value exit_signal(Context c, Argument, Scratch) {
  return of<ExitEvent>(c, [](const auto& e) { return int64_t{e.facts.exit_code & 0x7f}; });
}
Value exit_lived(Context c, Argument, Scratch) {
  return of<ExitEvent>(c, [](const auto& e) { return uint64_t{e.facts.lived_ns}; });
}

constexpr auto kNone = Field::Argument::none;

// clang-format off
constexpr Field kFields[] = {
    {"fork_bomb.reason", string, kNone, "What gave it away: growth, slow_growth, near_limit, failed_forks, or split over containers", bomb_reason},
    {"fork_bomb.forks", unsigned_integer, kNone, "Forks since the burst began, threads included", bomb_count<&ForkBombFinding::forks>},
    {"fork_bomb.exits", unsigned_integer, kNone, "Exits since the burst began", bomb_count<&ForkBombFinding::exits>},
    {"fork_bomb.execs", unsigned_integer, kNone, "Execs since the burst began", bomb_count<&ForkBombFinding::execs>},
    {"fork_bomb.failed", unsigned_integer, kNone, "Forks the kernel refused for pids.max", bomb_count<&ForkBombFinding::failed_forks>},
    {"fork_bomb.creators", unsigned_integer, kNone, "Distinct processes that forked", bomb_count<&ForkBombFinding::creators>},
    {"fork_bomb.containers", unsigned_integer, kNone, "Containers it is split over; 1: it burns in one", bomb_count<&ForkBombFinding::containers>},
    {"fork_bomb.live", integer, kNone, "Tasks alive now", bomb_live},
    {"fork_bomb.pids_max", integer, kNone, "Limit of the container; missing without one", bomb_limit},
    {"fork_bomb.rate", unsigned_integer, kNone, "Forks a second", bomb_rate},
    {"fork_bomb.duration", relative_time, kNone, "Nanoseconds since the burst began", bomb_count<&ForkBombFinding::duration_ns>},
    {"fork_bomb.over", boolean, kNone, "True for the record that closes it with totals", bomb_over},
    {"burst.forks", unsigned_integer, kNone, "Forks of the container so far", burst_count<&hw_home::forks>},
    {"burst.exits", unsigned_integer, kNone, "Exits of the container so far", burst_count<&hw_home::exits>},
    {"burst.execs", unsigned_integer, kNone, "Execs of the container so far", burst_count<&hw_home::execs>},
    {"burst.live", integer, kNone, "Tasks of the container alive now", burst_live},
    {"burst.over", boolean, kNone, "True when the fork rate fell below the threshold again", burst_over},
    {"flood.kind", string, kNone, "Kind of critical event a container makes too many of: credential, mount, …", flood_kind},
    {"flood.suppressed", unsigned_integer, kNone, "Events of it that were only counted so far", flood_suppressed},
    {"flood.over", boolean, kNone, "True when the flood has ended", flood_over},
    {"loss.total", unsigned_integer, kNone, "Records lost since the last such event", lost_total},
    {"loss.lost", unsigned_integer, Field::Argument::key, "Records of one kind lost: loss.lost[exec]", lost_of_kind},
    {"loss.critical", boolean, kNone, "True when a critical record was among them", lost_critical},
    {"loss.producers", string, kNone, "The containers that made most of such records meanwhile, with how many and how many of them were lost", lost_producers},
    {"clone.is_sibling", boolean, kNone, "True when a process made a child that is not its own but its parent's (CLONE_PARENT)", clone_is_sibling},
    {"note.what", string, kNone, "What nested_container, container_crossing, identity_conflict and self_protection found, in a word", note_what},
    {"note.detail", string, kNone, "The same in words for a person", note_detail},
    {"note.over", boolean, kNone, "True when it is right again (self_protection)", note_over},
    {"exit.code", integer, kNone, "Exit code of a process that ended", exit_code},
    {"exit.signal", integer, kNone, "Signal that ended a process, 0 without one", exit_signal},
    {"exit.lived", relative_time, kNone, "Nanoseconds the process lived", exit_lived},
};
// clang-format on

}  // namespace

std::span<const Field> storm_fields() { return kFields; }

}  // namespace hullwatch::field
