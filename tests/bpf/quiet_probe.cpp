#include "quiet_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>
#include <sstream>
#include <stdexcept>

namespace hullwatch::test {
namespace {

// What the quiet rung of these observations is made of, and the life of processes, which it stands on. process_* come first, as
// in the daemon: programs on one hook run in the order of attachment.
constexpr std::array<std::string_view, 11> kPrograms = {"process_fork",    "process_exec",      "process_exit",
                                                        "cgroup_attach",   "credential_fork",   "credential_prepare_exec",
                                                        "credential_exec", "quiet_cap_capable", "quiet_proc_connector",
                                                        "quiet_sysctl",    "snapshot_tasks"};

std::string path_of(const std::string& name) {
  return name.find('/') == std::string::npos ? std::string(HULLWATCH_ACTORS) + "/" + name : name;
}

int become(const std::vector<std::string>& command, int out, const TestCgroup* container) {
  if (container) container->add(0);
  ::dup2(out, STDOUT_FILENO);
  const std::string path = path_of(command[0]);
  std::vector<char*> arguments;
  for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execv(path.c_str(), arguments.data());
  return 127;
}

std::string read_all(int fd) {
  std::string out;
  std::array<char, 4096> buffer;
  for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;)
    out.append(buffer.data(), static_cast<size_t>(got));
  return out;
}

template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}
void must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message);
}

}  // namespace

void QuietProbe::RingDestroy::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

QuietProbe::QuietProbe(BpfKnobs knobs) {
  connector_ = must(ProcConnector::open());
  knobs.commits_by_connector = true;
  knobs.settings_by_check = true;
  object_ = must(BpfObject::load(knobs, kPrograms));
  for (const auto& failure : object_->failures()) throw std::runtime_error(failure.program + ": " + failure.reason);
  for (const auto program : kPrograms)
    if (program != "quiet_proc_connector" && program != "snapshot_tasks") must(object_->attach(program));
  must(connector_->attach(object_->program_fd("quiet_proc_connector")));
  ring_.reset(ring_buffer__new(object_->map_fd("critical"), on_record, this, nullptr));
}

int QuietProbe::on_record(void* self, void* data, size_t size) {
  if (size >= sizeof(hw_header))
    static_cast<QuietProbe*>(self)->captured_.emplace_back(std::span(static_cast<const std::byte*>(data), size));
  return 0;
}

ActorRun QuietProbe::run(const std::vector<std::string>& command, const TestCgroup* container) {
  ring_buffer__consume(ring_.get());
  captured_.clear();
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  const Fd in(ends[0]);
  Fd out(ends[1]);
  Child child([&] { return become(command, out.get(), container); });
  out.reset();
  std::istringstream lines(read_all(in.get()));
  const int status = child.wait();
  ActorRun run = of_process(child.pid());
  run.status = status;
  for (std::string line; std::getline(lines, line);) run.told.push_back(nlohmann::json::parse(line));
  return run;
}

ActorRun QuietProbe::of_process(pid_t pid) {
  ring_buffer__consume(ring_.get());  // all it did was submitted before it was reaped
  ActorRun run;
  std::set<uint32_t> family = {static_cast<uint32_t>(pid)};
  for (const auto& record : captured_) {
    const auto header = record.header();
    if (family.contains(header.creator.tgid)) family.insert(header.process.tgid);
    if (family.contains(header.process.tgid)) run.records.push_back(record);
  }
  return run;
}

std::unique_ptr<TestCgroup> QuietProbe::container() {
  auto cgroup = std::make_unique<TestCgroup>(container_name());
  must(object_->set_container(cgroup->id(), cgroup->id()));
  return cgroup;
}

uint64_t QuietProbe::suppressed(uint64_t home, hw_kind kind) const {
  const auto homes = object_->homes();
  const auto found = homes.find(home);
  return found == homes.end() ? 0 : found->second.suppressed[kind];
}

uint64_t QuietProbe::capability_uses(uint64_t home, unsigned capability, bool denied) const {
  std::array<uint64_t, 128> uses{};  // struct capability_uses of bpf/observe/capability.h
  bpf_map_lookup_elem(object_->map_fd("capability_uses"), &home, uses.data());
  return uses.at(capability + (denied ? 64U : 0U));
}

}  // namespace hullwatch::test
