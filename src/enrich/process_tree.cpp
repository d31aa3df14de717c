#include "enrich/process_tree.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hullwatch {
namespace {

// What a header tells of its process; the rest stays unknown.
Process from_header(const hw_header& header) {
  Process process;
  process.key = header.process;
  process.creator = header.creator;
  process.home = header.home;
  process.started_ns = header.process.start_ns;
  process.ns_pid = header.ns_pid;
  process.loginuid = header.loginuid;
  process.exe_ino = header.exe_ino;
  process.exe_dev = header.exe_dev;
  process.cred.uid = process.cred.suid = header.uid;
  process.cred.euid = process.cred.fsuid = header.euid;
  process.cred.gid = process.cred.sgid = process.cred.egid = process.cred.fsgid = header.gid;
  process.comm.assign(header.comm, strnlen(header.comm, HW_COMM_LEN));
  return process;
}

}  // namespace

std::string Process::cmdline() const {
  std::string line = args.str();
  std::ranges::replace(line, '\0', ' ');
  return line;
}

ProcessTree::ProcessTree(size_t capacity, uint64_t exit_grace_ns)
    : capacity_(std::max<size_t>(capacity, 1)), exit_grace_ns_(exit_grace_ns) {}

const Process* ProcessTree::find(const hw_key& key) const {
  const auto found = index_.find(id_of(key));
  return found == index_.end() ? nullptr : &*found->second;
}

Process* ProcessTree::lookup(const hw_key& key) {
  const auto found = index_.find(id_of(key));
  if (found == index_.end()) return nullptr;
  Process& process = *found->second;
  if (process.exited_ns == 0) live_.splice(live_.end(), live_, found->second);
  return &process;
}

const Process* ProcessTree::find_program(const hw_key& key, Process& scratch) const {
  const Process* process = find(key);
  if (process == nullptr || process->key.execs == key.execs || process->previous.execs != key.execs) return process;
  scratch = *process;
  scratch.key.execs = key.execs;
  scratch.exe_flags = process->previous.exe_flags;
  scratch.exe_dev = process->previous.exe_dev;
  scratch.exe_ino = process->previous.exe_ino;
  scratch.env_flags = process->previous.env_flags;
  scratch.env_added = process->previous.env_added;
  scratch.comm = process->previous.comm;
  scratch.exe_path = process->previous.exe_path;
  scratch.cwd = process->previous.cwd;
  scratch.args = process->previous.args;
  return &scratch;
}

const Process* ProcessTree::parent(const Process& process) const {
  // The creator first: CLONE_PARENT and a dead parent change real_parent, never who called fork.
  for (const hw_key& key : {process.creator, process.parent}) {
    if (key.tgid == 0 || same_process(key, process.key)) continue;
    if (const Process* found = find(key)) return found;
  }
  return nullptr;
}

Process& ProcessTree::add(Process process) {
  make_room();
  const Id id = id_of(process.key);
  if (spare_.empty()) {
    live_.push_back(std::move(process));
    index_.emplace(id, std::prev(live_.end()));
    return live_.back();
  }
  live_.splice(live_.end(), spare_, spare_.begin());
  live_.back() = std::move(process);
  Index::node_type place = std::move(spare_index_.back());
  spare_index_.pop_back();
  place.key() = id;
  place.mapped() = std::prev(live_.end());
  index_.insert(std::move(place));
  return live_.back();
}

void ProcessTree::drop_first(Entries& entries) {
  Index::node_type place = index_.extract(id_of(entries.front().key));
  if (spare_.size() >= kSpare || place.empty()) {
    entries.pop_front();
    return;
  }
  entries.front() = Process{};  // lets go of its texts
  spare_.splice(spare_.begin(), entries, entries.begin());
  spare_index_.push_back(std::move(place));
}

void ProcessTree::make_room() {
  while (index_.size() >= capacity_) evict();
}

/// Whoever execs with long arguments again and again pushes out what was told about least recently, as whoever forks does.
void ProcessTree::shed_text() {
  while (SharedText::alive() > text_limit(capacity_) && index_.size() > 1) evict();
}

void ProcessTree::evict() {
  Entries& victims = exited_.empty() ? live_ : exited_;
  ++(exited_.empty() ? stats_.evicted_live : stats_.evicted_exited);
  drop_first(victims);
}

Process& ProcessTree::acting(const hw_header& header) {
  if (Process* known = lookup(header.process)) return *known;
  ++stats_.misses;
  return add(from_header(header));
}

void ProcessTree::insert(Process process) {
  if (lookup(process.key) == nullptr) add(std::move(process));
  shed_text();
}

void ProcessTree::update(const Event& event) {
  if (const auto* fork = event.get<ForkEvent>()) return on_fork(event, fork->facts);
  if (const auto* exec = event.get<ExecEvent>()) return on_exec(event, *exec);
  if (event.get<ExitEvent>() != nullptr) return on_exit(event.header);
  if (const auto* credential = event.get<CredentialEvent>()) return on_credential(event.header, credential->facts);
  if (const auto* cgroup = event.get<CgroupEvent>(); cgroup != nullptr && cgroup->facts.op == HW_CGROUP_ATTACH)
    return on_attach(cgroup->facts);
  // A finding's header is a copy of one seen before, and lost records have no process.
  if (event.header.kind != HW_KIND_NONE && event.header.process.tgid != 0) acting(event.header);
}

void ProcessTree::on_fork(const Event& event, const hw_fork& fork) {
  if (same_process(fork.child, event.header.process) || fork.child.tgid == 0) return;  // a thread
  if (lookup(fork.child) != nullptr) return;                                           // its exec, or the snapshot, came first
  Process child = acting(event.header);
  child.key = fork.child;
  child.creator = event.header.process;
  child.parent = fork.child_parent;
  child.home = fork.child_home;
  child.started_ns = fork.child.start_ns;
  child.exec_ns = 0;
  child.exited_ns = 0;
  child.ns_pid = fork.child_ns_pid;
  child.comm.assign(event.comm());
  child.previous = {};
  add(std::move(child));
}

void ProcessTree::on_exec(const Event& event, const ExecEvent& exec) {
  const hw_exec& facts = exec.facts;
  Process* known = lookup(event.header.process);
  Process& process = known != nullptr ? *known : add(from_header(event.header));
  if (known != nullptr && process.key.execs != event.header.process.execs)
    process.previous = {.execs = process.key.execs,
                        .exe_flags = process.exe_flags,
                        .exe_dev = process.exe_dev,
                        .env_flags = process.env_flags,
                        .env_added = process.env_added,
                        .exe_ino = process.exe_ino,
                        .comm = std::move(process.comm),
                        .exe_path = process.exe_path,
                        .cwd = process.cwd,
                        .args = process.args};
  // What the image or the runtime set is there from the container's first program on: only what is new in it is added.
  const bool looked = (process.env_flags & HW_ENV_SEEN) != 0 && process.home == event.header.home;
  process.env_added = looked ? facts.env_flags & ~process.env_flags & HW_ENV_VARIABLES : 0;
  process.env_flags = facts.env_flags;
  process.key = event.header.process;
  if (event.header.creator.tgid != 0) process.creator = event.header.creator;
  process.parent = facts.parent;
  process.home = event.header.home;
  process.exec_ns = event.header.time_ns;
  process.ns_pid = facts.ns_pid;
  process.sid = facts.sid;
  process.pgid = facts.pgid;
  process.tty = facts.tty;
  process.loginuid = event.header.loginuid;
  process.cred = facts.cred;
  process.cred_known = true;
  process.exe_flags = facts.exe_flags;
  process.exe_ino = event.header.exe_ino;
  process.exe_dev = event.header.exe_dev;
  process.exe_ctime_ns = facts.exe_ctime_ns;
  process.exe_mtime_ns = facts.exe_mtime_ns;
  process.no_new_privs = facts.no_new_privs != 0;
  process.seccomp = facts.seccomp;
  process.args_total = facts.args_total;
  process.args_truncated = exec.args_truncated;
  process.comm.assign(event.comm());
  process.exe_path = texts_.of(exec.exe_path);
  if (process.cwd != exec.cwd) process.cwd = texts_.of(exec.cwd);
  process.args = texts_.of(exec.args);
  shed_text();
}

void ProcessTree::on_exit(const hw_header& header) {
  const auto found = index_.find(id_of(header.process));
  if (found == index_.end() || found->second->exited_ns != 0) return;
  found->second->exited_ns = std::max<uint64_t>(header.time_ns, 1);
  exited_.splice(exited_.end(), live_, found->second);
}

void ProcessTree::on_credential(const hw_header& header, const hw_credential& credential) {
  Process& process = acting(header);
  process.cred = credential.after;
  process.cred_known = true;
  process.no_new_privs = credential.no_new_privs != 0;
}

void ProcessTree::on_attach(const hw_cgroup& cgroup) {
  const bool leader = cgroup.threadgroup != 0 || cgroup.moved_tid == cgroup.moved.tgid;
  if (Process* moved = leader ? lookup(cgroup.moved) : nullptr) moved->home = cgroup.moved_home_after;
}

void ProcessTree::expire(uint64_t now_ns) {
  while (!exited_.empty() && exited_.front().exited_ns + exit_grace_ns_ <= now_ns) drop_first(exited_);
}

}  // namespace hullwatch
