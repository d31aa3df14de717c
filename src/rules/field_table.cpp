#include "rules/field_table.h"

#include <unordered_map>
#include <vector>

#include "rules/field_support.h"

namespace hullwatch {
namespace {

class Table {
 public:
  Table() {
    for (const auto group :
         {field::event_fields(), field::process_fields(), field::lineage_fields(), field::user_fields(), field::thread_fields(),
          field::container_fields(), field::descriptor_fields(), field::credential_fields(), field::mount_fields(),
          field::namespace_fields(), field::runtime_fields(), field::storm_fields(), field::setting_fields()})
      all_.insert(all_.end(), group.begin(), group.end());
    for (const Field& field : all_) by_name_.emplace(field.name, &field);
  }
  [[nodiscard]] std::span<const Field> all() const { return all_; }
  [[nodiscard]] const Field* find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

 private:
  std::vector<Field> all_;
  std::unordered_map<std::string_view, const Field*> by_name_;
};

const Table& table() {
  static const Table instance;
  return instance;
}

}  // namespace

std::span<const Field> fields() { return table().all(); }
const Field* find_field(std::string_view name) { return table().find(name); }

}  // namespace hullwatch
