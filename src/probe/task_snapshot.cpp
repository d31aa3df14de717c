#include "probe/task_snapshot.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "util/fd.h"

namespace hullwatch {
namespace {

struct LinkDestroy {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

}  // namespace

Result<std::vector<hw_task>> take_task_snapshot(BpfObject& object) {
  constexpr std::string_view kAttempt = "cannot run the task iterator";
  object.containers_are_known();
  const bpf_program* program = object.program("snapshot_tasks");
  if (!program) return fail(std::string(kAttempt) + ": it is not loaded");
  const std::unique_ptr<bpf_link, LinkDestroy> link(bpf_program__attach_iter(program, nullptr));
  if (!link) return fail(Error::from_errno(kAttempt, errno));
  const Fd iterator(bpf_iter_create(bpf_link__fd(link.get())));
  if (!iterator) return fail(Error::from_errno(kAttempt, errno));

  std::vector<hw_task> tasks;
  std::array<std::byte, 32 * sizeof(hw_task)> chunk;
  size_t held = 0;
  while (true) {
    const ssize_t got = ::read(iterator.get(), chunk.data() + held, chunk.size() - held);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return fail(Error::from_errno(kAttempt, errno));
    if (got == 0) break;
    held += static_cast<size_t>(got);
    size_t at = 0;
    for (; held - at >= sizeof(hw_task); at += sizeof(hw_task)) {
      hw_task task;
      std::memcpy(&task, chunk.data() + at, sizeof(task));
      if (task.h.kind != HW_TASK || task.h.size != sizeof(task))
        return fail(std::string(kAttempt) + ": it wrote a malformed record");
      tasks.push_back(task);
    }
    std::memmove(chunk.data(), chunk.data() + at, held - at);
    held -= at;
  }
  if (held != 0) return fail(std::string(kAttempt) + ": its last record is cut");
  return tasks;
}

Status correct_homes(BpfObject& object) {
  object.begin_correcting();
  auto nothing = take_task_snapshot(object);
  return nothing ? Status{} : fail(std::move(nothing.error()));
}

}  // namespace hullwatch
