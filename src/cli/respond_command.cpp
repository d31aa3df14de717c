#include "cli/respond_command.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "cli/configuration.h"
#include "cli/output.h"
#include "enrich/node_scan.h"
#include "respond/command_record.h"
#include "respond/response_executor.h"
#include "util/clock.h"
#include "util/utf8.h"

namespace hullwatch {
namespace {

constexpr size_t kShortId = 12;

bool is_named(const Container& container, const std::string& text) {
  return container.id == text || container.meta.name == text || (text.size() >= kShortId && container.id.starts_with(text));
}

/// The one container of that name or id.
Result<Container> find_container(const std::vector<Container>& containers, const std::string& text) {
  const auto named = [&](const Container& container) { return is_named(container, text); };
  const auto found = std::ranges::find_if(containers, named);
  if (found == containers.end()) return fail("no container is named '" + text + "' (hullwatch containers lists them)");
  if (const auto count = std::ranges::count_if(containers, named); count > 1)
    return fail(std::to_string(count) + " containers are named '" + text + "': give an id");
  return *found;
}

void print(const ResponseOutcome& outcome, const std::string& format) {
  if (format == "json") {
    std::cout << "{\"schema\":\"hullwatch.response/1\"," << response_members(outcome) << "}\n";
    return;
  }
  const ResponseEffect& effect = outcome.effect;
  const std::string& name = outcome.order.container_name.empty() ? outcome.order.container_id : outcome.order.container_name;
  std::cout << result_name(effect.result) << ": thaw " << to_terminal(name);
  if (!effect.reason.empty()) std::cout << ": " << to_terminal(effect.reason);
  if (!effect.target.empty()) std::cout << " (" << to_terminal(effect.target) << ')';
  std::cout << '\n';
}

}  // namespace

int respond_thaw_command(const RespondOptions& options) {
  const auto config = load_configuration(options.config_file);
  if (!config) return kExitConfiguration;
  const auto failed = [](const Error& error) {
    print_error(error.message);
    return kExitFindings;
  };
  const auto tree = find_cgroup_tree();
  if (!tree) return failed(tree.error());
  const auto containers = look_at_node(config->metadata, *tree);
  if (!containers) return failed(containers.error());
  const auto container = find_container(*containers, options.container);
  if (!container) return failed(container.error());

  ResponseOutcome outcome;
  outcome.order = {.action = {.kind = ResponseAction::Kind::thaw},
                   .home = container->cgroup_id,
                   .container_id = container->id,
                   .container_name = container->meta.name,
                   .cgroup_path = container->cgroup_path};
  const SystemClock clock;
  const uint64_t began_ns = clock.boot_ns();
  ResponseExecutor executor({.tree = *tree, .own = {static_cast<uint32_t>(getpid())}, .dry_run = options.dry_run});
  outcome.effect = executor.carry_out(outcome.order);
  outcome.time_ns = clock.wall_ns();
  outcome.took_ns = clock.boot_ns() - began_ns;
  print(outcome, options.format);
  const bool good = outcome.effect.result == ResponseResult::done || outcome.effect.result == ResponseResult::dry_run;
  if (!good && geteuid() != 0) return kExitPrivilege;
  // An act that nobody can prove afterwards is told as a failure, though it was done.
  if (!options.dry_run && config->log.enabled)
    if (const auto left =
            leave_command_record(options.state_dir.empty() ? config->state_dir : options.state_dir, outcome, Commander::self());
        !left)
      return failed(Error(left.error()).context("this is not recorded in the forensic log"));
  return good ? kExitOk : kExitFindings;
}

}  // namespace hullwatch
