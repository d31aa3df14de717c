#pragma once
// The quiet providers of credentials, capabilities, mounts and namespaces, live on the running kernel: loads and attaches them,
// runs actors, and gives back what the actor said it did and what was captured of it. One thread. Needs root.

#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hullwatch/wire.h"
#include "probe/proc_connector.h"

struct hullwatch_bpf;  // the skeleton
struct ring_buffer;

namespace hullwatch::test {

/// One record's bytes, at least a header.
class Captured {
 public:
  explicit Captured(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}

  [[nodiscard]] hw_header header() const { return as<hw_header>(); }
  template <typename T>
  [[nodiscard]] T as() const {
    T value{};
    std::memcpy(&value, bytes_.data(), std::min(sizeof value, bytes_.size()));
    return value;
  }
  /// The text a span of a T names, without its NUL.
  template <typename T>
  [[nodiscard]] std::string text(hw_span span) const {
    const std::size_t at = sizeof(T) + span.off;
    if (span.len == 0 || at + span.len > bytes_.size()) return {};
    return {reinterpret_cast<const char*>(bytes_.data()) + at, span.len - 1U};
  }

 private:
  std::vector<std::byte> bytes_;
};

struct ActorRun {
  int status = 0;                    // exit status of the actor
  std::vector<nlohmann::json> told;  // its lines
  std::vector<Captured> records;     // of its process, in order
  template <typename T>
  [[nodiscard]] std::vector<T> all(hw_kind kind) const {
    std::vector<T> found;
    for (const auto& record : records)
      if (record.header().kind == kind) found.push_back(record.as<T>());
    return found;
  }
};

/// A cgroup that the kernel side takes for a container, removed with this object.
class TestContainer {
 public:
  TestContainer(hullwatch_bpf& programs, std::string name);
  ~TestContainer();
  TestContainer(const TestContainer&) = delete;
  TestContainer& operator=(const TestContainer&) = delete;
  [[nodiscard]] std::uint64_t id() const { return id_; }
  void enter() const;  // moves the calling process in

 private:
  std::filesystem::path path_;
  std::uint64_t id_ = 0;
};

class QuietProbe {
 public:
  QuietProbe();
  ~QuietProbe();

  /// Runs an actor by name (or a program by path) to its end. With a container, inside it.
  ActorRun run(std::vector<std::string> command, const TestContainer* container = nullptr);
  TestContainer container(std::string name) { return {*programs_, std::move(name)}; }

  [[nodiscard]] hw_home counts(std::uint64_t home) const;
  [[nodiscard]] std::uint64_t capability_uses(std::uint64_t home, unsigned capability, bool denied) const;
  [[nodiscard]] std::uint64_t errors(hw_place place) const;
  [[nodiscard]] hw_count records(hw_kind kind) const;

 private:
  static int on_record(void* self, void* data, std::size_t size);
  hullwatch_bpf* programs_ = nullptr;
  ring_buffer* ring_ = nullptr;
  std::optional<ProcConnector> connector_;
  std::vector<Captured> captured_;
};

}  // namespace hullwatch::test
