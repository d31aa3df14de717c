#include "rules/condition_json.h"

namespace hullwatch::rules {
namespace {

void begin(JsonWriter& json, std::string_view type, uint32_t offset) {
  json.begin_object().member("type", type).member("offset", offset);
}

void write_operand(JsonWriter& json, const Operand& operand) {
  const auto children = [&](std::string_view key) {
    json.key(key).begin_array();
    for (const auto& child : operand.children) write_operand(json, child);
    json.end_array();
  };
  switch (operand.kind) {
    case Operand::Kind::field:
      begin(json, "field", operand.offset);
      json.member("name", operand.text);
      break;
    case Operand::Kind::transformer:
      begin(json, "transformer", operand.offset);
      json.member("name", operand.text);
      children("arguments");
      break;
    case Operand::Kind::value:
      begin(json, "value", operand.offset);
      json.member("value", operand.text);
      break;
    case Operand::Kind::values:
    case Operand::Kind::operand_list:
      begin(json, "list", operand.offset);
      children("values");
      break;
  }
  if (operand.argument) json.member("argument", *operand.argument);
  json.end_object();
}

void write_check(JsonWriter& json, const Expr& expr) {
  begin(json, "check", expr.offset);
  json.key("left");
  write_operand(json, expr.left);
  json.member("operator", operator_name(expr.op)).member_if("modifier", modifier_name(expr.modifier));
  if (expr.op != Operator::exists) {
    json.key("right");
    write_operand(json, expr.right);
  }
  json.end_object();
}

}  // namespace

void write_condition(JsonWriter& json, const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::all_of:
    case Expr::Kind::any_of:
      begin(json, expr.kind == Expr::Kind::all_of ? "and" : "or", expr.offset);
      json.key("children").begin_array();
      for (const auto& child : expr.children) write_condition(json, child);
      json.end_array().end_object();
      break;
    case Expr::Kind::negation:
      begin(json, "not", expr.offset);
      json.key("child");
      write_condition(json, expr.children[0]);
      json.end_object();
      break;
    case Expr::Kind::macro:
      begin(json, "macro", expr.offset);
      json.member("name", expr.macro).end_object();
      break;
    case Expr::Kind::check: write_check(json, expr); break;
  }
}

}  // namespace hullwatch::rules
