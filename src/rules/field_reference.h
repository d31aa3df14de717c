#pragma once
// A field as a condition or a template names it: looked up, its argument checked. The table comes through FieldLookup, so that
// tests can bring a small one.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "rules/condition_ast.h"
#include "rules/field_table.h"

namespace hullwatch {

class FieldLookup {
 public:
  virtual ~FieldLookup() = default;
  /// Null when there is no such field.
  [[nodiscard]] virtual const Field* find(std::string_view name) const = 0;
  [[nodiscard]] virtual std::span<const Field> all() const = 0;
};

/// The one table of field_table.h.
const FieldLookup& table_fields();

}  // namespace hullwatch

namespace hullwatch::rules {

/// What is wrong with a condition or template that parses.
struct CompileError {
  std::string message;
  std::string hint;
  uint32_t offset = 0;
  bool unknown_name = false;       // a field or event type nobody knows: what skip-if-unknown-filter forgives
  std::string unknown_field = {};  // for suggest_field()
};
/// "did you mean 'x'?". Apart from the error, because templates try many names that are no fields.
std::string suggest_field(const FieldLookup& fields, std::string_view unknown);

template <typename T>
using Compiled = tl::expected<T, CompileError>;

inline tl::unexpected<CompileError> compile_error(uint32_t offset, std::string message, std::string hint = {}) {
  return tl::make_unexpected(CompileError{std::move(message), std::move(hint), offset, false, {}});
}

struct FieldReference {
  const Field* field = nullptr;
  std::optional<FieldArgument> argument;

  /// `proc.aname` and its like without an index: true when any ancestor matches.
  [[nodiscard]] bool any_ancestor() const;
  /// Compared by rules of its own, so it takes no transformer and no field on the right.
  [[nodiscard]] bool compares_specially() const;
  /// Can be compared with another field, from either side.
  [[nodiscard]] bool compares_with_fields() const { return !compares_specially() && field->name != "fd.types"; }
  [[nodiscard]] bool is_event_type() const;
};

Compiled<FieldReference> resolve_field(const FieldLookup& fields, const Operand& operand);

}  // namespace hullwatch::rules
