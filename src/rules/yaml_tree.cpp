#include "rules/yaml_tree.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <unordered_map>

namespace hullwatch::rules {
namespace {

constexpr uint64_t kMaxWeight = 2'000'000;  // nodes one document may stand for
constexpr size_t kMaxText = 32U << 20;      // bytes of one file
constexpr size_t kMaxProblems = 100;

/// Builds the tree from the parser's events. Aliases share the node they name, so a bomb costs nothing until it is walked;
/// its weight refuses it before that.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceFile& file, std::vector<YamlProblem>& problems) : file_(file), problems_(problems) {}
  [[nodiscard]] YamlPtr root() const { return root_; }
  /// Where the document began.
  [[nodiscard]] const YAML::Mark& start() const { return start_; }
  /// The last scalar with quotes; null when there was none.
  [[nodiscard]] const YamlPtr& last_quoted() const { return last_quoted_; }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto node = make(YamlNode::Kind::null, mark);
    // Nothing stands nowhere: the parser's mark is that of what follows, the key is where to look.
    if (!stack_.empty() && stack_.back().key) {
      node->line = stack_.back().key->line;
      node->column = stack_.back().key->column;
    }
    leaf(std::move(node), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    auto node = make(YamlNode::Kind::scalar, mark);
    node->value = value;
    node->plain = tag != "!";
    skip_properties(*node);
    if (!node->plain) last_quoted_ = node;
    leaf(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      problem("an alias cannot stand inside what it names", mark);
      attach(make(YamlNode::Kind::null, mark));
      return;
    }
    attach(found->second);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(make(YamlNode::Kind::sequence, mark), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(make(YamlNode::Kind::map, mark), anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    YamlPtr key;  // map: waiting for its value
  };

  static std::shared_ptr<YamlNode> make(YamlNode::Kind kind, const YAML::Mark& mark) {
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->line = static_cast<uint32_t>(std::max(mark.line, 0) + 1);
    node->column = static_cast<uint32_t>(std::max(mark.column, 0) + 1);
    return node;
  }

  /// The parser's mark of a scalar with an anchor or a tag is theirs; the text begins behind them.
  void skip_properties(YamlNode& node) const {
    const std::string_view line = file_.line(node.line);
    size_t at = node.column - 1;
    while (at < line.size() && (line[at] == '&' || line[at] == '!')) {
      while (at < line.size() && line[at] != ' ') ++at;
      while (at < line.size() && line[at] == ' ') ++at;
    }
    if (at < line.size()) node.column = static_cast<uint32_t>(at + 1);
  }

  void problem(std::string message, const YAML::Mark& mark) {
    if (problems_.size() < kMaxProblems)
      problems_.push_back({std::move(message), static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1)});
  }
  void duplicate(const YamlNode& key) {
    if (problems_.size() >= kMaxProblems) return;
    problems_.push_back(
        {"duplicate key '" + key.value + "': the first one counts", key.line, key.column, YamlProblem::Kind::duplicate_key});
  }

  void leaf(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    attach(std::move(node));
  }
  void open(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) { stack_.push_back({std::move(node), anchor, nullptr}); }
  void close() {
    Open top = std::move(stack_.back());
    stack_.pop_back();
    if (top.anchor != 0) anchors_[top.anchor] = top.node;
    attach(std::move(top.node));
  }

  void attach(YamlPtr node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = stack_.back();
    parent.node->weight = std::min(parent.node->weight + node->weight, kMaxWeight + 1);
    if (parent.node->kind == YamlNode::Kind::sequence) {
      parent.node->items.push_back(std::move(node));
    } else if (!parent.key) {
      if (node->is_scalar() && parent.node->find(node->value) != nullptr) duplicate(*node);
      parent.key = std::move(node);
    } else {
      parent.node->entries.emplace_back(std::move(parent.key), std::move(node));
      parent.key = nullptr;
    }
  }

  const SourceFile& file_;
  std::vector<YamlProblem>& problems_;
  std::vector<Open> stack_;
  std::unordered_map<YAML::anchor_t, YamlPtr> anchors_;
  YamlPtr root_, last_quoted_;
  YAML::Mark start_;
};

/// The parser takes a quoted text that ends with the file's last line instead of a quote: a file cut off would load in part.
bool runs_off_the_end(const SourceFile& file, const YamlNode& quoted) {
  const std::string_view text = file.text;
  size_t at = file.lines[std::min<size_t>(quoted.line, file.lines.size()) - 1] + quoted.column - 1;
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return false;
  const char quote = text[at++];
  for (; at < text.size(); ++at) {
    if (text.substr(at, 2) == "''" ? quote == '\'' : text[at] == '\\' && quote == '"') {
      ++at;  // two stand for one
    } else if (text[at] == quote) {
      return false;
    }
  }
  return true;
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, node] : entries)
    if (name->is_scalar() && name->value == key) return node.get();
  return nullptr;
}

SourceFile::SourceFile(std::string file_name, std::string content) : name(std::move(file_name)), text(std::move(content)) {
  lines.push_back(0);
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
    lines.push_back(static_cast<uint32_t>(at + 1));
  if (text.size() > kMaxText) {
    problems.push_back({"the file is larger than " + std::to_string(kMaxText >> 20) + " MiB", 1, 1});
    return;
  }
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    for (int last = -1;;) {
      TreeBuilder builder(*this, problems);
      if (!parser.HandleNextDocument(builder)) break;
      // On some stray tokens the parser stays where it is and finds empty documents for ever.
      if (builder.start().pos == last) {
        problems.push_back({"unexpected text", static_cast<uint32_t>(builder.start().line + 1),
                            static_cast<uint32_t>(builder.start().column + 1)});
        break;
      }
      last = builder.start().pos;
      const YamlPtr root = builder.root();
      if (!root) continue;
      if (const YamlPtr& quoted = builder.last_quoted(); quoted && runs_off_the_end(*this, *quoted)) {
        problems.push_back({"this quoted text has no end", quoted->line, quoted->column});
        break;
      }
      if (root->weight > kMaxWeight) {
        problems.push_back({"aliases multiply this document into more than " + std::to_string(kMaxWeight) + " values",
                            root->line, root->column});
      } else {
        documents.push_back(root);
      }
    }
  } catch (const YAML::DeepRecursion& exception) {
    problems.push_back({"the file nests too deeply", static_cast<uint32_t>(std::max(exception.mark.line, 0) + 1),
                        static_cast<uint32_t>(std::max(exception.mark.column, 0) + 1)});
  } catch (const YAML::Exception& exception) {
    problems.push_back({exception.msg, static_cast<uint32_t>(std::max(exception.mark.line, 0) + 1),
                        static_cast<uint32_t>(std::max(exception.mark.column, 0) + 1)});
  }
}

std::string_view SourceFile::line(uint32_t number) const {
  if (number == 0 || number > lines.size()) return {};
  std::string_view rest = std::string_view(text).substr(lines[number - 1]);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

std::pair<uint32_t, uint32_t> position_in_scalar(const SourceFile& file, const YamlNode& scalar, size_t offset) {
  const auto place = [&file](size_t at) {
    const auto next = std::upper_bound(file.lines.begin(), file.lines.end(), static_cast<uint32_t>(at));
    const auto line = static_cast<uint32_t>(next - file.lines.begin());
    return std::pair{line, static_cast<uint32_t>(at) - file.lines[line - 1] + 1};
  };
  if (scalar.line == 0 || scalar.line > file.lines.size()) return {scalar.line, scalar.column};
  const std::string_view text = file.text;
  size_t at = std::min<size_t>(file.lines[scalar.line - 1] + scalar.column - 1, text.size());
  const char quote = at < text.size() && (text[at] == '"' || text[at] == '\'') && !scalar.plain ? text[at] : '\0';
  const bool block = !scalar.plain && at < text.size() && (text[at] == '|' || text[at] == '>');
  if (quote != '\0') ++at;
  if (block) at = std::min(text.find('\n', at), text.size() - 1) + 1;

  // Folding and indentation change blanks alone, so the characters that are not blank come in the same order in the file and in
  // the value: walk both.
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  size_t here = at;
  for (size_t i = 0; i <= offset && i < scalar.value.size(); ++i) {
    const char wanted = scalar.value[i];
    if (blank(wanted) && i < offset) {
      if (at < text.size() && blank(text[at])) ++at;
      continue;
    }
    if (!blank(wanted))
      while (at < text.size() && blank(text[at])) ++at;
    here = at;
    if (at >= text.size()) break;
    if (quote == '"' && text[at] == '\\') {
      const char kind = at + 1 < text.size() ? text[at + 1] : '\0';
      at += kind == 'x' ? 4 : kind == 'u' ? 6 : kind == 'U' ? 10 : 2;
    } else {
      at += quote == '\'' && text.substr(at, 2) == "''" ? 2 : 1;
    }
  }
  if (offset >= scalar.value.size()) here = at;
  return place(std::min(here, text.size()));
}

std::optional<uint32_t> parse_yaml_unsigned(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
  }
  uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace hullwatch::rules
