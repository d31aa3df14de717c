#include "rules/output_template.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "rules/condition_parser.h"

namespace hullwatch::rules {
namespace {

constexpr uint32_t kMaxWidth = 4096;
constexpr size_t kMaxFieldText = 1024;  // how far a field may reach: bounds the search for its end

bool is_digit(char c) { return c >= '0' && c <= '9'; }

OutputValue output_value(const Value& value) {
  struct Visitor {
    OutputValue operator()(std::monostate) const { return {}; }
    OutputValue operator()(bool flag) const { return flag; }
    OutputValue operator()(int64_t number) const { return number; }
    OutputValue operator()(uint64_t number) const { return number; }
    OutputValue operator()(std::string_view text) const { return std::string(text); }
    OutputValue operator()(const std::vector<std::string_view>& list) const {
      std::string scratch;
      return std::string(value_text(Value(list), scratch));
    }
  };
  return std::visit(Visitor{}, value);
}

}  // namespace

Compiled<OutputTemplate> OutputTemplate::compile(std::string_view text, SlotTable& slots) {
  OutputTemplate result;
  if (text.empty()) return compile_error(0, "the output is empty");
  size_t at = text.starts_with('*') ? 1 : 0;
  while (at < text.size()) {
    const size_t percent = text.find('%', at);
    if (percent != at) result.pieces_.push_back({std::string(text.substr(at, percent - at))});
    if (percent == std::string_view::npos) break;
    const auto offset = static_cast<uint32_t>(percent);
    at = percent + 1;
    uint32_t width = 0;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      width = width * 10 + static_cast<uint32_t>(text[at] - '0');
      if (width > kMaxWidth) return compile_error(offset, "a field cannot be wider than " + std::to_string(kMaxWidth));
    }
    if (at == text.size()) return compile_error(offset, "the output ends within a field: nothing follows '%'");
    const auto length = result.add_field(text.substr(at), static_cast<uint32_t>(at), width, slots);
    if (!length) return tl::make_unexpected(length.error());
    at += *length;
  }
  return result;
}

Compiled<size_t> OutputTemplate::add_field(std::string_view text, uint32_t offset, uint32_t width, SlotTable& slots) {
  if (text.empty() || !std::isalpha(static_cast<unsigned char>(text[0])))
    return tl::make_unexpected(
        CompileError{"expected a field after '%'", "there is no escape for '%': write percent", offset, true, {}});
  CompileError first;
  for (size_t size = std::min(text.size(), kMaxFieldText); size > 0;) {
    size_t length = 0;
    auto operand = parse_field_or_transformer(text.substr(0, size), length);
    if (!operand) {
      if (first.message.empty())
        first = {"expected a field after '%': " + operand.error().message, {}, operand.error().offset, false, {}};
      --size;
      continue;
    }
    const auto slot = slots.intern(*operand);
    if (slot) {
      pieces_.push_back({{}, *slot, true, width});
      add_keys(*operand, slots);
      return length;
    }
    if (first.message.empty() || first.message.starts_with("expected")) first = slot.error();
    // What was parsed is `length` long; only a shorter text can be another field.
    size = std::min(size, length) - 1;
  }
  first.offset += offset;
  first.unknown_name = true;  // whatever is wrong with it, Falco calls it an unknown field
  return tl::make_unexpected(std::move(first));
}

void OutputTemplate::add_keys(const Operand& operand, SlotTable& slots) {
  if (operand.kind != Operand::Kind::field) {
    for (const auto& child : operand.children) add_keys(child, slots);
    return;
  }
  std::string name = operand.spelled();
  if (std::ranges::find(keys_, name, &Key::name) != keys_.end()) return;
  const auto slot = slots.intern(operand);
  if (!slot) return;  // cannot be: the expression around it compiled
  for (const Field* field : slots[*slot].without_accessor) without_accessor_.push_back(field);
  keys_.push_back({std::move(name), *slot});
}

Compiled<void> OutputTemplate::add_member(const std::string& key, std::string_view text, SlotTable& slots) {
  if (!text.empty()) {
    auto compiled = compile(text, slots);
    if (!compiled) return tl::make_unexpected(std::move(compiled.error()));
    members_.emplace_back(key, std::move(*compiled));
    return {};
  }
  size_t length = 0;
  const auto operand = parse_field_or_transformer(key, length);
  if (!operand || length != key.size() || operand->kind != Operand::Kind::field)
    return compile_error(0, "'" + key + "' is not a field");
  if (const auto slot = slots.intern(*operand); !slot) return tl::make_unexpected(slot.error());
  add_keys(*operand, slots);
  return {};
}

std::string OutputTemplate::render(Evaluation& evaluation) const {
  std::string out, scratch;
  for (const auto& piece : pieces_) {
    if (!piece.is_slot) {
      out += piece.literal;
      continue;
    }
    const Value& value = evaluation.value(piece.slot);
    const std::string_view text = is_missing(value) ? "<NA>" : value_text(value, scratch);
    out += text.substr(0, piece.width > 0 ? piece.width : text.size());
    if (text.size() < piece.width) out.append(piece.width - text.size(), ' ');
  }
  return out;
}

std::vector<std::pair<std::string, OutputValue>> OutputTemplate::fields(Evaluation& evaluation) const {
  std::vector<std::pair<std::string, OutputValue>> out;
  for (const auto& key : keys_) out.emplace_back(key.name, output_value(evaluation.value(key.slot)));
  for (const auto& [name, text] : members_) out.emplace_back(name, text.render(evaluation));
  return out;
}

}  // namespace hullwatch::rules
