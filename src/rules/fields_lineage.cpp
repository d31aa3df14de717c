#include <fmt/format.h>

#include <iterator>
#include <vector>

#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

using Show = Value (*)(const Relative&, Scratch);

Value name_of(const Relative& r, Scratch) { return text(r.comm); }
Value exe_of(const Relative& r, Scratch) { return r.process == nullptr ? Value{} : text(first_argument(r.process->args)); }
Value exe_path_of(const Relative& r, Scratch) { return r.process == nullptr ? Value{} : text(r.process->exe_path); }
Value command_line_of(const Relative& r, Scratch scratch) {
  if (!r) return {};
  return built(scratch, [&](std::string& out) {
    out.append(r.comm);
    const size_t name = out.size();
    if (r.process != nullptr) append_arguments(out, r.process->args);
    if (out.size() > name) out.insert(name, 1, ' ');
  });
}
Value arguments_of(const Relative& r, Scratch scratch) {
  if (r.process == nullptr) return {};
  return built(scratch, [&](std::string& out) { append_arguments(out, r.process->args); });
}
Value pid_of(const Relative& r, Scratch) { return r ? signed_number(r.key.tgid) : Value{}; }
Value pid_text_of(const Relative& r, Scratch scratch) {
  if (!r) return {};
  return built(scratch, [&](std::string& out) { fmt::format_to(std::back_inserter(out), "{}", r.key.tgid); });
}

template <auto One>
Value parent(Context c, Argument, Scratch scratch) {
  return One(relative(c, 1), scratch);
}

// With an index one ancestor, 0 being the process itself; without one the list of all, the parent first.
template <auto One, auto Each>
Value ancestors(Context c, Argument argument, Scratch scratch) {
  if (argument != nullptr && argument->index >= 0) return One(relative(c, static_cast<size_t>(argument->index)), scratch);
  auto all = scratch.list();
  Lineage lineage(c);
  for (lineage.up(); lineage.here(); lineage.up()) {
    const Value one = Each(lineage.here(), scratch);
    if (const auto* shown = std::get_if<std::string_view>(&one)) all.push_back(*shown);
  }
  return Value(std::move(all));  // an empty list is a missing value
}

// Without an index, one text of all of them: what `proc.aargs contains base64` searches.
Value ancestor_arguments(Context c, Argument argument, Scratch scratch) {
  if (argument != nullptr && argument->index >= 0)
    return arguments_of(relative(c, static_cast<size_t>(argument->index)), scratch);
  return built(scratch, [&](std::string& out) {
    Lineage lineage(c);
    for (lineage.up(); lineage.here(); lineage.up()) {
      if (lineage.here().process == nullptr) continue;
      if (!out.empty()) out.push_back(' ');
      append_arguments(out, lineage.here().process->args);
    }
  });
}

Value parent_duration(Context c, Argument, Scratch) {
  const Relative made = relative(c, 1);
  if (!made || made.key.start_ns == 0 || made.key.start_ns > c.event.header.time_ns) return {};
  return number(c.event.header.time_ns - made.key.start_ns);
}
Value parent_start(Context c, Argument, Scratch) {
  const Relative made = relative(c, 1);
  if (!made || made.key.start_ns == 0 || made.key.start_ns > c.event.header.time_ns) return {};
  return number(c.wall_ns - (c.event.header.time_ns - made.key.start_ns));
}
Value parent_vpid(Context c, Argument, Scratch) {
  const Relative made = relative(c, 1);
  return made.process == nullptr || made.process->ns_pid == 0 ? Value{} : signed_number(made.process->ns_pid);
}
// The outermost ancestor that is a shell, which is where a person came in.
Value login_shell(Context c, Argument, Scratch) {
  int64_t found = 0;
  for (Lineage lineage(c); lineage.here(); lineage.up())
    if (lineage.here().comm.ends_with("sh")) found = lineage.here().key.tgid;
  return found == 0 ? Value{} : signed_number(found);
}
Value creator_pid(Context c, Argument, Scratch) {
  const uint32_t pid = c.event.header.creator.tgid;
  return pid == 0 ? Value{} : signed_number(pid);
}
Value creator_name(Context c, Argument, Scratch) {
  const Process* creator = c.tree.find(c.event.header.creator);
  return creator == nullptr ? Value{} : text(creator->comm);
}

constexpr auto kNone = Field::Argument::none;
constexpr auto kIndex = Field::Argument::optional_index;
constexpr std::string_view kNoEnvironment = "needs the environment of processes, which is not recorded: it holds secrets";

// clang-format off
constexpr Field kFields[] = {
    {"proc.pname", string, kNone, "Name of the process that made this one", parent<name_of>},
    {"proc.pexe", string, kNone, "argv[0] of the parent", parent<exe_of>},
    {"proc.pexepath", string, kNone, "Executable of the parent", parent<exe_path_of>},
    {"proc.pcmdline", string, kNone, "Name and arguments of the parent", parent<command_line_of>},
    {"proc.ppid", integer, kNone, "Process id of the parent, by who made the process: CLONE_PARENT and a dead parent do not change it", parent<pid_of>},
    {"proc.pvpid", integer, kNone, "Process id of the parent in its own pid namespace", parent_vpid},
    {"proc.ppid.duration", relative_time, kNone, "Nanoseconds since the parent began", parent_duration},
    {"proc.ppid.ts", relative_time, kNone, "When the parent began, in nanoseconds since the epoch", parent_start},
    {"proc.aname", string, kIndex, "Name of an ancestor: [0] the process, [1] its parent; without index any of them", ancestors<name_of, name_of>},
    {"proc.aexe", string, kIndex, "argv[0] of an ancestor", ancestors<exe_of, exe_of>},
    {"proc.aexepath", string, kIndex, "Executable of an ancestor", ancestors<exe_path_of, exe_path_of>},
    {"proc.acmdline", string, kIndex, "Name and arguments of an ancestor", ancestors<command_line_of, command_line_of>},
    {"proc.aargs", string, kIndex, "Arguments of an ancestor: [1] its parent; without index those of all, joined by spaces", ancestor_arguments},
    {"proc.apid", integer, kIndex, "Process id of an ancestor", ancestors<pid_of, pid_text_of>},
    {"proc.loginshellid", integer, kNone, "Process id of the oldest shell among the process and its ancestors", login_shell},
    {"proc.creator.pid", integer, kNone, "Process id of who forked the process, from the record itself", creator_pid},
    {"proc.creator.name", string, kNone, "Name of who forked the process", creator_name},
    {"proc.aenv", string, kIndex, "Environment of an ancestor", nullptr, kNoEnvironment},
};
// clang-format on

}  // namespace

std::span<const Field> lineage_fields() { return kFields; }

}  // namespace hullwatch::field
