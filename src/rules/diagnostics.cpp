#include "rules/diagnostics.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace hullwatch {

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
  std::map<std::string, size_t> files;  // in the order they were read
  for (const auto& diagnostic : out) files.try_emplace(diagnostic.position.file, files.size());
  const auto place = [&files](const Diagnostic& diagnostic) {
    const auto& at = diagnostic.position;
    return std::tuple(files.at(at.file), at.line, at.column);
  };
  std::ranges::stable_sort(out, {}, place);
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
