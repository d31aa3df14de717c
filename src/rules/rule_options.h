#pragma once
// What the configuration says about rules that files do not: which are on, and what their outputs say besides. Passive data,
// any thread.

#include <string>
#include <utility>
#include <vector>

namespace hullwatch {

/// Turns rules on or off by name (`*` stands for any text) or by a tag they have. Later ones win, and all of them over a
/// rule's own `enabled`.
struct RuleSelection {
  bool enable = false;
  std::string rule, tag;  // one of them
};

/// Text and fields added to the outputs of the rules that match. What is empty matches all.
struct AppendedOutput {
  std::string rule, source;
  std::vector<std::string> tags;  // the rule must have all of them
  std::string output;             // a template, put behind the rule's own with a blank between
  std::vector<std::pair<std::string, std::string>>
      fields;              // key of output_fields; a template, or empty for the field `key` itself
  bool suggested = false;  // container, image and pod
};

}  // namespace hullwatch
