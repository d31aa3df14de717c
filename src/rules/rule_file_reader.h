#pragma once
// One rule file -> definitions: decides what each item is, checks its keys, applies it. Every error of the file is reported; an
// item with errors is left out and marked broken, so that what refers to it does not add errors of its own.

#include "rules/definitions.h"
#include "rules/item_reader.h"

namespace hullwatch::rules {

/// What we declare ourselves to be, for required_engine_version.
inline constexpr uint32_t kEngineVersion[3] = {0, 63, 0};

class RuleFileReader {
 public:
  RuleFileReader(Definitions& definitions, Diagnostics& diagnostics) : definitions_(definitions), diagnostics_(diagnostics) {}
  void read(const SourceFile& file);

 private:
  void read_item(const SourceFile& file, const YamlPtr& node);
  void read_engine_version(ItemReader& item);
  void read_plugin_versions(ItemReader& item);
  void read_list(ItemReader& item, const std::string& name);
  void read_macro(ItemReader& item, const std::string& name);
  void read_rule(ItemReader& item, const std::string& name);
  void define_rule(ItemReader& item, const std::string& name);
  void override_rule(ItemReader& item, const std::string& name, const std::set<std::string>& append,
                     const std::set<std::string>& replace);
  void append_rule(ItemReader& item, const std::string& name);
  /// Takes the values of the given keys; each must be there.
  RuleUpdate read_update(ItemReader& item, const std::string& name, const std::set<std::string>& keys,
                         std::string_view operation);
  /// What is to be appended to and what replaced. False when the item has errors.
  bool read_append_and_override(ItemReader& item, std::span<const std::string_view> appendable,
                                std::span<const std::string_view> replaceable, bool& append_flag, std::set<std::string>& append,
                                std::set<std::string>& replace);

  Definitions& definitions_;
  Diagnostics& diagnostics_;
};

}  // namespace hullwatch::rules
