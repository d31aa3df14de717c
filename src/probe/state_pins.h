#pragma once
// What outlives the daemon: the maps that know where processes belong, pinned below a directory of a bpffs. The next daemon
// loads its programs with the same maps, so that homes, counts, shadows and known listeners survive a restart or a SIGKILL.
//
//   DIRECTORY/<schema>/<map>     schema: a hash of the pinned maps' layout; other layouts are never adopted, but removed
//
// One daemon at a time holds the directory (a lock on it); a second one runs without. Owned by the daemon; one thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/fd.h"
#include "util/result.h"

struct bpf_object;

namespace hullwatch {

class StatePins {
 public:
  /// Makes and locks the directory. Fails, saying why, where there is no bpffs, it may not be written, or another daemon has
  /// it.
  static Result<StatePins> open(const std::string& directory);

  /// Is `directory` on a bpffs, or its parent, so that it can be made there?
  static bool has_place(const std::string& directory);

  /// Decides the schema by the maps of `object` (opened, not loaded) and lets libbpf reuse or make the pins at its load.
  /// Removes pins of other schemas: superseded() tells how many maps that were. Call for each object that is to be loaded.
  Status prepare(bpf_object* object);
  /// The maps were there already: what they hold is the earlier daemon's.
  [[nodiscard]] bool adopted() const { return adopted_; }
  [[nodiscard]] size_t superseded() const { return superseded_; }
  /// Removes the pins of this schema, which count as superseded: they cannot be reused.
  void remove();
  /// remove(), and nothing is pinned from here on: it cannot be, for this reason.
  void give_up(std::string reason);
  [[nodiscard]] const std::optional<std::string>& given_up() const { return given_up_; }

 private:
  std::string directory_, here_;
  std::string schema_;
  Fd lock_;
  bool adopted_ = false;
  std::optional<std::string> given_up_;
  size_t superseded_ = 0;
};

}  // namespace hullwatch
