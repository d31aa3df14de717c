#include "event/event_type.h"

#include <gtest/gtest.h>

#include "event/system_call_names.h"

namespace hullwatch {
namespace {

TEST(EventTypes, EveryTypeIsFoundByItsOwnName) {
  for (const auto& info : event_types()) {
    EXPECT_EQ(event_type_from_name(info.name), info.type);
    EXPECT_EQ(event_type_name(info.type), info.name);
    EXPECT_FALSE(info.description.empty());
    EXPECT_FALSE(info.observation.empty());
  }
}

TEST(EventTypes, EveryWayToForkIsClone) {
  for (const auto* name : {"fork", "vfork", "clone", "clone3"}) EXPECT_EQ(event_type_from_name(name), EventType::clone) << name;
}

TEST(EventTypes, UmountIsUmount2) { EXPECT_EQ(event_type_from_name("umount"), EventType::umount2); }

TEST(EventTypes, AnUnknownNameHasNoType) {
  EXPECT_EQ(event_type_from_name("openat"), std::nullopt);
  EXPECT_EQ(event_type_from_name(""), std::nullopt);
  EXPECT_EQ(event_type_name(EventType::unknown), "unknown");
}

TEST(EventTypes, EventsOfPublishedRulesAreKnownThoughNotProduced) {
  for (const auto* name : {"accept",    "accept4",  "bpf",       "chmod",        "connect",     "creat",  "dup",      "dup2",
                           "dup3",      "fchmod",   "fchmodat",  "finit_module", "init_module", "link",   "linkat",   "listen",
                           "mkdir",     "mkdirat",  "open",      "openat",       "openat2",     "ptrace", "recvfrom", "recvmsg",
                           "rename",    "renameat", "renameat2", "rmdir",        "sendmsg",     "sendto", "socket",   "symlink",
                           "symlinkat", "unlink",   "unlinkat",  "userfaultfd",  "container"}) {
    EXPECT_TRUE(is_known_event_name(name)) << name;
    EXPECT_EQ(event_type_from_name(name), std::nullopt) << name;
  }
}

TEST(EventTypes, AMisspeltNameIsNotKnown) {
  EXPECT_FALSE(is_known_event_name("opennat"));
  EXPECT_FALSE(is_known_event_name("EXECVE"));
}

TEST(SystemCalls, NumbersMeanWhatTheirTableSays) {
  EXPECT_EQ(credential_event_of(SystemCallTable::x86_64, 105), EventType::setuid);
  EXPECT_EQ(credential_event_of(SystemCallTable::i386, 105), EventType::credential_change);
  EXPECT_EQ(credential_event_of(SystemCallTable::i386, 213), EventType::setuid);
  EXPECT_EQ(credential_event_of(SystemCallTable::arm64, 147), EventType::setresuid);
  EXPECT_EQ(credential_event_of(SystemCallTable::arm, 311), EventType::keyctl);
}

TEST(SystemCalls, X32CallsAreKnownByTheirBit) {
  EXPECT_EQ(credential_event_of(SystemCallTable::x86_64, 0x40000000 | 117), EventType::setresuid);
  EXPECT_TRUE(is_execveat(SystemCallTable::x86_64, 0x40000000 | 545));
}

TEST(SystemCalls, AnUnknownNumberIsACredentialChange) {
  EXPECT_EQ(credential_event_of(SystemCallTable::x86_64, -1), EventType::credential_change);
  EXPECT_EQ(credential_event_of(SystemCallTable::x86_64, 59), EventType::credential_change);
}

}  // namespace
}  // namespace hullwatch
