#include "rules/field_support.h"

#include <algorithm>

namespace hullwatch::field {
namespace {

std::string_view bounded_comm(const char (&comm)[HW_COMM_LEN]) {
  return {comm, static_cast<size_t>(std::find(comm, comm + HW_COMM_LEN, '\0') - comm)};
}

Relative from_tree(const Process* process) {
  return process == nullptr ? Relative{} : Relative{process, process->key, process->comm};
}

// What a critical record tells of its ancestors, for when the tree is late.
Relative carried(const Event& event, size_t generation) {
  if (event.ancestors == nullptr || generation == 0 || generation > HW_ANCESTORS) return {};
  const hw_ancestor& ancestor = event.ancestors[generation - 1];
  return {nullptr, ancestor.key, bounded_comm(ancestor.comm)};
}

}  // namespace

std::string_view own_comm(Context context) { return bounded_comm(context.event.header.comm); }

Lineage::Lineage(Context context) : context_(context) {
  here_ = {context.process, context.event.header.process, own_comm(context)};
}

void Lineage::up() {
  if (!here_ || ++generation_ > kMaxLineage) {
    here_ = {};
    return;
  }
  const Process* parent = nullptr;
  if (here_.process != nullptr)
    parent = context_.tree.parent(*here_.process);
  else
    parent = context_.tree.find(generation_ == 1 ? context_.event.header.creator : hw_key{});
  const Relative told = carried(context_.event, generation_);
  here_ = from_tree(parent);
  if (here_) return;
  here_ = told;
  if (here_) here_.process = context_.tree.find(here_.key);
}

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
