#pragma once
// What rules read from an event, each distinct expression once: `proc.name` used by a hundred rules is one slot, extracted at
// most once per event. Built while rules compile, then immutable.

#include <string>
#include <unordered_map>
#include <vector>

#include "rules/field_reference.h"

namespace hullwatch::rules {

using SlotId = uint32_t;

struct OperandType {
  ValueType type = ValueType::string;
  bool list = false;
  bool bytes = false;    // a byte buffer: its own set of operators
  bool network = false;  // compared with networks, not addresses
  uint8_t bits = 64;     // numbers: how wide the field is
  bool operator==(const OperandType&) const = default;
};
std::string type_name(const OperandType& type);

struct Slot {
  enum class Kind : uint8_t { constant, field, lower, upper, base64, basename, length, join, concat, getopt, list };
  Kind kind = Kind::field;
  OperandType type;
  FieldReference reference;  // field
  std::string spelled;       // as written
  std::string text;          // constant's value
  char option = '\0';        // getopt's selector
  std::vector<SlotId> arguments;
  std::vector<const Field*> without_accessor;  // fields below that nothing here produces
};

class SlotTable {
 public:
  explicit SlotTable(const FieldLookup& fields) : fields_(fields) {}
  /// The slot of a field or transformer; the same expression gives the same slot.
  Compiled<SlotId> intern(const Operand& operand);

  [[nodiscard]] const Slot& operator[](SlotId id) const { return slots_[id]; }
  [[nodiscard]] size_t size() const { return slots_.size(); }
  [[nodiscard]] const FieldLookup& fields() const { return fields_; }

 private:
  Compiled<SlotId> intern_argument(const Operand& operand);
  Compiled<Slot> make_field(const Operand& operand) const;
  Compiled<Slot> make_transformer(const Operand& operand);
  Compiled<Slot> apply_unary(const Operand& operand, SlotId argument) const;
  Compiled<Slot> apply_many(const Operand& operand, std::vector<SlotId> arguments) const;
  SlotId add(Slot slot);

  const FieldLookup& fields_;
  std::vector<Slot> slots_;
  std::unordered_map<std::string, SlotId> by_spelling_;
};

}  // namespace hullwatch::rules
