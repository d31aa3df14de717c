#include "pipeline/alert_builder.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "enrich/lineage.h"
#include "pipeline/evidence.h"

namespace hullwatch {
namespace {

constexpr size_t kMaxAncestors = 8;

void name_user(AlertProcess& process, const UserNames& users) { process.user = users.user(process.uid); }

std::string joined_by_spaces(std::string argv) {
  while (!argv.empty() && argv.back() == '\0') argv.pop_back();
  std::replace(argv.begin(), argv.end(), '\0', ' ');
  return argv;
}

/// Secrets on the command lines that a rule's output may have rendered: the process's own and its ancestors'.
std::vector<std::string> known_secrets(const EventContext& context, const Redactor& redactor) {
  std::vector<std::string> secrets;
  const Process* p = context.process;
  for (size_t i = 0; p != nullptr && i < kMaxAncestors; ++i, p = context.tree.parent(*p))
    for (std::string& secret : redactor.secrets_in(p->args.view())) secrets.push_back(std::move(secret));
  return secrets;
}

}  // namespace

std::string make_uuid() {
  unsigned char b[16] = {};
  if (getrandom(b, sizeof(b), 0) != static_cast<ssize_t>(sizeof(b))) return {};
  b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
  char text[37];
  std::snprintf(text, sizeof(text), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
                b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
  return text;
}

AlertContainer AlertBuilder::container_of(const Container* container) {
  if (container == nullptr) return {};
  return {.id = container->id,
          .name = container->meta.name,
          .image = container->meta.image,
          .image_digest = container->meta.image_digest,
          .runtime = container->runtime,
          .pod = container->meta.pod,
          .pod_namespace = container->meta.pod_namespace,
          .pending = container->state == Container::Metadata::pending};
}

AlertProcess AlertBuilder::process_of(const Process& process, const UserNames& users) const {
  AlertProcess out{.pid = process.key.tgid,
                   .tid = process.key.tgid,
                   .ns_pid = process.ns_pid,
                   .uid = process.cred.uid,
                   .euid = process.cred.euid,
                   .gid = process.cred.gid,
                   .loginuid = process.loginuid,
                   .start_ns = process.key.start_ns,
                   .execs = process.key.execs,
                   .comm = process.comm,
                   .exe = process.exe_path.str(),
                   .cmdline = joined_by_spaces(redactor_.args(process.args.view())),
                   .cwd = process.cwd.str(),
                   .user = {}};
  name_user(out, users);
  return out;
}

AlertProcess AlertBuilder::acting_process(const EventContext& context) const {
  const hw_header& header = context.event.header;
  AlertProcess out = context.process != nullptr ? process_of(*context.process, context.users) : AlertProcess{};
  // Another program of the same process, when a ring was late: its command line is not this one's.
  if (context.process != nullptr && context.process->key.execs != header.process.execs &&
      (header.flags & HW_F_HOME_INFERRED) == 0) {
    out.cmdline.clear();
    if (context.process->exe_ino != header.exe_ino || context.process->exe_dev != header.exe_dev) out.exe.clear();
  }
  // What the record itself says goes before what the tree remembers.
  out.pid = header.process.tgid;
  out.tid = header.tid;
  out.start_ns = header.process.start_ns;
  out.execs = header.process.execs;
  out.uid = header.uid;
  out.euid = header.euid;
  out.gid = header.gid;
  out.loginuid = header.loginuid;
  out.comm = context.event.comm();
  name_user(out, context.users);
  return out;
}

std::vector<AlertProcess> AlertBuilder::ancestors_of(const EventContext& context) const {
  std::vector<AlertProcess> out;
  Lineage lineage(context);
  for (lineage.up(); lineage.here() && out.size() < kMaxAncestors; lineage.up()) {
    const Relative& ancestor = lineage.here();
    AlertProcess shown = ancestor.process != nullptr ? process_of(*ancestor.process, context.users) : AlertProcess{};
    shown.pid = ancestor.key.tgid;
    shown.start_ns = ancestor.key.start_ns;
    shown.execs = ancestor.key.execs;
    shown.comm = ancestor.comm;
    out.push_back(std::move(shown));
  }
  return out;
}

Alert AlertBuilder::build(const EventContext& context, RuleMatch match) const {
  const hw_header& header = context.event.header;
  const std::vector<std::string> secrets = known_secrets(context, redactor_);
  Alert alert{.time_ns = context.wall_ns,
              .boot_ns = header.time_ns,
              .uuid = make_uuid(),
              .rule = match.rule->name,
              .priority = match.rule->priority,
              .source = match.rule->source,
              .output = redactor_.text(match.output, secrets),
              .tags = match.rule->tags,
              .output_fields = std::move(match.output_fields),
              .container = container_of(context.container),
              .process = acting_process(context),
              .ancestors = ancestors_of(context),
              .evidence = evidence_of(context),
              .reduced = (header.flags & (HW_F_REDUCED | HW_F_IN_BURST)) != 0,
              .home = header.home,
              .respond = match.rule->respond};
  for (auto& [name, value] : alert.output_fields)
    if (auto* text = std::get_if<std::string>(&value)) *text = redactor_.text(*text, secrets);
  for (auto& [name, value] : match.evidence) {
    if (auto* text = std::get_if<std::string>(&value)) *text = redactor_.text(*text, secrets);
    alert.evidence.emplace_back(std::move(name), std::move(value));
  }
  if (header.home != 0 && context.container == nullptr) alert.container.pending = true;
  return alert;
}

}  // namespace hullwatch
