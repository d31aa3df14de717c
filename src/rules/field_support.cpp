#include "rules/field_support.h"

#include <algorithm>

namespace hullwatch::field {

Relative relative(Context context, size_t generation) {
  if (generation > kMaxLineage) return {};
  Lineage lineage(context);
  while (generation-- > 0 && lineage.here()) lineage.up();
  return lineage.here();
}

Relative relative_with_pid(Context context, uint32_t pid) {
  if (pid == 0) return {};
  Lineage lineage(context);
  while (lineage.here() && lineage.here().key.tgid != pid) lineage.up();
  return lineage.here();
}

const Process* own_program(Context context) {
  const Process* process = context.process;
  if (process == nullptr) return nullptr;
  const hw_header& header = context.event.header;
  // Without task state the kernel side does not count execs.
  if ((header.flags & HW_F_HOME_INFERRED) != 0) return process;
  return process->key.execs == header.process.execs ? process : nullptr;
}

const hw_cred* own_credentials(Context context) {
  if (const auto* exec = context.event.get<ExecEvent>()) return &exec->facts.cred;
  if (const auto* credential = context.event.get<CredentialEvent>()) return &credential->facts.after;
  if (const auto* gain = context.event.get<PrivilegeGainFinding>()) return &gain->after;
  return context.process != nullptr && context.process->cred_known ? &context.process->cred : nullptr;
}

std::string_view first_argument(std::string_view args) { return args.substr(0, args.find('\0')); }

void append_arguments(std::string& out, std::string_view args) {
  const size_t end = args.find('\0');
  if (end == std::string_view::npos) return;
  const size_t start = out.size();
  out.append(args.substr(end + 1));
  std::replace(out.begin() + static_cast<ptrdiff_t>(start), out.end(), '\0', ' ');
}

std::string_view user_name(Context context, uint32_t uid) {
  const auto name = context.event.in_container() ? (uid == 0 ? "root" : "") : context.users.user(uid);
  return name.empty() ? kUnknown : name;
}

std::string_view group_name(Context context, uint32_t gid) {
  const auto name = context.event.in_container() ? (gid == 0 ? "root" : "") : context.users.group(gid);
  return name.empty() ? kUnknown : name;
}

}  // namespace hullwatch::field
