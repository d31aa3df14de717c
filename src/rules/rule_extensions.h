#pragma once
// What a rule asks for beyond Falco's language, as written: threshold, sequence with by and within, suppress, respond. Read
// from the rule's item; fields and conditions are looked up when rules compile. Load time, one thread; the files must outlive
// it.

#include <optional>
#include <string>
#include <vector>

#include "alert/response_action.h"
#include "rules/tracked_text.h"
#include "rules/yaml_tree.h"

namespace hullwatch::rules {

class ItemReader;

/// A field as a `by` or `distinct` names it.
struct NamedField {
  std::string text;
  YamlPtr node;
};

struct ThresholdDefinition {
  uint32_t count = 0;
  uint64_t window_ns = 0;
  std::vector<NamedField> by;
  std::optional<NamedField> distinct;
};

struct SequenceStep {
  std::optional<TrackedText> condition;
  std::string rule;  // when there is no condition
  YamlPtr node;
};

struct SequenceDefinition {
  std::vector<SequenceStep> steps;
  uint64_t within_ns = 0;
  std::vector<NamedField> by;
};

struct SuppressDefinition {
  uint64_t for_ns = 0;
  std::vector<NamedField> by;
};

struct RuleExtensions {
  std::optional<ThresholdDefinition> threshold;
  std::optional<SequenceDefinition> sequence;
  std::optional<SuppressDefinition> suppress;
  std::vector<ResponseAction> respond;
  YamlPtr respond_node;  // of the key's value, null: none
};

/// Reports what is wrong through the item.
RuleExtensions read_extensions(ItemReader& item);

}  // namespace hullwatch::rules
