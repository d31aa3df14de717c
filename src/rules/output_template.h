#pragma once
// An output template, "shell in %container.name by %user.name": parsed at load, rendered for alerts. Immutable; evaluator
// thread.
//
// Template = [ "*" ] , { literal | "%" , [ digits ] , ( Field | Transformer ) } ;
//
// A field ends where the longest text that is one ends. Digits pad or cut to that width. What is missing renders as "<NA>"; the
// leading "*", which asks for that, is therefore accepted and dropped.

#include <string>
#include <vector>

#include "alert/alert.h"
#include "rules/evaluation.h"
#include "rules/slots.h"

namespace hullwatch::rules {

class OutputTemplate {
 public:
  static Compiled<OutputTemplate> compile(std::string_view text, SlotTable& slots);

  [[nodiscard]] std::string render(Evaluation& evaluation) const;
  /// Each field once, by its name as written, typed; missing ones are null. A transformer counts as the fields inside it.
  [[nodiscard]] std::vector<std::pair<std::string, OutputValue>> fields(Evaluation& evaluation) const;
  /// One more member of fields(): a field of its own name when `text` is empty, else what the template `text` renders to.
  Compiled<void> add_member(const std::string& key, std::string_view text, SlotTable& slots);
  /// Fields it names that nothing here produces.
  [[nodiscard]] const std::vector<const Field*>& without_accessor() const { return without_accessor_; }

 private:
  struct Piece {
    std::string literal;
    SlotId slot = 0;
    bool is_slot = false;
    uint32_t width = 0;  // 0: as long as it is
  };
  struct Key {
    std::string name;
    SlotId slot;
  };
  Compiled<size_t> add_field(std::string_view text, uint32_t offset, uint32_t width, SlotTable& slots);
  void add_keys(const Operand& operand, SlotTable& slots);

  std::vector<Piece> pieces_;
  std::vector<Key> keys_;
  std::vector<std::pair<std::string, OutputTemplate>> members_;
  std::vector<const Field*> without_accessor_;
};

}  // namespace hullwatch::rules
