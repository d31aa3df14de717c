#include "rules/slots.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hullwatch::rules {
namespace {

/// Arguments that are text even as evt.rawarg.
constexpr std::string_view kTextArguments[] = {
    "arg2_str", "comm",         "container_id", "cwd",      "desc",          "description",
    "dev",      "dir",          "exe",          "exepath",  "filename",      "home",
    "image",    "json",         "key",          "linkpath", "name",          "newpath",
    "oldpath",  "path",         "pathname",     "root",     "scope",         "shell",
    "special",  "source",       "sun_path",     "target",   "quotafilepath", "trusted_exepath",
    "uargs",    "value_charbuf"};

/// Numbers narrower than 64 bits, which Falco keeps apart when two fields are compared.
struct Narrow {
  std::string_view name;
  uint8_t bits;
};
constexpr Narrow kNarrow[] = {{"evt.cpu", 16},
                              {"evt.count", 32},
                              {"evt.count.error", 32},
                              {"evt.count.exit", 32},
                              {"evt.type.is", 32},
                              {"evt.count.error.file", 32},
                              {"evt.count.error.net", 32},
                              {"evt.count.error.memory", 32},
                              {"evt.count.error.other", 32},
                              {"evt.count.procinfo", 32},
                              {"evt.count.threadinfo", 32},
                              {"proc.tty", 32},
                              {"user.uid", 32},
                              {"user.ruid", 32},
                              {"group.gid", 32},
                              {"fd.dev", 32},
                              {"fd.dev.major", 32},
                              {"fd.dev.minor", 32},
                              {"proc.fdusage", 31},
                              {"thread.cpu", 31},
                              {"thread.cpu.user", 31},
                              {"thread.cpu.system", 31}};

OperandType field_type(const FieldReference& reference) {
  OperandType out{reference.field->type};
  if (out.type == ValueType::string_list) {
    out.type = ValueType::string;
    // As "any ancestor" the field compares like one string.
    out.list = !reference.compares_specially();  // of lists, only ancestors do
  }
  if (reference.field->name == "evt.rawarg" &&
      std::ranges::find(kTextArguments, reference.argument->text) != std::end(kTextArguments))
    out.type = ValueType::string;
  out.bytes = reference.field->name == "evt.buffer";
  const auto* narrow = std::ranges::find(kNarrow, reference.field->name, &Narrow::name);
  if (narrow != std::end(kNarrow)) out.bits = narrow->bits;
  if (out.type == ValueType::port) out.bits = 16;
  out.network = out.type == ValueType::ip && reference.field->name.ends_with("net");
  return out;
}

struct Unary {
  std::string_view name;
  Slot::Kind kind;
};
constexpr Unary kUnary[] = {{"tolower", Slot::Kind::lower},
                            {"toupper", Slot::Kind::upper},
                            {"b64", Slot::Kind::base64},
                            {"basename", Slot::Kind::basename},
                            {"len", Slot::Kind::length}};

// Constants are part of the key with their kind, so that the field proc.name and the string "proc.name" stay apart.
std::string key_of(const Operand& operand) {
  std::string key(1, static_cast<char>('0' + static_cast<int>(operand.kind)));
  key.append(std::to_string(operand.text.size())).append(":").append(operand.text);
  if (operand.argument) key.append("[").append(*operand.argument).append("]");
  for (const auto& child : operand.children) key.append("(").append(key_of(child)).append(")");
  return key;
}

}  // namespace

std::string type_name(const OperandType& type) {
  std::string name(type.bytes ? "bytes" : value_type_name(type.type));
  if (type.bits < 64 && type.type != ValueType::port) name += " of " + std::to_string(type.bits) + " bits";
  if (type.list) name += " (list)";
  return name;
}

SlotId SlotTable::add(Slot slot) {
  slots_.push_back(std::move(slot));
  return static_cast<SlotId>(slots_.size() - 1);
}

Compiled<SlotId> SlotTable::intern(const Operand& operand) {
  // val() is only syntax.
  if (operand.kind == Operand::Kind::transformer && operand.text == "val") {
    if (operand.argument) return compile_error(operand.offset, "transformer 'val' takes no argument in brackets");
    return intern(operand.children[0]);
  }
  const std::string key = key_of(operand);
  if (const auto found = by_spelling_.find(key); found != by_spelling_.end()) return found->second;
  auto slot = operand.kind == Operand::Kind::field ? make_field(operand) : make_transformer(operand);
  if (!slot) return tl::make_unexpected(std::move(slot.error()));
  slot->spelled = operand.spelled();
  const SlotId id = add(std::move(*slot));
  by_spelling_.emplace(key, id);
  return id;
}

Compiled<SlotId> SlotTable::intern_argument(const Operand& operand) {
  if (operand.is_extracted()) return intern(operand);
  Slot slot;
  if (operand.kind == Operand::Kind::value) {
    slot.kind = Slot::Kind::constant;
    slot.text = operand.text;
    return add(std::move(slot));
  }
  slot.kind = Slot::Kind::list;
  slot.type.list = true;
  for (const auto& child : operand.children) {
    auto argument = intern_argument(child);
    if (!argument) return argument;
    const Slot& inner = slots_[*argument];
    if (inner.type.list) return compile_error(child.offset, "a list cannot be an element of a list");
    if (inner.kind == Slot::Kind::field && (inner.reference.compares_specially() || inner.reference.is_event_type()))
      return compile_error(child.offset, "field '" + child.text + "' does not take transformers");
    slot.arguments.push_back(*argument);
    slot.without_accessor.insert(slot.without_accessor.end(), inner.without_accessor.begin(), inner.without_accessor.end());
  }
  return add(std::move(slot));
}

Compiled<Slot> SlotTable::make_field(const Operand& operand) const {
  auto reference = resolve_field(fields_, operand);
  if (!reference) return tl::make_unexpected(std::move(reference.error()));
  Slot slot;
  slot.kind = Slot::Kind::field;
  slot.type = field_type(*reference);
  if (reference->field->get == nullptr) slot.without_accessor.push_back(reference->field);
  slot.reference = std::move(*reference);
  return slot;
}

Compiled<Slot> SlotTable::make_transformer(const Operand& operand) {
  std::vector<SlotId> arguments;
  for (const auto& child : operand.children) {
    const auto argument = intern_argument(child);
    if (!argument) return tl::make_unexpected(argument.error());
    const Slot& inner = slots_[*argument];
    if (inner.kind == Slot::Kind::field && inner.reference.compares_specially())
      return compile_error(child.offset, "field '" + child.text + "' does not take transformers");
    if (inner.kind == Slot::Kind::field && inner.reference.is_event_type())
      return compile_error(child.offset, "field '" + child.text + "' does not take transformers",
                           "compare it with the event's names themselves");
    arguments.push_back(*argument);
  }
  auto slot = arguments.size() == 1 ? apply_unary(operand, arguments[0]) : apply_many(operand, std::move(arguments));
  if (!slot) return slot;
  for (const SlotId argument : slot->arguments) {
    const auto& missing = slots_[argument].without_accessor;
    slot->without_accessor.insert(slot->without_accessor.end(), missing.begin(), missing.end());
  }
  return slot;
}

Compiled<Slot> SlotTable::apply_unary(const Operand& operand, SlotId argument) const {
  const auto* unary = std::ranges::find(kUnary, operand.text, &Unary::name);
  if (unary == std::end(kUnary)) return compile_error(operand.offset, operand.text + "() needs more than one argument");
  if (operand.argument)
    return compile_error(operand.offset, "transformer '" + operand.text + "' takes no argument in brackets");
  Slot slot;
  slot.kind = unary->kind;
  slot.type = slots_[argument].type;
  slot.arguments = {argument};
  if (slot.kind == Slot::Kind::length && (slot.type.list || slot.type.type == ValueType::string)) {
    slot.type = OperandType{ValueType::unsigned_integer};
    return slot;
  }
  if (slot.type.type != ValueType::string || (slot.type.bytes && slot.kind != Slot::Kind::base64))
    return compile_error(operand.offset, operand.text + "() cannot be applied to type '" + type_name(slot.type) + "'");
  return slot;
}

Compiled<Slot> SlotTable::apply_many(const Operand& operand, std::vector<SlotId> arguments) const {
  Slot slot;
  const auto type = [&](size_t i) -> const OperandType& { return slots_[arguments[i]].type; };
  const auto wrong = [&](std::string_view what) {
    return compile_error(operand.offset, operand.text + "() " + std::string(what));
  };
  if (operand.text != "getopt" && operand.argument)
    return compile_error(operand.offset, "transformer '" + operand.text + "' takes no argument in brackets");
  if (operand.text == "join") {
    slot.kind = Slot::Kind::join;
    if (arguments.size() != 2) return wrong("takes a separator and a list");
    if (type(0).list) return wrong("takes one string as its separator");
    if (!type(1).list) return wrong("takes a list as its second argument");
  } else if (operand.text == "concat") {
    slot.kind = Slot::Kind::concat;
    for (size_t i = 0; i < arguments.size(); ++i)
      if (type(i).list || type(i).type != ValueType::string || type(i).bytes) return wrong("takes only strings");
  } else if (operand.text == "getopt") {
    slot.kind = Slot::Kind::getopt;
    if (arguments.size() != 2) return wrong("takes a list of arguments and a string of options");
    if (!type(0).list || type(0).type != ValueType::string) return wrong("takes a list of strings as its first argument");
    if (type(1).list || type(1).type != ValueType::string) return wrong("takes one string of options as its second argument");
    if (operand.argument && operand.argument->size() != 1) return wrong("takes one option character in brackets");
    if (operand.argument) slot.option = operand.argument->front();
    slot.type.list = !operand.argument;
  } else {
    return wrong("takes one argument");
  }
  slot.arguments = std::move(arguments);
  return slot;
}

}  // namespace hullwatch::rules
