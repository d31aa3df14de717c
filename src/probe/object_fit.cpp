#include "probe/object_fit.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hullwatch {
namespace {

struct BtfFree {
  void operator()(btf* types) const { btf__free(types); }
};
using Btf = std::unique_ptr<btf, BtfFree>;

/// What the fit has to know of the kernel. Its types take tens of milliseconds to parse, and do not change: once.
struct KernelFacts {
  bool modern = false;
  // bpf_task_work_schedule_resume: its older name has another prototype there. Of the release, 7.0, since which tracepoints
  // leave preemption on, which has no name of its own.
  bool work_by_four_arguments = false;
};

bool enumerates(const btf* types, std::string_view of, std::string_view value) {
  const int id = btf__find_by_name_kind(types, std::string(of).c_str(), BTF_KIND_ENUM);
  if (id < 0) return false;
  const btf_type* type = btf__type_by_id(types, static_cast<uint32_t>(id));
  const std::span<const struct btf_enum> values(btf_enum(type), btf_vlen(type));
  return std::ranges::any_of(values, [&](const struct btf_enum& v) { return btf__name_by_offset(types, v.name_off) == value; });
}

KernelFacts look() {
  const Btf kernel(btf__load_vmlinux_btf());
  if (!kernel) return {.modern = true};  // nothing will load; no reason to differ
  return {.modern = enumerates(kernel.get(), "bpf_func_id", "BPF_FUNC_loop"),
          .work_by_four_arguments = btf__find_by_name_kind(kernel.get(), "bpf_task_work_schedule_resume", BTF_KIND_FUNC) > 0};
}

const KernelFacts& kernel_facts() {
  static const KernelFacts facts = look();
  return facts;
}

/// The object's types are its own, in memory it may write; libbpf offers no call that changes one.
btf_type& writable(const btf_type* type) { return *const_cast<btf_type*>(type); }

bool takes_pointer(const btf* types, const btf_type* function) {
  const btf_type* prototype = btf__type_by_id(types, function->type);
  const std::span<const btf_param> parameters(btf_params(prototype), btf_vlen(prototype));
  return std::ranges::any_of(parameters, [&](const btf_param& p) { return btf_is_ptr(btf__type_by_id(types, p.type)); });
}

/// Before 5.12 the kernel refuses a global function with a pointer, even one that is never called. A static function is
/// verified in the context of each call: slower to load, the same to run.
void make_static(const btf* types, btf_type& function) {
  if (btf_vlen(&function) == BTF_FUNC_GLOBAL && takes_pointer(types, &function))
    function.info = BTF_KIND_FUNC << 24U | BTF_FUNC_STATIC;
}

/// No kernel has a function of this name: a weak one is then NULL for the programs.
void make_unknown(const btf* types, const btf_type& function) {
  *const_cast<char*>(btf__name_by_offset(types, function.name_off)) = '_';
}

/// bpf_rdonly_cast___UNIT is bpf_rdonly_cast: libbpf 1.1 links no two units that call it by one name.
void cut_unit(const btf* types, const btf_type& function) {
  const std::string_view name = btf__name_by_offset(types, function.name_off);
  if (const size_t unit = name.find("___"); unit != std::string_view::npos) const_cast<char*>(name.data())[unit] = '\0';
}

}  // namespace

bool preempts_programs() { return kernel_facts().work_by_four_arguments; }

void fit_to_kernel(bpf_object* object) {
  const KernelFacts& kernel = kernel_facts();
  const btf* types = bpf_object__btf(object);
  for (uint32_t id = 1; id < btf__type_cnt(types); ++id) {
    const btf_type* type = btf__type_by_id(types, id);
    if (!btf_is_func(type)) continue;
    cut_unit(types, *type);
    if (!kernel.modern) make_static(types, writable(type));
    if (kernel.work_by_four_arguments &&
        std::string_view(btf__name_by_offset(types, type->name_off)) == "bpf_task_work_schedule_resume_impl")
      make_unknown(types, *type);
  }
  constexpr std::string_view kOld = "_old", kRelief = "_relief";
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    const std::string name = bpf_program__name(program);
    const bool other_is_right =
        name.ends_with(kOld) ? kernel.modern
                             : !kernel.modern && bpf_object__find_program_by_name(object, (name + std::string(kOld)).c_str());
    if (other_is_right || (name.ends_with(kRelief) && !preempts_programs())) bpf_program__set_autoload(program, false);
  }
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    const bool by_id = std::string_view(bpf_map__name(map)).ends_with("_by_id");
    if (by_id || bpf_map__type(map) == BPF_MAP_TYPE_TASK_STORAGE) bpf_map__set_autocreate(map, by_id != kernel.modern);
  }
}

}  // namespace hullwatch
