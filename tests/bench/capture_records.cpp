// Keeps what the rings hand over, for tests/bench/record:
//
//   capture_records PID COUNT SECONDS FILE    of the process PID and all that it makes, at most COUNT records and SECONDS; says
//                                             "watching" on stdout once nothing is missed any more
//   capture_records seeds DECODE FIELDS       from such a file on stdin one seed of each kind for the fuzzers of those names
//
// Nobody else's processes are in the file: it is committed.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "enrich/cgroup_tree.h"
#include "probe/sensor.h"

namespace hullwatch {
namespace {

using Bytes = std::span<const std::byte>;

template <typename T>
T as(Bytes record) {
  T out{};
  std::memcpy(&out, record.data(), std::min(sizeof(out), record.size()));
  return out;
}

/// The processes below one, by their creators: a new parent or session makes no difference.
class Family {
 public:
  explicit Family(uint32_t root) : members_{root} {}
  bool takes(Bytes record) {
    const auto header = as<hw_header>(record);
    const bool member = members_.contains(header.process.tgid) || members_.contains(header.creator.tgid);
    if (!member) return false;
    members_.insert(header.process.tgid);
    if (header.kind == HW_FORK) members_.insert(as<hw_fork>(record).child.tgid);
    return true;
  }

 private:
  std::set<uint32_t> members_;
};

using Comm = std::array<char, HW_COMM_LEN>;

Comm name_of_init() {
  Comm name{};
  if (std::FILE* file = std::fopen("/proc/1/comm", "re"); file != nullptr) {
    if (std::fgets(name.data(), name.size(), file) != nullptr) std::replace(name.begin(), name.end(), '\n', '\0');
    std::fclose(file);
  }
  return name;
}

/// With PID 1 by its usual name: what else it is called is a matter of the machine.
void write(std::FILE* file, Bytes record) {
  static constexpr Comm kUsual{"systemd"};
  static const Comm kHere = name_of_init();
  std::string bytes(reinterpret_cast<const char*>(record.data()), record.size());
  const std::string_view here(kHere.data(), kHere.size());
  for (size_t at = bytes.find(here); at != std::string::npos; at = bytes.find(here, at + 1))
    bytes.replace(at, kUsual.size(), kUsual.data(), kUsual.size());
  const auto length = static_cast<uint32_t>(bytes.size());
  std::fwrite(&length, sizeof(length), 1, file);
  std::fwrite(bytes.data(), 1, bytes.size(), file);
}

int capture(uint32_t root, size_t count, std::chrono::seconds time, const char* path) {
  std::FILE* file = std::fopen(path, "we");
  const auto cgroups = find_cgroup_tree();
  if (file == nullptr || !cgroups) return 1;
  Family family(root);
  size_t kept = 0;
  bool watching = false;
  SensorOptions options;
  options.self_test.cgroup_root = cgroups->path;
  options.knobs.bulk_bytes = BpfKnobs::default_bulk_bytes();
  const auto sensor = Sensor::open(options, [&](Bytes record, bool) {
    if (!watching || kept == count || !family.takes(record)) return;
    write(file, record);
    ++kept;
  });
  if (!sensor) {
    std::cerr << sensor.error().message << '\n';
    return 1;
  }
  watching = true;
  std::cout << "watching" << std::endl;
  const auto end = std::chrono::steady_clock::now() + time;
  while (kept < count && std::chrono::steady_clock::now() < end)
    if (!(*sensor)->rings().poll(std::chrono::milliseconds(100))) return 1;
  std::cerr << kept << " records\n";
  return std::fclose(file) == 0 ? 0 : 1;
}

/// One record of each kind, the longest up to 2 KiB, behind the bytes by which the fuzzer chooses the kind.
int seeds(const std::string& decode, const std::string& fields) {
  const std::string all{std::istreambuf_iterator<char>(std::cin), {}};
  std::vector<std::string> best(HW_KIND_MAX);
  for (size_t at = 0; at + 4 <= all.size();) {
    uint32_t length = 0;
    std::memcpy(&length, all.data() + at, sizeof(length));
    const std::string record = all.substr(at + 4, length);
    at += 4 + length;
    const auto kind = as<hw_header>(std::as_bytes(std::span(record))).kind;
    if (kind < HW_KIND_MAX && record.size() < 2048 && record.size() > best[kind].size()) best[kind] = record;
  }
  const auto save = [](const std::string& path, const std::string& prefix, const std::string& record) {
    std::FILE* file = std::fopen(path.c_str(), "we");
    if (file == nullptr) return;
    std::fwrite(prefix.data(), 1, prefix.size(), file);
    std::fwrite(record.data(), 1, record.size(), file);
    std::fclose(file);
  };
  for (size_t kind = 1; kind < best.size(); ++kind) {
    if (best[kind].empty()) continue;
    const auto number = static_cast<char>(kind);
    save(decode + "/kind_" + std::to_string(kind), {number, '\1'}, best[kind]);
    save(fields + "/kind_" + std::to_string(kind), {static_cast<char>(number - 1)}, best[kind]);
  }
  return 0;
}

}  // namespace
}  // namespace hullwatch

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "seeds") return hullwatch::seeds(argv[2], argv[3]);
  if (argc > 0 && std::string_view(argv[0]) == hullwatch::kSelfTestName) return 0;
  if (argc != 5) return 2;
  return hullwatch::capture(static_cast<uint32_t>(std::strtoul(argv[1], nullptr, 10)), std::strtoul(argv[2], nullptr, 10),
                            std::chrono::seconds(std::strtol(argv[3], nullptr, 10)), argv[4]);
}
