#pragma once
// Records as the kernel side writes them, and the Events decoded from them, in the words of the domain:
//
//   exec("/bin/sh").args({"sh", "-c", "id"}).in(web).by(root()).build()
//   credential(user(1000), root()).way(HW_WAY_SETID).syscall(105).build()
//
// Whatever has no word here is set with .with([](hw_exec& facts) { facts.tty = 0x8801; }).

#include <gtest/gtest.h>

#include <algorithm>
#include <concepts>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "enrich/container.h"
#include "event/decode.h"
#include "event/event.h"

namespace hullwatch::test {

inline constexpr uint64_t kAllCapabilities = 0x1ffffffffffULL;
inline constexpr uint64_t kDockerCapabilities = 0xa80425fbULL;
inline constexpr uint32_t kInitialUserNamespace = 4026531837U;

/// Every id `uid`, no capability.
inline hw_cred user(uint32_t uid) {
  hw_cred cred{};
  cred.uid = cred.suid = cred.euid = cred.fsuid = uid;
  cred.gid = cred.sgid = cred.egid = cred.fsgid = uid;
  cred.userns = kInitialUserNamespace;
  cred.cap_bounding = kAllCapabilities;
  return cred;
}
inline hw_cred with_capabilities(hw_cred cred, uint64_t capabilities) {
  cred.cap_permitted = cred.cap_effective = cred.cap_bounding = capabilities;
  return cred;
}
/// Host root, all powerful.
inline hw_cred root() { return with_capabilities(user(0), kAllCapabilities); }
/// Root of an ordinary docker container.
inline hw_cred container_root() { return with_capabilities(user(0), kDockerCapabilities); }

/// Key of a process; the same pid always means the same process unless `start_ns` tells otherwise.
inline hw_key key_of(uint32_t pid, uint32_t execs = 1, uint64_t start_ns = 0) {
  return {start_ns != 0 ? start_ns : 1'000'000ULL * pid, pid, execs};
}

inline void set_comm(char (&comm)[HW_COMM_LEN], std::string_view text) {
  std::memset(comm, 0, HW_COMM_LEN);
  std::memcpy(comm, text.data(), std::min<size_t>(text.size(), HW_COMM_LEN - 1));
}

/// An event with all that its views point into. Movable; the event stays valid.
class BuiltEvent {
 public:
  explicit BuiltEvent(std::vector<std::byte> record) : record_(std::move(record)), decoder_(std::make_unique<Decoder>()) {
    auto decoded = decoder_->decode(record_);
    if (!decoded) {
      ADD_FAILURE() << "the builder made a bad record: " << decoded.error().message;
      return;
    }
    event_ = *decoded;
  }
  /// For findings, which no record carries.
  explicit BuiltEvent(Event event) : event_(std::move(event)) {}

  operator const Event&() const { return event_; }
  const Event* operator->() const { return &event_; }
  const Event& operator*() const { return event_; }
  /// For what no record carries.
  Event& edit() { return event_; }

 private:
  std::vector<std::byte> record_;
  std::unique_ptr<Decoder> decoder_;
  Event event_;
};

/// What all kinds have in common. Self is the kind's builder, Fixed its wire struct.
template <typename Self, typename Fixed>
class RecordBuilder {
 public:
  explicit RecordBuilder(uint16_t kind) {
    facts_.h.kind = kind;
    facts_.h.provider = HW_BY_QUIET;
    facts_.h.syscall = -1;
    facts_.h.time_ns = 5'000'000'000ULL;
    facts_.h.loginuid = 0xffffffffU;
    pid(100);
    comm("actor");
  }

  Self& in(const Container& container) { return home(container.cgroup_id); }
  Self& home(uint64_t id) {
    facts_.h.home = facts_.h.cgroup = id;
    return self();
  }
  Self& by(const hw_cred& cred) {
    facts_.h.uid = cred.uid;
    facts_.h.euid = cred.euid;
    facts_.h.gid = cred.gid;
    if constexpr (requires { facts_.cred; }) facts_.cred = cred;
    return self();
  }
  Self& pid(uint32_t pid, uint32_t execs = 1) { return process(key_of(pid, execs)); }
  Self& process(const hw_key& key) {
    facts_.h.process = key;
    facts_.h.tid = key.tgid;
    if constexpr (requires { facts_.pgid; }) facts_.ns_pid = facts_.sid = facts_.pgid = key.tgid;
    return self();
  }
  /// In its own pid namespace: of a process whose fork was not told.
  Self& untold(uint32_t ns_pid) {
    facts_.h.ns_pid = ns_pid;
    return self();
  }
  /// Who forked it; also its parent where the record tells one.
  Self& child_of(uint32_t pid) {
    facts_.h.creator = key_of(pid);
    if constexpr (requires { facts_.parent; }) facts_.parent = key_of(pid);
    return self();
  }
  Self& comm(std::string_view text) {
    set_comm(facts_.h.comm, text);
    return self();
  }
  Self& at(uint64_t boot_ns) {
    facts_.h.time_ns = boot_ns;
    return self();
  }
  Self& syscall(int32_t number) {
    facts_.h.syscall = number;
    return self();
  }
  Self& flags(uint32_t flags) {
    facts_.h.flags |= flags;
    return self();
  }
  Self& exe(uint32_t dev, uint64_t ino) {
    facts_.h.exe_dev = dev;
    facts_.h.exe_ino = ino;
    return self();
  }
  Self& loginuid(uint32_t uid) {
    facts_.h.loginuid = uid;
    return self();
  }
  /// (pid, comm), nearest first: what a critical record carries.
  Self& ancestors(std::initializer_list<std::pair<uint32_t, std::string_view>> list) requires requires(Fixed f) { f.ancestors; }
  {
    size_t i = 0;
    for (const auto& [pid, name] : list) {
      if (i == HW_ANCESTORS) break;
      facts_.ancestors[i].key = key_of(pid);
      set_comm(facts_.ancestors[i++].comm, name);
    }
    return self();
  }
  template <std::invocable<Fixed&> Change>
  Self& with(Change change) {
    change(facts_);
    return self();
  }

  /// The bytes as they would come out of a ring.
  [[nodiscard]] std::vector<std::byte> record() const {
    Fixed facts = facts_;
    facts.h.size = static_cast<uint32_t>(sizeof(Fixed) + tail_.size());
    const auto fixed = std::as_bytes(std::span(&facts, 1));
    std::vector<std::byte> bytes(fixed.begin(), fixed.end());
    for (const char c : tail_) bytes.push_back(static_cast<std::byte>(c));
    return bytes;
  }
  [[nodiscard]] BuiltEvent build() const { return BuiltEvent(record()); }

 protected:
  Self& self() { return static_cast<Self&>(*this); }
  hw_span add(std::string_view bytes) {
    const hw_span span{static_cast<uint16_t>(tail_.size()), static_cast<uint16_t>(bytes.size())};
    tail_.append(bytes);
    return span;
  }
  hw_span add_text(std::string_view text) { return text.empty() ? hw_span{} : add(std::string(text) + '\0'); }
  /// "/usr/bin/sh" as the walk leaves it: "sh", "bin", "usr". A name without a slash is an anonymous file's.
  hw_path add_path(std::string_view path) {
    hw_path result{};
    if (path.empty()) return result;
    if (path[0] != '/') result.flags = HW_PATH_ANONYMOUS;
    std::string walk;
    while (!path.empty()) {
      const size_t slash = path.rfind('/');
      const auto leaf = slash == std::string_view::npos ? path : path.substr(slash + 1);
      if (!leaf.empty() || result.count == 0) {
        walk.append(leaf.empty() ? "/" : leaf).push_back('\0');
        ++result.count;
      }
      path = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
    }
    result.components = add(walk);
    return result;
  }

  Fixed facts_{};
  std::string tail_;
};

}  // namespace hullwatch::test
