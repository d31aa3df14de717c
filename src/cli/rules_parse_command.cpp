#include <algorithm>
#include <iostream>
#include <iterator>

#include "cli/output.h"
#include "cli/rules_command.h"
#include "rules/condition_json.h"
#include "rules/condition_parser.h"

namespace hullwatch {
namespace {

constexpr size_t kMaxInput = 16U << 20;

/// All of stdin up to a bound that no condition needs.
bool read_input(std::string& out) {
  out.resize(kMaxInput + 1);
  std::cin.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<size_t>(std::cin.gcount()));
  return out.size() <= kMaxInput;
}

Diagnostic located(const rules::SyntaxError& error, const std::string& condition) {
  const size_t at = std::min<size_t>(error.offset, condition.size());
  const std::string_view before = std::string_view(condition).substr(0, at);
  const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  Diagnostic diagnostic;
  diagnostic.code = "LOAD_ERR_COMPILE_CONDITION";
  diagnostic.message = error.message;
  diagnostic.position = {"condition", static_cast<uint32_t>(std::ranges::count(before, '\n') + 1),
                         static_cast<uint32_t>(at - line_start + 1)};
  diagnostic.excerpt = line_of(condition, diagnostic.position.line);
  return diagnostic;
}

}  // namespace

int rules_parse_command(const std::string& argument, const std::string& format) {
  std::string condition = argument;
  if (argument == "-" && !read_input(condition)) {
    print_error("the condition is larger than 16 MiB");
    return kExitConfiguration;
  }
  const auto tree = rules::parse_condition(condition);
  if (tree) {
    JsonWriter json;
    json.begin_object().member("schema", "hullwatch.condition/1").member("successful", true).key("tree");
    rules::write_condition(json, *tree);
    std::cout << json.end_object().text() << '\n';
    return kExitOk;
  }
  const Diagnostic diagnostic = located(tree.error(), condition);
  if (format == "json") {
    JsonWriter json;
    json.begin_object().member("schema", "hullwatch.condition/1").member("successful", false).key("error").begin_object();
    json.member("code", diagnostic.code).member("message", diagnostic.message).member("offset", tree.error().offset);
    json.member("line", diagnostic.position.line).member("column", diagnostic.position.column);
    std::cout << json.end_object().end_object().text() << '\n';
  }
  print_diagnostics({diagnostic});
  return kExitConfiguration;
}

}  // namespace hullwatch
