#include "rules/field_reference.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "event/event_type.h"
#include "rules/event_arguments.h"
#include "util/diagnostic.h"

namespace hullwatch {
namespace {

class TableFields final : public FieldLookup {
 public:
  [[nodiscard]] const Field* find(std::string_view name) const override { return find_field(name); }
  [[nodiscard]] std::span<const Field> all() const override { return fields(); }
};

}  // namespace

const FieldLookup& table_fields() {
  static const TableFields table;
  return table;
}

}  // namespace hullwatch

namespace hullwatch::rules {
namespace {

constexpr std::array<std::string_view, 6> kAncestors = {"proc.aname",    "proc.aexe", "proc.aexepath",
                                                        "proc.acmdline", "proc.aenv", "proc.apid"};
constexpr std::array<std::string_view, 14> kSpecial = {"evt.rawarg",  "evt.around",  "fd.ip",       "fd.net",     "fd.port",
                                                       "fd.proto",    "fd.cnet",     "fd.snet",     "fd.lnet",    "fd.rnet",
                                                       "fd.cip.name", "fd.sip.name", "fd.lip.name", "fd.rip.name"};

/// Fields whose key follows a dot.
constexpr std::array<std::string_view, 4> kDotted = {"evt.arg", "evt.rawarg", "evt.type.is", "thread.cgroup"};

bool one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// `evt.arg.flags` is `evt.arg[flags]`.
std::optional<std::pair<const Field*, std::string>> find_dotted_key(const FieldLookup& fields, std::string_view name) {
  for (const std::string_view prefix : kDotted) {
    if (!name.starts_with(prefix) || name.size() <= prefix.size() + 1 || name[prefix.size()] != '.') continue;
    const Field* field = fields.find(prefix);
    if (field != nullptr && field->argument == Field::Argument::key)
      return std::pair{field, std::string(name.substr(prefix.size() + 1))};
  }
  return std::nullopt;
}

/// `evt.arg[N]` goes by number, `evt.arg.NAME` and `evt.rawarg.NAME` by a name some event must have.
Compiled<FieldReference> check_event_argument(FieldReference reference, uint32_t offset, bool bracketed) {
  const FieldArgument& argument = *reference.argument;
  if (argument.index >= 0 && reference.field->name == "evt.rawarg")
    return compile_error(offset, "evt.rawarg needs the argument's name", "evt.rawarg.flags");
  if (bracketed && argument.index < 0) return compile_error(offset, "evt.arg[…] takes a number", "evt.arg.flags goes by name");
  if (argument.index < 0 && !is_known_argument(argument.text))
    return compile_error(offset, "unknown event argument '" + argument.text + "'");
  return reference;
}

Compiled<FieldReference> check_dotted_key(FieldReference reference, const Operand& operand) {
  const std::string& key = reference.argument->text;
  if (reference.field->name.ends_with("arg")) return check_event_argument(std::move(reference), operand.offset, false);
  const bool known = reference.field->name != "evt.type.is" || is_known_event_name(key);
  const bool word = key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string::npos;
  if (known && (word || reference.field->name == "evt.type.is")) return reference;
  return tl::make_unexpected(CompileError{"unknown field '" + operand.text + "'", {}, operand.offset, true, operand.text});
}

FieldArgument make_argument(std::string text) {
  FieldArgument argument{std::move(text), -1};
  int64_t index = 0;
  const char* end = argument.text.data() + argument.text.size();
  const auto parsed = std::from_chars(argument.text.data(), end, index);
  if (parsed.ec == std::errc() && parsed.ptr == end && index >= 0) argument.index = index;
  return argument;
}

}  // namespace

std::string suggest_field(const FieldLookup& fields, std::string_view unknown) {
  std::vector<std::string_view> names;
  for (const Field& field : fields.all()) names.push_back(field.name);
  return did_you_mean(unknown, names);
}

bool FieldReference::any_ancestor() const { return !argument && one_of(kAncestors, field->name); }
bool FieldReference::compares_specially() const { return one_of(kAncestors, field->name) || one_of(kSpecial, field->name); }
bool FieldReference::is_event_type() const { return field->name == "evt.type" || field->name == "syscall.type"; }

Compiled<FieldReference> resolve_field(const FieldLookup& fields, const Operand& operand) {
  FieldReference reference;
  reference.field = fields.find(operand.text);
  if (reference.field == nullptr) {
    auto dotted = find_dotted_key(fields, operand.text);
    if (dotted && !operand.argument) {
      reference.field = dotted->first;
      reference.argument = make_argument(std::move(dotted->second));
      return check_dotted_key(std::move(reference), operand);
    }
    return tl::make_unexpected(CompileError{"unknown field '" + operand.text + "'", {}, operand.offset, true, operand.text});
  }
  if (operand.argument) reference.argument = make_argument(*operand.argument);

  const std::string name = "field '" + operand.text + "'";
  const bool numeric = reference.argument && reference.argument->index >= 0;
  // For Falco a name with an argument it does not take is no field at all; skip-if-unknown-filter forgives it.
  const auto unknown = [&](std::string message) {
    return tl::make_unexpected(CompileError{std::move(message), {}, operand.offset, true, {}});
  };
  switch (reference.field->argument) {
    case Field::Argument::none:
      if (reference.argument) return unknown(name + " takes no argument");
      break;
    case Field::Argument::index:
      if (!numeric) return compile_error(operand.offset, name + " needs a number in brackets", operand.text + "[1]");
      break;
    case Field::Argument::optional_index:
      // The environment is read by number or by the variable's name.
      if (reference.argument && !numeric && !reference.field->name.ends_with("env"))
        return unknown(name + " takes only a number in brackets");
      break;
    case Field::Argument::key:
      if (!reference.argument) return compile_error(operand.offset, name + " needs an argument in brackets");
      if (operand.text == "evt.arg" || operand.text == "evt.rawarg")
        return check_event_argument(std::move(reference), operand.offset, true);
      if (one_of(kDotted, operand.text))
        return compile_error(operand.offset, name + " needs its argument behind a dot", operand.text + ".name");
      break;
  }
  return reference;
}

}  // namespace hullwatch::rules
