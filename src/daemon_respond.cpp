// What the daemon does about an alert, where response.enabled asks for it: orders go to the responder's thread, outcomes come
// back and are numbered and logged here, on the evaluator's. So is what was ordered by command, whether it is enabled or not.

#include "daemon.h"

namespace hullwatch {

Status Daemon::open_responder() {
  const ResponseConfig& config = options_.config.response;
  if (sequence_ != nullptr) {
    auto commands = CommandRecords::open(options_.config.state_dir);
    if (!commands) return fail(std::move(commands.error()));
    commands_.emplace(std::move(*commands));
  }
  if (!config.enabled) return {};
  ResponseScene scene{.tree = cgroups_,
                      .own = {static_cast<uint32_t>(getpid()), static_cast<uint32_t>(watchdog_->pid())},
                      .dry_run = config.dry_run};
  responder_ = std::make_unique<Responder>(std::move(scene), clock_, priority());
  return {};
}

void Daemon::respond(const Alert& alert) {
  if (alert.respond.empty()) return;
  const Container* container = alert.home != 0 ? containers_->find(alert.home) : nullptr;
  for (const ResponseAction& action : alert.respond)
    responder_->order({.action = action,
                       .rule = alert.rule,
                       .alert_uuid = alert.uuid,
                       .alert_seq = alert.seq,
                       .home = alert.home,
                       .container_id = container != nullptr ? container->id : std::string(),
                       .container_name = container != nullptr ? container->meta.name : std::string(),
                       .cgroup_path = container != nullptr ? container->cgroup_path : std::string(),
                       .pid = alert.process.pid,
                       .start_ns = alert.process.start_ns});
}

void Daemon::take_responses() {
  if (responder_ == nullptr) return;
  const Responder::Answers answers = responder_->take();
  for (const ResponseOutcome& outcome : answers.outcomes) {
    counters_->response(static_cast<size_t>(outcome.order.action.kind), static_cast<size_t>(outcome.effect.result));
    log_lifecycle("response", response_members(outcome));
  }
  for (size_t action = 0; action < answers.shed.size(); ++action) {
    if (answers.shed[action] == 0) continue;
    counters_->response(action, static_cast<size_t>(ResponseResult::shed), answers.shed[action]);
    log_lifecycle("response", shed_members(static_cast<ResponseAction::Kind>(action), answers.shed[action]));
  }
}

void Daemon::take_command_records() {
  if (!commands_) return;
  for (std::string& members : commands_->take()) log_lifecycle("response", std::move(members));
}

}  // namespace hullwatch
