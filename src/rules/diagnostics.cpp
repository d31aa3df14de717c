#include "rules/diagnostics.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace hullwatch {

std::string format_diagnostic(const Diagnostic& diagnostic) {
  std::string out;
  if (!diagnostic.position.file.empty()) {
    out += diagnostic.position.file;
    if (diagnostic.position.line > 0) {
      out.append(":").append(std::to_string(diagnostic.position.line));
      if (diagnostic.position.column > 0) out.append(":").append(std::to_string(diagnostic.position.column));
    }
    out += ": ";
  }
  out += diagnostic.severity == Diagnostic::Severity::error ? "error: " : "warning: ";
  if (!diagnostic.item.empty()) out.append(diagnostic.item).append(": ");
  out += diagnostic.message;
  if (!diagnostic.code.empty()) out.append(" [").append(diagnostic.code).append("]");
  if (!diagnostic.excerpt.empty() && diagnostic.position.column > 0) {
    // A long line is shown around the place, so that the caret stays below it.
    constexpr size_t kBefore = 60, kShown = 120;
    const size_t caret = std::min<size_t>(diagnostic.position.column - 1, diagnostic.excerpt.size());
    const size_t start = diagnostic.excerpt.size() > kShown && caret > kBefore ? caret - kBefore : 0;
    std::string line = diagnostic.excerpt.substr(start, kShown);
    for (char& c : line)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    out.append("\n  ").append(line).append("\n  ").append(caret - start, ' ').append("^");
  }
  if (!diagnostic.hint.empty()) out.append("\nhint: ").append(diagnostic.hint);
  return out;
}

namespace rules {

Diagnostic& Diagnostics::add(Diagnostic::Severity severity, std::string code, std::string message) {
  errors_ += severity == Diagnostic::Severity::error ? 1 : 0;
  if (all_.size() >= kMax) {
    ++dropped_;
    overflow_ = {};
    return overflow_;
  }
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  return all_.emplace_back(std::move(diagnostic));
}

std::vector<Diagnostic> Diagnostics::take() {
  std::set<std::tuple<std::string, uint32_t, uint32_t, std::string, std::string>> seen;
  std::vector<Diagnostic> out;
  for (auto& diagnostic : all_) {
    const auto& at = diagnostic.position;
    if (seen.emplace(at.file, at.line, at.column, diagnostic.code, diagnostic.message).second)
      out.push_back(std::move(diagnostic));
  }
  if (dropped_ > 0) {
    Diagnostic rest;
    rest.severity = errors_ > 0 ? Diagnostic::Severity::error : Diagnostic::Severity::warning;
    rest.code = "LOAD_ERR_VALIDATE";
    rest.message = "and " + std::to_string(dropped_) + " more";
    out.push_back(std::move(rest));
  }
  all_.clear();
  return out;
}

void point_at(Diagnostic& diagnostic, const SourceFile& file, const YamlNode& node) {
  diagnostic.position = {file.name, node.line, node.column};
  diagnostic.excerpt = file.line(node.line);
}

void point_at(Diagnostic& diagnostic, const TrackedText& text, size_t offset) {
  text.locate(offset, diagnostic.position, diagnostic.excerpt);
}

}  // namespace rules
}  // namespace hullwatch
