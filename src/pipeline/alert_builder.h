#pragma once
// Rule match + context -> Alert: everything an alert must carry to be explained from itself alone. Command lines are redacted
// here, before anything is written. Evaluator thread only.

#include "alert/alert.h"
#include "alert/redactor.h"
#include "enrich/context.h"
#include "rules/rule_set.h"

namespace hullwatch {

class AlertBuilder {
 public:
  /// `redactor` must outlive the builder.
  explicit AlertBuilder(const Redactor& redactor) : redactor_(redactor) {}

  [[nodiscard]] Alert build(const EventContext& context, RuleMatch match) const;
  /// Container's part, again: for an alert that waited for metadata.
  static AlertContainer container_of(const Container* container);

 private:
  [[nodiscard]] AlertProcess process_of(const Process& process, const UserNames& users) const;
  [[nodiscard]] AlertProcess acting_process(const EventContext& context) const;
  [[nodiscard]] std::vector<AlertProcess> ancestors_of(const EventContext& context) const;

  const Redactor& redactor_;
};

/// A random UUID (version 4).
std::string make_uuid();

}  // namespace hullwatch
