#include "metrics/readiness.h"

#include "util/json_writer.h"

namespace hullwatch {

void Readiness::started() { works("start"); }

void Readiness::failed(const std::string& part, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  failed_.insert_or_assign(part, reason);
}

void Readiness::works(const std::string& part) {
  const std::lock_guard lock(mutex_);
  failed_.erase(part);
}

bool Readiness::ready() const {
  const std::lock_guard lock(mutex_);
  return failed_.empty();
}

std::string Readiness::json() const {
  const std::lock_guard lock(mutex_);
  JsonWriter json;
  json.begin_object().member("ready", failed_.empty()).key("failed").begin_array();
  for (const auto& [part, reason] : failed_) json.begin_object().member("part", part).member("reason", reason).end_object();
  json.end_array().end_object();
  return json.take() + '\n';
}

}  // namespace hullwatch
