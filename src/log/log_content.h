#pragma once
// Which events the forensic log takes, and the making of its records. Evaluator thread.

#include <string>
#include <string_view>

#include "alert/log_record.h"
#include "alert/redactor.h"
#include "config/config.h"
#include "enrich/context.h"
#include "log/sequence.h"
#include "util/clock.h"

namespace hullwatch {

/// alerts: no event; security: all but the bulk ones, and execs in containers; all: every event.
bool log_wants(LogConfig::Content content, const Event& event);

/// The record of one event. Takes a number: push it before the next one is taken.
LogRecordPtr log_record_from(const EventContext& context, const Redactor& redactor, SequenceAllocator& sequence);

/// A record about hullwatch itself ("start", "reload", "stop"). `members`: JSON members, see LogRecord.
LogRecordPtr lifecycle_record(std::string_view type, std::string members, const Clock& clock, SequenceAllocator& sequence);

}  // namespace hullwatch
