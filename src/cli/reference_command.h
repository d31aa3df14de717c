#pragma once
// `fields`, `events`, `metrics`, `version`: the reference, printed from the tables the code itself uses.

#include <string>

namespace hullwatch {

int fields_command(const std::string& format);   // text, json, markdown
int events_command(const std::string& format);   // text, json, markdown
int metrics_command(const std::string& format);  // text, json, markdown
int version_command(const std::string& format);  // text, json

}  // namespace hullwatch
