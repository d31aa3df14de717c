#include <algorithm>
#include <array>
#include <span>

#include "event/system_call_names.h"

namespace hullwatch {
namespace {

using enum EventType;

struct Entry {
  int32_t number;
  EventType type;
};

// From the kernel's system call tables; numbers never change once given.
constexpr Entry kX8664[] = {
    {105, setuid},    {106, setgid},   {113, setreuid}, {114, setregid}, {116, setgroups}, {117, setresuid},
    {119, setresgid}, {122, setfsuid}, {123, setfsgid}, {126, capset},   {157, prctl},     {250, keyctl},
};
// The 16-bit calls and the 32-bit ones that came after them share a meaning.
constexpr Entry kI386[] = {
    {23, setuid},     {46, setgid},     {70, setreuid}, {71, setregid}, {81, setgroups}, {138, setfsuid}, {139, setfsgid},
    {164, setresuid}, {170, setresgid}, {172, prctl},   {185, capset},  {203, setreuid}, {204, setregid}, {206, setgroups},
    {208, setresuid}, {210, setresgid}, {213, setuid},  {214, setgid},  {215, setfsuid}, {216, setfsgid}, {288, keyctl},
};
constexpr Entry kArm64[] = {
    {91, capset},     {143, setregid}, {144, setgid},   {145, setreuid},  {146, setuid}, {147, setresuid},
    {149, setresgid}, {151, setfsuid}, {152, setfsgid}, {159, setgroups}, {167, prctl},  {219, keyctl},
};
constexpr Entry kArm[] = {
    {23, setuid},     {46, setgid},     {70, setreuid}, {71, setregid}, {81, setgroups}, {138, setfsuid}, {139, setfsgid},
    {164, setresuid}, {170, setresgid}, {172, prctl},   {185, capset},  {203, setreuid}, {204, setregid}, {206, setgroups},
    {208, setresuid}, {210, setresgid}, {213, setuid},  {214, setgid},  {215, setfsuid}, {216, setfsgid}, {311, keyctl},
};

constexpr int32_t kX32Bit = 0x40000000;

std::span<const Entry> entries(SystemCallTable table) {
  switch (table) {
    case SystemCallTable::x86_64: return kX8664;
    case SystemCallTable::i386: return kI386;
    case SystemCallTable::arm64: return kArm64;
    case SystemCallTable::arm: return kArm;
  }
  return {};
}

// x32 calls carry a bit on top of mostly the same numbers.
int32_t without_x32(SystemCallTable table, int32_t number) {
  return table == SystemCallTable::x86_64 && number > 0 ? number & ~kX32Bit : number;
}

}  // namespace

SystemCallTable system_call_table(uint32_t header_flags) {
  const bool compat = (header_flags & HW_F_COMPAT) != 0;
#if defined(__aarch64__)
  return compat ? SystemCallTable::arm : SystemCallTable::arm64;
#else
  return compat ? SystemCallTable::i386 : SystemCallTable::x86_64;
#endif
}

EventType credential_event_of(SystemCallTable table, int32_t number) {
  const auto list = entries(table);
  const auto* found = std::ranges::find(list.data(), list.data() + list.size(), without_x32(table, number), &Entry::number);
  return found == list.data() + list.size() ? credential_change : found->type;
}

bool is_execveat(SystemCallTable table, int32_t number) {
  switch (table) {
    case SystemCallTable::x86_64: return number == 322 || number == (kX32Bit | 545);
    case SystemCallTable::i386: return number == 358;
    case SystemCallTable::arm64: return number == 281;
    case SystemCallTable::arm: return number == 387;
  }
  return false;
}

}  // namespace hullwatch
