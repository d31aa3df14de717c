#pragma once
// What the files define, item by item, with redefinition, append and override already applied: the input of the rule compiler.
// Definitions accumulate over files. Load time, one thread; the files must outlive it.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rules/diagnostics.h"
#include "rules/rule_extensions.h"

namespace hullwatch::rules {

/// Where an item stands, for messages.
struct ItemPlace {
  const SourceFile* file = nullptr;
  YamlPtr node;
  std::string label;  // "rule 'x'"
};

/// `index` is the order of first definition, `visibility` that of the last change.
struct ListDefinition {
  std::string name;
  std::vector<std::string> items;
  uint32_t index = 0, visibility = 0;
  ItemPlace place;
};

struct MacroDefinition {
  std::string name;
  TrackedText condition;
  uint32_t index = 0, visibility = 0;
  ItemPlace place;
};

/// A name, or a list of names; values nest one deeper.
struct ExceptionEntry {
  bool given = false, is_list = false;
  std::string item;
  std::vector<ExceptionEntry> items;
};

struct ExceptionDefinition {
  std::string name;
  ExceptionEntry fields, comps;
  std::vector<ExceptionEntry> values;
  ItemPlace place;
};

struct RuleDefinition {
  std::string name;
  TrackedText condition, output;
  std::string description, source = "syscall";
  Priority priority = Priority::debug;
  bool enabled = true, warn_event_types = true, skip_if_unknown_filter = false;
  bool unknown_source = false;
  std::set<std::string> tags;
  std::vector<ExceptionDefinition> exceptions;
  RuleExtensions extensions;
  YamlPtr tests;
  uint32_t index = 0, visibility = 0;
  ItemPlace place;
};

/// Changes to an earlier rule: only what is there.
struct RuleUpdate {
  std::string name;
  std::optional<TrackedText> condition, output;
  std::optional<std::string> description, source;
  std::optional<Priority> priority;
  std::optional<bool> enabled, warn_event_types, skip_if_unknown_filter;
  std::optional<std::set<std::string>> tags;
  std::optional<std::vector<ExceptionDefinition>> exceptions;
  bool captures = false;  // capture or capture_duration: accepted, without effect
  ItemPlace place;
  [[nodiscard]] bool empty() const;
};

class Definitions {
 public:
  /// `is_field` tells whether a text is a known field, or a transformer of known fields: what exceptions may compare.
  Definitions(Diagnostics& diagnostics, std::function<bool(const std::string&)> is_field)
      : diagnostics_(diagnostics), is_field_(std::move(is_field)) {}

  void define(ListDefinition list);
  void append(ListDefinition list);
  void define(MacroDefinition macro);
  void append(const MacroDefinition& macro);
  void define(RuleDefinition rule);
  void append(RuleUpdate update);
  void replace(RuleUpdate update);
  void enable(const std::string& name, bool enabled, const ItemPlace& place);
  /// An item of this name failed to load: references to it are not errors of their own.
  void mark_broken(const std::string& name) { broken_.insert(name); }
  [[nodiscard]] bool is_broken(const std::string& name) const { return broken_.contains(name); }

  [[nodiscard]] const std::vector<ListDefinition>& lists() const { return lists_; }
  [[nodiscard]] const std::vector<MacroDefinition>& macros() const { return macros_; }
  [[nodiscard]] const std::vector<RuleDefinition>& rules() const { return rules_; }
  [[nodiscard]] const ListDefinition* find_list(const std::string& name) const;
  [[nodiscard]] const MacroDefinition* find_macro(const std::string& name) const;

 private:
  void error(const ItemPlace& place, std::string message);
  RuleDefinition* find_for_update(const RuleUpdate& update, std::string_view none, std::string_view nothing);
  void append_exceptions(RuleDefinition& rule, std::vector<ExceptionDefinition> exceptions);
  /// Fills in default comparisons; reports what does not fit together.
  bool validate(ExceptionDefinition& exception, bool known_source);

  Diagnostics& diagnostics_;
  std::function<bool(const std::string&)> is_field_;
  uint32_t next_index_ = 0;
  std::vector<ListDefinition> lists_;
  std::vector<MacroDefinition> macros_;
  std::vector<RuleDefinition> rules_;
  std::map<std::string, size_t> list_names_, macro_names_, rule_names_;
  std::set<std::string> broken_;
};

/// True for `in`, `intersects`, `pmatch` and every string operator with a modifier: their right side is a list.
bool is_list_comparison(const std::string& comparison);

}  // namespace hullwatch::rules
