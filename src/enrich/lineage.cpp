#include "enrich/lineage.h"

#include <cstring>

namespace hullwatch {
namespace {

/// The ancestor right above `key` among those that the record names.
const hw_ancestor* named_above(const Event& event, const hw_key& key) {
  if (event.ancestors == nullptr) return nullptr;
  size_t above = 0;
  if (!same_process(key, event.header.process)) {
    while (above < HW_ANCESTORS && !same_process(event.ancestors[above].key, key)) ++above;
    ++above;
  }
  const bool named = above < HW_ANCESTORS && event.ancestors[above].key.tgid != 0;
  return named ? &event.ancestors[above] : nullptr;
}

}  // namespace

Lineage::Lineage(const EventContext& context)
    : context_(context), here_{context.process, context.event.header.process, context.event.comm()} {}

void Lineage::up() {
  if (!here_ || ++generation_ > kMaxLineage) {
    here_ = {};
    return;
  }
  const Process* maker = nullptr;
  if (here_.process != nullptr)
    maker = context_.tree.parent(*here_.process);
  else if (generation_ == 1)
    maker = context_.tree.find(context_.event.header.creator);
  if (maker != nullptr) {
    here_ = {maker, maker->key, maker->comm};
  } else if (const hw_ancestor* named = named_above(context_.event, here_.key)) {
    here_ = {context_.tree.find(named->key), named->key, {named->comm, ::strnlen(named->comm, HW_COMM_LEN)}};
  } else {
    here_ = {};
  }
}

}  // namespace hullwatch
