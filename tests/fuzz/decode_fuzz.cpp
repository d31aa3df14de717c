// Any bytes at all as a kernel record: decoded, taken up by the process tree, and every field read. Nothing of it may crash,
// read outside the record, or grow without bound.

#include <cstddef>
#include <cstdint>
#include <span>

#include "enrich/context.h"
#include "event/decode.h"
#include "rules/event_arguments.h"
#include "rules/field_table.h"

namespace {

void read_all_fields(const hullwatch::EventContext& context) {
  static hullwatch::FieldScratch scratch;
  scratch.clear();
  const hullwatch::FieldArgument first{"1", 1};
  for (const auto& field : hullwatch::fields()) {
    if (field.get == nullptr) continue;
    const bool bare = field.argument != hullwatch::Field::Argument::index && field.argument != hullwatch::Field::Argument::key;
    if (bare) (void)field.get(context, nullptr, scratch);
    if (field.argument != hullwatch::Field::Argument::none) (void)field.get(context, &first, scratch);
  }
  for (const auto& argument : hullwatch::event_arguments(context.event.type)) (void)argument.get(context, scratch);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static hullwatch::Decoder decoder;
  static hullwatch::ProcessTree tree(64, 1'000'000'000);
  static const hullwatch::UserNames users("/nonexistent");

  const auto record = std::as_bytes(std::span(data, size));
  (void)hullwatch::decode_task(record);
  const auto event = decoder.decode(record);
  if (!event) return 0;
  tree.update(*event);
  const hullwatch::EventContext context{.event = *event,
                                        .process = tree.find(event->header.process),
                                        .container = nullptr,
                                        .tree = tree,
                                        .users = users,
                                        .wall_ns = event->header.time_ns,
                                        .number = 1};
  read_all_fields(context);
  tree.expire(event->header.time_ns);
  return 0;
}
