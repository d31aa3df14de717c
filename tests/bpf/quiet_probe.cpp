#include "quiet_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "hullwatch.skel.h"

namespace hullwatch::test {
namespace {

// What the quiet rung of these observations is made of, and the life of processes, which it stands on.
const std::set<std::string_view> kPrograms = {"process_fork",      "process_exec",         "process_exit",
                                              "cgroup_attach",     "credential_fork",      "credential_exec",
                                              "quiet_cap_capable", "quiet_proc_connector", "credential_prepare_exec"};

int print(libbpf_print_level level, const char* format, va_list arguments) {
  return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

std::string path_of(const std::string& name) {
  return name.find('/') == std::string::npos ? std::string(HULLWATCH_ACTORS) + "/" + name : name;
}

[[noreturn]] void become(const std::vector<std::string>& command, int out, const TestContainer* container) {
  if (container) container->enter();
  ::dup2(out, STDOUT_FILENO);
  std::vector<char*> arguments;
  const std::string path = path_of(command[0]);
  for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execv(path.c_str(), arguments.data());
  ::_exit(127);
}

template <typename T>
T sum_of_cpus(int map, std::uint32_t key) {
  std::vector<T> values(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  bpf_map_lookup_elem(map, &key, values.data());
  T sum{};
  auto* total = reinterpret_cast<std::uint64_t*>(&sum);
  for (const auto& value : values)
    for (std::size_t i = 0; i < sizeof(T) / sizeof(std::uint64_t); ++i)
      total[i] += reinterpret_cast<const std::uint64_t*>(&value)[i];
  return sum;
}

std::filesystem::path cgroup_root() {
  for (const char* path : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
    if (std::filesystem::exists(std::string(path) + "/cgroup.procs") &&
        std::filesystem::exists(std::string(path) + "/cgroup.controllers"))
      return path;
  throw std::runtime_error("no cgroup v2 hierarchy is mounted");
}

}  // namespace

TestContainer::TestContainer(hullwatch_bpf& programs, std::string name) : path_(cgroup_root() / name) {
  std::filesystem::create_directory(path_);
  struct stat info {};
  ::stat(path_.c_str(), &info);
  id_ = info.st_ino;
  bpf_map_update_elem(bpf_map__fd(programs.maps.containers), &id_, &id_, BPF_ANY);
}

TestContainer::~TestContainer() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void TestContainer::enter() const { std::ofstream(path_ / "cgroup.procs") << ::getpid() << std::flush; }

QuietProbe::QuietProbe() {
  libbpf_set_print(print);
  programs_ = hullwatch_bpf__open();
  if (!programs_) throw std::runtime_error("cannot open the BPF object");
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, programs_->obj)
      bpf_program__set_autoload(program, kPrograms.contains(bpf_program__name(program)));
  auto connector = ProcConnector::open();
  if (!connector) throw std::runtime_error(connector.error().message);
  connector_ = std::move(*connector);
  programs_->rodata->commits_by_connector = true;
  if (hullwatch_bpf__load(programs_) != 0 || hullwatch_bpf__attach(programs_) != 0)
    throw std::runtime_error("cannot load the programs");
  if (auto attached = connector_->attach(bpf_program__fd(programs_->progs.quiet_proc_connector)); !attached)
    throw std::runtime_error(attached.error().message);
  ring_ = ring_buffer__new(bpf_map__fd(programs_->maps.critical), on_record, this, nullptr);
}

QuietProbe::~QuietProbe() {
  ring_buffer__free(ring_);
  hullwatch_bpf__destroy(programs_);
}

int QuietProbe::on_record(void* self, void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::byte*>(data);
  if (size >= sizeof(hw_header))
    static_cast<QuietProbe*>(self)->captured_.emplace_back(std::vector<std::byte>(bytes, bytes + size));
  return 0;
}

ActorRun QuietProbe::run(std::vector<std::string> command, const TestContainer* container) {
  ring_buffer__consume(ring_);
  captured_.clear();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child == 0) become(command, ends[1], container);
  ::close(ends[1]);
  std::string out;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  ActorRun run;
  ::waitpid(child, &run.status, 0);
  ring_buffer__consume(ring_);  // all it did was submitted before it was reaped
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) run.told.push_back(nlohmann::json::parse(line));
  std::set<std::uint32_t> family = {static_cast<std::uint32_t>(child)};
  for (const auto& record : captured_) {
    const auto header = record.header();
    if (family.contains(header.creator.tgid) && header.creator.tgid == static_cast<std::uint32_t>(child))
      family.insert(header.process.tgid);
    if (family.contains(header.process.tgid)) run.records.push_back(record);
  }
  return run;
}

hw_home QuietProbe::counts(std::uint64_t home) const {
  std::vector<std::byte> value(bpf_map__value_size(programs_->maps.homes));
  bpf_map_lookup_elem(bpf_map__fd(programs_->maps.homes), &home, value.data());
  hw_home counts{};
  std::memcpy(&counts, value.data(), sizeof counts);
  return counts;
}

std::uint64_t QuietProbe::capability_uses(std::uint64_t home, unsigned capability, bool denied) const {
  std::uint64_t uses[128] = {};
  bpf_map_lookup_elem(bpf_map__fd(programs_->maps.capability_uses), &home, uses);
  return uses[capability + (denied ? 64U : 0U)];
}

std::uint64_t QuietProbe::errors(hw_place place) const {
  return sum_of_cpus<std::uint64_t>(bpf_map__fd(programs_->maps.errors), place);
}

hw_count QuietProbe::records(hw_kind kind) const { return sum_of_cpus<hw_count>(bpf_map__fd(programs_->maps.counts), kind); }

}  // namespace hullwatch::test
