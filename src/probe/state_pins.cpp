#include "probe/state_pins.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace hullwatch {
namespace {

namespace fs = std::filesystem;

/// What must not be forgotten; everything else begins anew with the daemon.
constexpr std::array<const char*, 7> kPinned = {"tasks", "homes", "containers", "rehomed", "listeners", "listener_sockets",
                                                "marks"};

/// FNV-1a over a description of the maps' values: names, offsets and sizes of all members.
class LayoutHash {
 public:
  explicit LayoutHash(const btf* types) : types_(types) {}
  void text(std::string_view what) {
    for (const char c : what) byte(static_cast<uint8_t>(c));
    byte(0);
  }
  void number(uint64_t what) {
    for (int i = 0; i < 8; ++i) byte(static_cast<uint8_t>(what >> (8 * i)));
  }
  void type(uint32_t id, int depth = 0) {
    const btf_type* type = btf__type_by_id(types_, id);
    if (type == nullptr || depth > 16) return;
    number(btf_kind(type));
    text(name(type->name_off));
    if (btf_is_composite(type)) {
      number(type->size);
      const btf_member* members = btf_members(type);
      for (uint32_t i = 0; i < btf_vlen(type); ++i) {
        text(name(members[i].name_off));
        number(btf_member_bit_offset(type, i));
        this->type(members[i].type, depth + 1);
      }
    } else if (btf_is_array(type)) {
      number(btf_array(type)->nelems);
      this->type(btf_array(type)->type, depth + 1);
    } else if (btf_is_mod(type) || btf_is_typedef(type)) {
      this->type(type->type, depth + 1);
    } else if (btf_is_int(type)) {
      number(type->size);
    }
  }
  [[nodiscard]] std::string hex() const {
    std::array<char, 17> out{};
    std::snprintf(out.data(), out.size(), "%016llx", static_cast<unsigned long long>(hash_));
    return out.data();
  }

 private:
  std::string_view name(uint32_t offset) const {
    const char* found = btf__name_by_offset(types_, offset);
    return found != nullptr ? found : "";
  }
  void byte(uint8_t value) { hash_ = (hash_ ^ value) * 0x100000001b3ULL; }
  const btf* types_;
  uint64_t hash_ = 0xcbf29ce484222325ULL;
};

std::string schema_of(bpf_object* object) {
  LayoutHash hash(bpf_object__btf(object));
  for (const char* name : kPinned) {
    const bpf_map* map = bpf_object__find_map_by_name(object, name);
    if (map == nullptr) continue;
    hash.text(name);
    hash.number(bpf_map__type(map));
    hash.number(bpf_map__key_size(map));
    hash.number(bpf_map__value_size(map));
    hash.number(bpf_map__max_entries(map));
    hash.number(bpf_map__map_flags(map));
    hash.type(bpf_map__btf_key_type_id(map));
    hash.type(bpf_map__btf_value_type_id(map));
  }
  // For tests: what an upgrade to another layout does.
  if (const char* other = std::getenv("HULLWATCH_STATE_SCHEMA"); other != nullptr) hash.text(other);
  return hash.hex();
}

bool on_bpffs(const std::string& directory) {
  struct statfs info {};
  return statfs(directory.c_str(), &info) == 0 && static_cast<unsigned long>(info.f_type) == BPF_FS_MAGIC;
}

}  // namespace

bool StatePins::has_place(const std::string& directory) {
  return on_bpffs(directory) || on_bpffs(fs::path(directory).parent_path());
}

Result<StatePins> StatePins::open(const std::string& directory) {
  const std::string attempt = "cannot keep state over restarts in " + directory;
  if (!has_place(directory)) return fail(attempt + ": no bpf file system is mounted there");
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return fail(Error::from_errno(attempt, errno));
  StatePins pins;
  pins.directory_ = directory;
  pins.lock_ = Fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!pins.lock_) return fail(Error::from_errno(attempt, errno));
  if (flock(pins.lock_.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(errno == EWOULDBLOCK ? Error{attempt + ": another hullwatch uses it"} : Error::from_errno(attempt, errno));
  return pins;
}

Status StatePins::prepare(bpf_object* object) {
  if (given_up_) return {};
  // Where state of tasks is in a hash (before 5.17) it would outlive its tasks: exits are not seen meanwhile.
  if (const bpf_map* tasks = bpf_object__find_map_by_name(object, "tasks"); tasks == nullptr || !bpf_map__autocreate(tasks))
    return {};
  if (schema_.empty()) {
    schema_ = schema_of(object);
    here_ = directory_ + "/" + schema_;
    std::error_code failed;
    for (fs::directory_iterator entry(directory_, failed), end; !failed && entry != end; entry.increment(failed)) {
      if (entry->path() == here_) continue;
      std::error_code kept;
      const auto gone = fs::remove_all(entry->path(), kept);
      if (!kept && gone > 1) superseded_ += gone - 1;
    }
    // Adopted whole or not at all: maps of two daemons would contradict each other.
    size_t there = 0;
    for (const char* name : kPinned) there += fs::exists(here_ + "/" + name, failed) ? 1 : 0;
    adopted_ = there == kPinned.size();
    if (!adopted_) fs::remove_all(here_, failed);
  }
  if (mkdir(here_.c_str(), 0700) != 0 && errno != EEXIST) return fail(Error::from_errno("cannot make " + here_, errno));
  for (const char* name : kPinned) {
    bpf_map* map = bpf_object__find_map_by_name(object, name);
    if (map == nullptr) return fail(std::string("the BPF object has no map ") + name);
    if (const int err = bpf_map__set_pin_path(map, (here_ + "/" + name).c_str()); err != 0)
      return fail(Error::from_errno("cannot pin a map at " + here_, -err));
  }
  return {};
}

void StatePins::remove() {
  std::error_code kept;
  const auto gone = here_.empty() ? 0 : fs::remove_all(here_, kept);
  if (adopted_ && !kept && gone > 1) superseded_ += gone - 1;
  adopted_ = false;
}

void StatePins::give_up(std::string reason) {
  remove();
  given_up_ = std::move(reason);
}

}  // namespace hullwatch
