#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <ctime>
#include <iterator>
#include <optional>

#include "event/event_type.h"
#include "event/kernel_names.h"
#include "rules/event_arguments.h"
#include "rules/field_support.h"

namespace hullwatch::field {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr std::string_view kNoFiles = "needs the events open, openat, openat2, creat";
constexpr std::string_view kNoIo = "needs the events read, write, recvfrom, sendto";
constexpr std::string_view kNoScheduler = "needs the CPU an event happened on, which records do not carry";
constexpr std::string_view kNoInfrastructure = "needs Docker's own event stream, which hullwatch never asks for";
constexpr std::string_view kExitOnly = "events are reported once, with their outcome; there is no enter event to measure from";

// --- time ---

std::tm local_time(uint64_t wall_ns) {
  const auto seconds = static_cast<time_t>(wall_ns / kSecond);
  std::tm out{};
  localtime_r(&seconds, &out);
  return out;
}

void append_clock(std::string& out, const std::tm& t) {
  fmt::format_to(std::back_inserter(out), "{:02}:{:02}:{:02}", t.tm_hour, t.tm_min, t.tm_sec);
}
void append_date(std::string& out, const std::tm& t) {
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
}
void append_fraction(std::string& out, uint64_t wall_ns) {
  fmt::format_to(std::back_inserter(out), ".{:09}", wall_ns % kSecond);
}

Value event_time(Context c, Argument, Scratch scratch) {
  return built(scratch, [&](std::string& out) {
    append_clock(out, local_time(c.wall_ns));
    append_fraction(out, c.wall_ns);
  });
}
Value event_time_seconds(Context c, Argument, Scratch scratch) {
  return built(scratch, [&](std::string& out) { append_clock(out, local_time(c.wall_ns)); });
}
Value event_time_iso8601(Context c, Argument, Scratch scratch) {
  const auto seconds = static_cast<time_t>(c.wall_ns / kSecond);
  std::tm t{};
  gmtime_r(&seconds, &t);
  return built(scratch, [&](std::string& out) {
    append_date(out, t);
    out.push_back('T');
    append_clock(out, t);
    append_fraction(out, c.wall_ns);
    out.push_back('Z');
  });
}
Value event_datetime(Context c, Argument, Scratch scratch) {
  return built(scratch, [&](std::string& out) {
    const std::tm t = local_time(c.wall_ns);
    append_date(out, t);
    out.push_back(' ');
    append_clock(out, t);
    append_fraction(out, c.wall_ns);
  });
}
Value event_datetime_seconds(Context c, Argument, Scratch scratch) {
  return built(scratch, [&](std::string& out) {
    const std::tm t = local_time(c.wall_ns);
    append_date(out, t);
    out.push_back(' ');
    append_clock(out, t);
  });
}

// --- outcome ---

std::optional<int64_t> outcome(const Event& event) {
  if ((event.header.flags & HW_F_ATTEMPT) != 0) return std::nullopt;
  if (const auto* mount = event.get<MountEvent>()) return mount->facts.result;
  if (const auto* name_space = event.get<NamespaceEvent>()) return name_space->facts.result;
  if (const auto* setting = event.get<SettingEvent>()) return setting->facts.result;
  if (const auto* capability = event.get<CapabilityEvent>()) return capability->facts.result;
  if (const auto* fork = event.get<ForkEvent>()) return fork->facts.child.tgid;
  // Of these only what happened is recorded.
  if (event.get<ExecEvent>() != nullptr || event.get<CredentialEvent>() != nullptr || event.get<CgroupEvent>() != nullptr)
    return 0;
  return std::nullopt;
}

Value event_result(Context c, Argument, Scratch scratch) {
  const auto result = outcome(c.event);
  if (!result) return {};
  if (const auto name = result_name(*result); !name.empty()) return Value(name);
  return built(scratch, [&](std::string& out) { fmt::format_to(std::back_inserter(out), "{}", *result); });
}
Value event_raw_result(Context c, Argument, Scratch) {
  const auto result = outcome(c.event);
  return result ? signed_number(*result) : Value{};
}
Value event_failed(Context c, Argument, Scratch) {
  const auto result = outcome(c.event);
  return result ? truth(*result < 0) : Value{};
}

// --- type and arguments ---

Value event_type(Context c, Argument, Scratch) { return Value(event_type_name(c.event.type)); }
Value event_category(Context c, Argument, Scratch) {
  const auto index = static_cast<size_t>(c.event.type);
  return index == 0 || index > event_types().size() ? Value{} : Value(event_types()[index - 1].observation);
}

Value is_of_type(Context c, Argument wanted, Scratch) {
  if (wanted == nullptr) return {};
  const auto type = event_type_from_name(wanted->text);
  return number(type && *type == c.event.type ? 1 : 0);
}

const EventArgument* find_argument(Context c, Argument wanted) {
  const auto arguments = event_arguments(c.event.type);
  if (wanted == nullptr) return nullptr;
  if (wanted->index >= 0)
    return static_cast<uint64_t>(wanted->index) < arguments.size() ? &arguments[static_cast<size_t>(wanted->index)] : nullptr;
  for (const auto& argument : arguments)
    if (argument.name == wanted->text) return &argument;
  return nullptr;
}
Value event_argument(Context c, Argument wanted, Scratch scratch) {
  const auto* argument = find_argument(c, wanted);
  return argument == nullptr ? Value{} : argument->get(c, scratch);
}
Value event_raw_argument(Context c, Argument wanted, Scratch) {
  const auto* argument = find_argument(c, wanted);
  return argument == nullptr || argument->raw == nullptr ? Value{} : argument->raw(c);
}
Value event_arguments_text(Context c, Argument, Scratch scratch) {
  return built(scratch, [&](std::string& out) {
    for (const auto& argument : event_arguments(c.event.type)) {
      if (argument.alias) continue;
      const Value value = argument.get(c, scratch);
      const auto* shown = std::get_if<std::string_view>(&value);
      if (shown == nullptr) continue;
      if (!out.empty()) out.push_back(' ');
      out.append(argument.name).append("=").append(*shown);
    }
  });
}

template <uint32_t Flag>
Value has_flag(Context c, Argument, Scratch) {
  return truth((c.event.header.flags & Flag) != 0);
}

// The name does not change while we run: read once, before the first event.
const std::string& host_name() {
  static const std::string name = [] {
    std::array<char, HOST_NAME_MAX + 1> buffer{};
    if (const char* given = ::getenv("FALCO_HOSTNAME"); given != nullptr && *given != '\0') return std::string(given);
    ::gethostname(buffer.data(), buffer.size() - 1);
    return std::string(buffer.data());
  }();
  return name;
}

constexpr auto kNone = Field::Argument::none;
constexpr auto kKey = Field::Argument::key;

// clang-format off
constexpr Field kFields[] = {
    {"evt.num", unsigned_integer, kNone, "Number of the event since the start", [](Context c, Argument, Scratch) { return number(c.number); }},
    {"evt.time", string, kNone, "Local time of the event with nanoseconds, as 12:34:56.123456789", event_time},
    {"evt.time.s", string, kNone, "Local time of the event, as 12:34:56", event_time_seconds},
    {"evt.time.iso8601", string, kNone, "Time of the event in UTC, ISO 8601 with nanoseconds", event_time_iso8601},
    {"evt.datetime", string, kNone, "Local date and time of the event with nanoseconds", event_datetime},
    {"evt.datetime.s", string, kNone, "Local date and time of the event", event_datetime_seconds},
    {"evt.rawtime", absolute_time, kNone, "Time of the event in nanoseconds since the epoch", [](Context c, Argument, Scratch) { return number(c.wall_ns); }},
    {"evt.rawtime.s", absolute_time, kNone, "Whole seconds of the event's time since the epoch", [](Context c, Argument, Scratch) { return number(c.wall_ns / kSecond); }},
    {"evt.rawtime.ns", absolute_time, kNone, "The fraction of evt.rawtime.s, in nanoseconds", [](Context c, Argument, Scratch) { return number(c.wall_ns % kSecond); }},
    {"evt.boottime", relative_time, kNone, "Time of the event in nanoseconds since boot", [](Context c, Argument, Scratch) { return number(c.event.header.time_ns); }},
    {"evt.type", string, kNone, "Type of the event, as in `hullwatch events`", event_type},
    {"syscall.type", string, kNone, "The same as evt.type", event_type},
    {"evt.category", string, kNone, "Observation the event belongs to: process, credential, mount, finding, …", event_category},
    {"evt.source", string, kNone, "Where the event comes from: always syscall", [](Context, Argument, Scratch) { return Value(std::string_view("syscall")); }},
    {"evt.is_async", boolean, kNone, "Always false: there are no asynchronous events", [](Context, Argument, Scratch) { return truth(false); }},
    {"evt.hostname", string, kNone, "Name of this node; FALCO_HOSTNAME in the environment replaces it", [](Context, Argument, Scratch) { return text(host_name()); }},
    {"evt.dir", string, kNone, "Always <: events are reported with their outcome", [](Context, Argument, Scratch) { return Value(std::string_view("<")); }},
    {"evt.res", string, kNone, "Outcome: SUCCESS or the error's name; missing where the provider sees only the attempt", event_result},
    {"evt.rawres", integer, kNone, "Outcome as a number; negative is an error", event_raw_result},
    {"evt.failed", boolean, kNone, "True when the call returned an error", event_failed},
    {"evt.count", unsigned_integer, kNone, "Always 1, for counting", [](Context, Argument, Scratch) { return number(1); }},
    {"evt.arg", string, kKey, "One argument of the event, by name or number: evt.arg.flags, evt.arg[0]", event_argument},
    {"evt.rawarg", integer, kKey, "One numeric argument of the event as a number: evt.rawarg.flags", event_raw_argument},
    {"evt.args", string, kNone, "All arguments of the event, as name=value", event_arguments_text},
    {"evt.info", string, kNone, "The same as evt.args", event_arguments_text},
    {"evt.provider", string, kNone, "How the event was observed: always, quiet, lsm, fentry, kprobe, dispatch, iterator", [](Context c, Argument, Scratch) { return Value(provider_name(c.event.header.provider)); }},
    {"evt.syscall", integer, kNone, "Number of the system call that led to the event, in the caller's table; missing when not known", [](Context c, Argument, Scratch) { return c.event.header.syscall < 0 ? Value{} : signed_number(c.event.header.syscall); }},
    {"evt.is_attempt", boolean, kNone, "True when the event was seen before its outcome", has_flag<HW_F_ATTEMPT>},
    {"evt.is_late", boolean, kNone, "True when a change was found some time after it happened", has_flag<HW_F_LATE>},
    {"evt.is_compat", boolean, kNone, "True for a 32-bit system call", has_flag<HW_F_COMPAT>},
    {"evt.is_io_worker", boolean, kNone, "True when an io_uring worker acted for the process", has_flag<HW_F_IO_WORKER>},
    {"evt.reduced", boolean, kNone, "True when repeats of this event were only counted, during a burst", has_flag<HW_F_REDUCED>},
    {"evt.in_burst", boolean, kNone, "True when the container was in a fork burst at that time", has_flag<HW_F_IN_BURST>},
    {"evt.home_inferred", boolean, kNone, "True when the container was concluded from the current cgroup, not from the process's state", has_flag<HW_F_HOME_INFERRED>},
    {"evt.user_strings", boolean, kNone, "True when strings of the event were read from memory another thread may have changed", has_flag<HW_F_USER_STRINGS>},

    {"evt.is_open_read", boolean, kNone, "True for an open with read access", nullptr, kNoFiles},
    {"evt.is_open_write", boolean, kNone, "True for an open with write access", nullptr, kNoFiles},
    {"evt.is_open_exec", boolean, kNone, "True for a creation of an executable file", nullptr, kNoFiles},
    {"evt.is_open_create", boolean, kNone, "True for an open that creates a file", nullptr, kNoFiles},
    {"evt.abspath", string, kNone, "Absolute path of a path argument", nullptr, "needs the events open, openat, openat2, creat, mkdir, rmdir, unlink, rename, link, symlink"},
    {"evt.abspath.src", string, kNone, "Absolute source path of a rename or link", nullptr, "needs the events rename, renameat, renameat2, link, linkat, symlink, symlinkat"},
    {"evt.abspath.dst", string, kNone, "Absolute destination path of a rename or link", nullptr, "needs the events rename, renameat, renameat2, link, linkat, symlink, symlinkat"},
    {"evt.buffer", string, kNone, "Bytes read or written", nullptr, kNoIo},
    {"evt.buflen", unsigned_integer, kNone, "Number of bytes read or written", nullptr, kNoIo},
    {"evt.buflen.in", unsigned_integer, kNone, "Number of bytes read", nullptr, kNoIo},
    {"evt.buflen.out", unsigned_integer, kNone, "Number of bytes written", nullptr, kNoIo},
    {"evt.buflen.file.in", unsigned_integer, kNone, "Number of bytes read from files", nullptr, kNoIo},
    {"evt.buflen.file.out", unsigned_integer, kNone, "Number of bytes written to files", nullptr, kNoIo},
    {"evt.buflen.net.in", unsigned_integer, kNone, "Number of bytes received", nullptr, kNoIo},
    {"evt.buflen.net.out", unsigned_integer, kNone, "Number of bytes sent", nullptr, kNoIo},
    {"evt.buflen.file", unsigned_integer, kNone, "Number of bytes of file I/O", nullptr, kNoIo},
    {"evt.buflen.net", unsigned_integer, kNone, "Number of bytes of network I/O", nullptr, kNoIo},
    {"evt.is_io", boolean, kNone, "True for reads and writes", nullptr, kNoIo},
    {"evt.is_io_read", boolean, kNone, "True for reads", nullptr, kNoIo},
    {"evt.is_io_write", boolean, kNone, "True for writes", nullptr, kNoIo},
    {"evt.io_dir", string, kNone, "r or w for reads and writes", nullptr, kNoIo},
    {"evt.is_syslog", boolean, kNone, "True for writes to /dev/log", nullptr, kNoIo},
    {"evt.is_wait", boolean, kNone, "True for calls that wait", nullptr, kExitOnly},
    {"evt.wait_latency", relative_time, kNone, "Time spent waiting", nullptr, kExitOnly},
    {"evt.latency", relative_time, kNone, "Time between enter and exit of the call", nullptr, kExitOnly},
    {"evt.latency.s", relative_time, kNone, "Seconds of evt.latency", nullptr, kExitOnly},
    {"evt.latency.ns", relative_time, kNone, "Nanoseconds of evt.latency", nullptr, kExitOnly},
    {"evt.latency.quantized", unsigned_integer, kNone, "Logarithm of evt.latency", nullptr, kExitOnly},
    {"evt.latency.human", string, kNone, "evt.latency for people", nullptr, kExitOnly},
    {"evt.deltatime", relative_time, kNone, "Time since the event before", nullptr, "events reach the rules from two rings: there is no one event before"},
    {"evt.deltatime.s", relative_time, kNone, "Seconds of evt.deltatime", nullptr, "events reach the rules from two rings: there is no one event before"},
    {"evt.deltatime.ns", relative_time, kNone, "Nanoseconds of evt.deltatime", nullptr, "events reach the rules from two rings: there is no one event before"},
    {"evt.reltime", relative_time, kNone, "Time since the first event of a capture", nullptr, "there are no captures to be relative to"},
    {"evt.reltime.s", relative_time, kNone, "Seconds of evt.reltime", nullptr, "there are no captures to be relative to"},
    {"evt.reltime.ns", relative_time, kNone, "Nanoseconds of evt.reltime", nullptr, "there are no captures to be relative to"},
    {"evt.cpu", integer, kNone, "CPU the event happened on", nullptr, kNoScheduler},
    {"evt.around", unsigned_integer, Field::Argument::index, "True near a given time", nullptr, "needs a capture to look around in"},
    {"evt.asynctype", string, kNone, "Type of an asynchronous event", nullptr, "there are no asynchronous events"},
    {"evt.plugininfo", string, kNone, "What a plugin tells of its event", nullptr, "there are no plugins"},
    {"evt.pluginname", string, kNone, "Plugin the event comes from", nullptr, "there are no plugins"},
    {"evt.uid", unsigned_integer, kNone, "Number of the event within a trace", nullptr, "there are no traces"},
    {"evt.count.error", unsigned_integer, kNone, "1 for events with an error", [](Context c, Argument, Scratch) { const auto r = outcome(c.event); return r && *r < 0 ? number(1) : Value{}; }},
    {"evt.count.exit", unsigned_integer, kNone, "1 for events seen with their outcome", [](Context c, Argument, Scratch) { return (c.event.header.flags & HW_F_ATTEMPT) != 0 ? Value{} : number(1); }},
    {"evt.count.error.file", unsigned_integer, kNone, "1 for file events with an error", nullptr, kNoFiles},
    {"evt.count.error.net", unsigned_integer, kNone, "1 for network events with an error", nullptr, "needs the events connect, accept, accept4, bind, sendto, recvfrom"},
    {"evt.count.error.memory", unsigned_integer, kNone, "1 for memory events with an error", nullptr, "needs the events mmap, mprotect, brk"},
    {"evt.count.error.other", unsigned_integer, kNone, "1 for other events with an error", nullptr, "needs Falco's classes of events"},
    {"evt.type.is", unsigned_integer, kKey, "1 when the event is of the named type: evt.type.is.execve", is_of_type},
    {"evt.outputtime", string, kNone, "Time a capture's output is written", nullptr, "there are no captures"},
    {"evt.infra.docker.name", string, kNone, "Name of a Docker infrastructure event", nullptr, kNoInfrastructure},
    {"evt.infra.docker.container.id", string, kNone, "Container of a Docker infrastructure event", nullptr, kNoInfrastructure},
    {"evt.infra.docker.container.name", string, kNone, "Name of that container", nullptr, kNoInfrastructure},
    {"evt.infra.docker.container.image", string, kNone, "Image of that container", nullptr, kNoInfrastructure},
    {"util.cnt", unsigned_integer, kNone, "A counter that grows with each use", nullptr, "a condition must not change what it counts"},
    {"evt.count.procinfo", unsigned_integer, kNone, "1 for procinfo events", nullptr, "there are no procinfo events"},
    {"evt.count.threadinfo", unsigned_integer, kNone, "1 for threadinfo events", nullptr, "there are no threadinfo events"},
};
// clang-format on

}  // namespace

std::span<const Field> event_fields() { return kFields; }

}  // namespace hullwatch::field
