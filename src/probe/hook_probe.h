#pragma once
// Tries hooks: a program of two instructions is loaded for each, against one parsed BTF. What cannot be loaded is said with the
// kernel's own reason. Loads nothing that stays. Any one thread.

#include <memory>
#include <string>

#include "probe/providers.h"
#include "util/result.h"

struct btf;

namespace hullwatch {

class HookProbe {
 public:
  /// Does the kernel have BTF at all? Else why not, in one plain sentence. Cheap: nothing is parsed.
  static Status kernel_has_types();
  /// Parses the kernel's BTF; fails as kernel_has_types() does when there is none.
  static Result<HookProbe> open();
  HookProbe(HookProbe&&) noexcept;
  HookProbe& operator=(HookProbe&&) noexcept;
  ~HookProbe();

  /// Ok when a program for the hook loads; else why not.
  [[nodiscard]] Status try_hook(const Hook& hook) const;
  /// All hooks of a provider; the first that fails.
  [[nodiscard]] Status try_provider(const Provider& provider) const;
  /// Does the kernel have what a program of this ELF section ("fexit/commit_creds") attaches to? True for sections that name
  /// nothing of the kernel's. Nothing is loaded.
  [[nodiscard]] bool has_target(std::string_view section) const;
  /// The active LSMs; empty when securityfs cannot be read, and then "bpf" is neither in nor out.
  [[nodiscard]] const std::string& lsm_list() const { return lsm_list_; }

 private:
  struct BtfFree {
    void operator()(btf* b) const;
  };
  HookProbe() = default;
  [[nodiscard]] Status load_trial(const Hook& hook) const;
  [[nodiscard]] int find(const Hook& hook) const;  // BTF id, or a negative errno

  std::unique_ptr<btf, BtfFree> btf_;
  std::string lsm_list_;
};

}  // namespace hullwatch
