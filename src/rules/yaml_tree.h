#pragma once
// A YAML file as a tree that remembers where everything stood, over yaml-cpp's event parser. Stricter than YAML: no aliases
// that multiply into more than the file could mean; a key that stands twice is a problem (the first of them counts). Immutable
// once parsed; any thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hullwatch::rules {

struct YamlNode;
using YamlPtr = std::shared_ptr<const YamlNode>;

struct YamlNode {
  enum class Kind : uint8_t { null, scalar, sequence, map };
  Kind kind = Kind::null;
  std::string value;              // scalar
  bool plain = true;              // scalar without quotes
  uint32_t line = 0, column = 0;  // from 1
  std::vector<YamlPtr> items;
  std::vector<std::pair<YamlPtr, YamlPtr>> entries;
  uint64_t weight = 1;  // nodes below, aliases counted each time

  [[nodiscard]] bool is_null() const { return kind == Kind::null; }
  [[nodiscard]] bool is_scalar() const { return kind == Kind::scalar; }
  [[nodiscard]] bool is_sequence() const { return kind == Kind::sequence; }
  [[nodiscard]] bool is_map() const { return kind == Kind::map; }
  /// The value of a key; null pointer when there is none.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

struct YamlProblem {
  enum class Kind : uint8_t { parse, duplicate_key };
  std::string message;
  uint32_t line = 0, column = 0;
  Kind kind = Kind::parse;
};

/// One rule file: its text, its lines, its documents.
struct SourceFile {
  std::string name, text;
  std::vector<uint32_t> lines;  // offset of each line's start
  std::vector<YamlPtr> documents;
  std::vector<YamlProblem> problems;

  SourceFile(std::string file_name, std::string content);
  /// Without its end of line; empty when there is no such line.
  [[nodiscard]] std::string_view line(uint32_t number) const;
};

/// Line and column of byte `offset` of a scalar's value, as it stands in the file: quotes, escapes and folding taken into
/// account.
std::pair<uint32_t, uint32_t> position_in_scalar(const SourceFile& file, const YamlNode& scalar, size_t offset);

/// A YAML integer of 32 bits: decimal, 0x…, or octal with a leading 0. Nothing: it is none.
std::optional<uint32_t> parse_yaml_unsigned(std::string_view text);

}  // namespace hullwatch::rules
