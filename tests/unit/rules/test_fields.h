#pragma once
// A small field table of every type and kind of argument, so that the engine's tests do not hang on the real one.

#include <array>

#include "rules/field_reference.h"

namespace hullwatch::test {

class TestFields final : public FieldLookup {
 public:
  [[nodiscard]] const Field* find(std::string_view name) const override {
    for (const Field& field : kFields)
      if (field.name == name) return &field;
    return nullptr;
  }
  [[nodiscard]] std::span<const Field> all() const override { return kFields; }

  static const TestFields& instance() {
    static const TestFields fields;
    return fields;
  }

 private:
  static Value comm(const EventContext& context, const FieldArgument*, FieldScratch&) { return context.event.comm(); }
  static Value type(const EventContext& context, const FieldArgument*, FieldScratch&) {
    return event_type_text(context.event.type);
  }
  static Value tgid(const EventContext& context, const FieldArgument*, FieldScratch&) {
    return static_cast<int64_t>(context.event.header.process.tgid);
  }
  static Value nothing(const EventContext&, const FieldArgument*, FieldScratch&) { return {}; }
  static std::string_view event_type_text(EventType type) { return type == EventType::execve ? "execve" : "other"; }

  using enum ValueType;
  static constexpr std::array kFields = {
      Field{"evt.type", string, Field::Argument::none, "", type},
      Field{"evt.num", unsigned_integer, Field::Argument::none, "", nothing},
      Field{"evt.res", string, Field::Argument::none, "", nothing},
      Field{"evt.arg", string, Field::Argument::key, "", nothing},
      Field{"evt.rawarg", integer, Field::Argument::key, "", nothing},
      Field{"evt.dir", string, Field::Argument::none, "", nothing},
      Field{"evt.buffer", string, Field::Argument::none, "", nothing},
      Field{"evt.is_open_read", boolean, Field::Argument::none, "", nullptr, "needs open"},
      Field{"proc.name", string, Field::Argument::none, "", comm},
      Field{"proc.pname", string, Field::Argument::none, "", nothing},
      Field{"proc.cmdline", string, Field::Argument::none, "", nothing},
      Field{"proc.args", string_list, Field::Argument::none, "", nothing},
      Field{"proc.pid", integer, Field::Argument::none, "", tgid},
      Field{"proc.tty", unsigned_integer, Field::Argument::none, "", nothing},
      Field{"proc.duration", relative_time, Field::Argument::none, "", nothing},
      Field{"proc.is_exe_upper_layer", boolean, Field::Argument::none, "", nothing},
      Field{"proc.aname", string_list, Field::Argument::optional_index, "", nothing},
      Field{"proc.apid", string_list, Field::Argument::optional_index, "", nothing},
      Field{"proc.env", string, Field::Argument::key, "", nothing},
      Field{"container.id", string, Field::Argument::none, "", nothing},
      Field{"fd.name", string, Field::Argument::none, "", nullptr, "needs file events"},
      Field{"fd.num", integer, Field::Argument::none, "", nullptr, "needs file events"},
      Field{"fd.sip", ip, Field::Argument::none, "", nothing},
      Field{"fd.snet", ip, Field::Argument::none, "", nothing},
      Field{"fd.sport", port, Field::Argument::none, "", nothing},
  };
};

}  // namespace hullwatch::test
