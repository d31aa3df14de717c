#pragma once
// What a RuleSet holds. Private to rule_set.cpp and the compiler.

#include <atomic>
#include <memory>

#include "rules/condition_pool.h"
#include "rules/output_template.h"
#include "rules/rule_index.h"
#include "rules/rule_memory.h"
#include "rules/rule_set.h"
#include "rules/rule_tests.h"

namespace hullwatch {

struct CompiledRules {
  explicit CompiledRules(const FieldLookup& fields) : pool(fields) {}

  rules::ConditionPool pool;
  std::vector<RuleInfo> infos;
  std::vector<rules::NodeId> conditions;       // by rule
  std::vector<rules::OutputTemplate> outputs;  // by rule
  rules::RuleIndex index;                      // of the live rules that judge one event
  struct Watcher {
    uint32_t rule;
    uint32_t step;  // of a sequence
  };
  std::vector<Watcher> watchers;                           // conditions of the live rules that look at more than one
  rules::RuleIndex watch_index;                            // of those
  std::vector<std::unique_ptr<rules::RuleMemory>> memory;  // by rule, null for those of one event
  std::vector<std::vector<rules::NodeId>> steps;           // by rule, of sequences
  struct Suppress {
    uint64_t for_ns = 0;  // 0: none
    std::vector<rules::SlotId> by;
    std::string id;  // rule and content
  };
  std::vector<Suppress> suppress;  // by rule
  std::unique_ptr<std::atomic<uint64_t>[]> matches;
  std::vector<std::pair<std::string, std::string>> digests;
  std::vector<RuleTestCase> test_cases;
  std::unique_ptr<Evaluation> evaluation;
  bool match_all = false;
};

}  // namespace hullwatch
