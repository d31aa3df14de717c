#pragma once
// The `tests` of a rule item -> cases. Load time, one thread.

#include "rules/definitions.h"
#include "rules/field_reference.h"
#include "rules/rule_tests.h"

namespace hullwatch::rules {

/// Reports what is wrong and leaves it out.
std::vector<RuleTestCase> read_test_cases(const RuleDefinition& rule, size_t index, const FieldLookup& fields,
                                          Diagnostics& diagnostics);

}  // namespace hullwatch::rules
