#include "log/log_content.h"

#include "event/event_type.h"
#include "log/event_json.h"

namespace hullwatch {

bool log_wants(LogConfig::Content content, const Event& event) {
  if (content != LogConfig::Content::security) return content == LogConfig::Content::all;
  switch (event.type) {
    case EventType::clone:
    case EventType::procexit:
    case EventType::runtime_bytes:  // told by the finding that is made of them
      return false;
    case EventType::execve:
    case EventType::execveat: return event.in_container();
    default: return true;
  }
}

LogRecordPtr log_record_from(const EventContext& context, const Redactor& redactor, SequenceAllocator& sequence) {
  auto record = std::make_shared<LogRecord>();
  record->time_ns = context.wall_ns;
  record->boot_ns = context.event.header.time_ns;
  record->type = event_type_name(context.event.type);
  record->members = event_members(context, redactor);
  record->seq = sequence.next();
  return record;
}

LogRecordPtr lifecycle_record(std::string_view type, std::string members, const Clock& clock, SequenceAllocator& sequence) {
  auto record = std::make_shared<LogRecord>();
  record->time_ns = clock.wall_ns();
  record->boot_ns = clock.boot_ns();
  record->type = type;
  record->members = std::move(members);
  record->seq = sequence.next();
  return record;
}

}  // namespace hullwatch
