// Any bytes as a kernel record, and what comes after decoding: the process tree takes it up and every field is read. The
// input's first byte chooses the kind, and the size in the header is made right: decode_fuzzer looks after the first checks.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "enrich/context.h"
#include "event/decode.h"
#include "rules/event_arguments.h"
#include "rules/field_table.h"

namespace {

struct Shape {
  uint16_t kind;
  size_t fixed;
  bool tail;
};
constexpr Shape kShapes[] = {
    {HW_EXEC, sizeof(hw_exec), true},
    {HW_FORK, sizeof(hw_fork), false},
    {HW_EXIT, sizeof(hw_exit), false},
    {HW_CREDENTIAL, sizeof(hw_credential), false},
    {HW_CAPABILITY, sizeof(hw_capability), false},
    {HW_MOUNT, sizeof(hw_mount), true},
    {HW_NAMESPACE, sizeof(hw_namespace), false},
    {HW_CGROUP, sizeof(hw_cgroup), true},
    {HW_SOCKET, sizeof(hw_socket), false},
    {HW_REQUEST, sizeof(hw_request), true},
    {HW_BURST, sizeof(hw_burst), false},
    {HW_FLOOD, sizeof(hw_flood), false},
    {HW_IO_URING, sizeof(hw_io_uring), false},
    {HW_SETTING, sizeof(hw_setting), false},
};

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

  if (size < 1) return 0;
  const Shape& shape = kShapes[data[0] % std::size(kShapes)];
  std::vector<std::byte> record(shape.tail && size - 1 > shape.fixed ? size - 1 : shape.fixed);
  std::memcpy(record.data(), data + 1, std::min(record.size(), size - 1));
  hw_header header;
  std::memcpy(&header, record.data(), sizeof(header));
  header.kind = shape.kind;
  header.size = static_cast<uint32_t>(record.size());
  header.provider %= HW_PROVIDER_MAX;
  std::memcpy(record.data(), &header, sizeof(header));

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
