#pragma once
// `rules check|parse|list|test`: loads rule files as the daemon would, without one.

#include <string>
#include <vector>

namespace hullwatch {

int rules_check_command(const std::vector<std::string>& paths, const std::string& format);
/// Without paths: the configured ones.
int rules_list_command(const std::vector<std::string>& paths, const std::string& format);
/// Syntax alone, of the condition given or of stdin when that is "-": the tree as JSON, or exit 3 with the error's place.
int rules_parse_command(const std::string& argument, const std::string& format);
int rules_test_command(const std::vector<std::string>& paths, const std::string& format);

}  // namespace hullwatch
