#pragma once
// What the accessors of the field table share. Private to fields_*.cpp.

#include <span>
#include <string>
#include <string_view>

#include "enrich/lineage.h"
#include "rules/field_table.h"

namespace hullwatch::field {

using Context = const EventContext&;
using Argument = const FieldArgument*;
using Scratch = FieldScratch&;
using enum ValueType;

inline constexpr std::string_view kUnknown = "<NA>";  // what Falco shows for a process or user it does not know

// --- values ---

/// Missing when empty: for facts that are not always there.
inline Value text(std::string_view value) { return value.empty() ? Value{} : Value(value); }
inline Value number(uint64_t value) { return Value(value); }
inline Value signed_number(int64_t value) { return Value(value); }
inline Value truth(bool value) { return Value(value); }

/// A value built by `build(std::string&)`; empty is a value too.
template <typename Build>
Value built(Scratch scratch, Build build) {
  std::string& out = scratch.next();
  build(out);
  return Value(std::string_view(out));
}

/// What `read` makes of the event's body, missing when the event has another.
template <typename Body, typename Read>
Value of(Context context, Read read) {
  const Body* body = context.event.get<Body>();
  return body == nullptr ? Value{} : Value(read(*body));
}

// --- the process ---

/// generation 0: the process itself; 1: who made it.
Relative relative(Context context, size_t generation);
/// The nearest process of the lineage, itself included, with that pid.
Relative relative_with_pid(Context context, uint32_t pid);

/// The event's own process where the tree knows the very program that acted, else null: an exec in between would make
/// arguments and paths those of another program.
const Process* own_program(Context context);
/// Null where nothing told all credentials yet.
const hw_cred* own_credentials(Context context);

/// argv[0]; the rest as one string is appended by append_arguments.
std::string_view first_argument(std::string_view args);
void append_arguments(std::string& out, std::string_view args);

// --- names ---

/// Name of a user or group as the event's process sees it: inside a container the host's names mean nothing but root's.
std::string_view user_name(Context context, uint32_t uid);
std::string_view group_name(Context context, uint32_t gid);

// --- groups of the table ---

std::span<const Field> event_fields();
std::span<const Field> process_fields();
std::span<const Field> lineage_fields();
std::span<const Field> user_fields();
std::span<const Field> thread_fields();
std::span<const Field> container_fields();
std::span<const Field> descriptor_fields();
std::span<const Field> credential_fields();
std::span<const Field> mount_fields();
std::span<const Field> namespace_fields();
std::span<const Field> runtime_fields();
std::span<const Field> storm_fields();
std::span<const Field> setting_fields();

}  // namespace hullwatch::field
