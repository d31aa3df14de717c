#pragma once
// The syntax tree of a condition as JSON, for `rules parse` and whatever reads it. Pure; any thread.
//
// Node    = {"type": "and"|"or", "offset", "children": [Node…]} | {"type": "not", "offset", "child": Node}
//         | {"type": "macro", "offset", "name"}
//         | {"type": "check", "offset", "left": Operand, "operator", ["modifier",] ["right": Operand]}
// Operand = {"type": "field", "offset", "name", ["argument"]} | {"type": "value", "offset", "value"}
//         | {"type": "transformer", "offset", "name", "arguments": [Operand…], ["argument"]}
//         | {"type": "list", "offset", "values": [Operand…]}
//
// Offsets are bytes into the condition. `==` is written `=`.

#include "rules/condition_ast.h"
#include "util/json_writer.h"

namespace hullwatch::rules {

void write_condition(JsonWriter& json, const Expr& expr);

}  // namespace hullwatch::rules
