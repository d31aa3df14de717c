#pragma once
// The always-there programs, live on the running kernel: what they wrote, what user space can ask, and children that do one
// thing. One thread. Needs root and BTF.

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hullwatch/wire.h"
#include "probe/bpf_object.h"
#include "probe/ring_reader.h"

namespace hullwatch::test {

/// One record as it came from a ring.
class LiveRecord {
 public:
  explicit LiveRecord(std::span<const std::byte> bytes) : bytes_(bytes.begin(), bytes.end()) {}

  [[nodiscard]] hw_header header() const { return as<hw_header>(); }
  /// The fixed struct; a record shorter than it is a failure of the kernel side.
  template <typename T>
  [[nodiscard]] T as() const {
    T value{};
    if (bytes_.size() < sizeof(T)) throw std::runtime_error("record shorter than its struct");
    std::memcpy(&value, bytes_.data(), sizeof(T));
    return value;
  }
  /// Bytes of a span of a T.
  template <typename T>
  [[nodiscard]] std::string bytes(hw_span span) const {
    if (sizeof(T) + span.off + span.len > bytes_.size()) throw std::runtime_error("span outside the record");
    return {reinterpret_cast<const char*>(bytes_.data()) + sizeof(T) + span.off, span.len};
  }
  /// "/a/b" of the components, leaf first, of a path of a T.
  template <typename T>
  [[nodiscard]] std::string path(const hw_path& path) const {
    std::string out;
    const std::string components = bytes<T>(path.components);
    for (size_t at = 0; at < components.size();) {
      const std::string name = components.substr(at, components.find('\0', at) - at);
      out = "/" + name + out;
      at += name.size() + 1;
    }
    return out.empty() ? "/" : out;
  }
  [[nodiscard]] size_t size() const { return bytes_.size(); }

 private:
  std::vector<std::byte> bytes_;
};

/// A cgroup of the hierarchy that names containers; removed, when empty, with this object.
class TestCgroup {
 public:
  explicit TestCgroup(const std::string& name, const TestCgroup* parent = nullptr);
  ~TestCgroup();
  TestCgroup(const TestCgroup&) = delete;
  TestCgroup& operator=(const TestCgroup&) = delete;

  [[nodiscard]] uint64_t id() const { return id_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Puts a process in; 0: the caller. Safe in a forked child.
  void add(pid_t pid) const;
  /// Where the hierarchy is mounted.
  static std::filesystem::path root();

 private:
  std::filesystem::path path_;
  uint64_t id_ = 0;
};

/// A name like a container's, different at each call.
std::string container_name();

/// A child that runs `what` and exits with its result. Waits for it in the destructor.
class Child {
 public:
  explicit Child(const std::function<int()>& what);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }
  int wait();  // wait status

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

/// A container's process: put in from the host before it runs `what`.
std::unique_ptr<Child> run_in(const TestCgroup& cgroup, const std::function<int()>& what);

/// A child that runs `what` in a thread of its own, once its first thread has ended. Returns when it has.
std::unique_ptr<Child> without_leader(const std::function<int()>& what);

/// Lets one process wait for another.
class Gate {
 public:
  Gate();
  void open() const;
  void pass() const;  // waits for open()

 private:
  int read_ = -1, write_ = -1;
};

class LiveProbe {
 public:
  explicit LiveProbe(const BpfKnobs& knobs = {}, bool attach = true);
  void attach();

  BpfObject& object() { return *object_; }
  RingReader& rings() { return *rings_; }
  /// Reads until a record fits (returned), or five seconds passed (nothing). Records stay for later questions.
  std::optional<LiveRecord> find(const std::function<bool(const LiveRecord&)>& fits);
  template <typename T>
  std::optional<LiveRecord> find(hw_kind kind, const std::function<bool(const T&)>& fits) {
    return find([&](const LiveRecord& r) { return r.header().kind == kind && fits(r.as<T>()); });
  }
  std::optional<LiveRecord> exec_of(pid_t pid, uint32_t execs = 1);
  std::optional<LiveRecord> exit_of(pid_t pid);
  std::optional<LiveRecord> fork_of(pid_t child);
  /// How many records of `kind` whose process belongs to `home` were read.
  [[nodiscard]] uint64_t received(uint64_t home, hw_kind kind) const;
  /// Reads until all that was submitted by now is here, or five seconds passed.
  void drain();
  [[nodiscard]] const std::vector<LiveRecord>& records() const { return records_; }

 private:
  std::optional<BpfObject> object_;
  std::vector<LiveRecord> records_;
  std::unique_ptr<RingReader> rings_;
};

}  // namespace hullwatch::test
