#include "log/forensic_log.h"

#include <algorithm>
#include <utility>

#include "alert/alert_json.h"
#include "util/json_writer.h"
#include "util/time_text.h"

namespace hullwatch {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kUrgentSpacing = 20'000'000;  // a storm of CRITICAL alerts shares its syncs
constexpr size_t kMaxSegments = 1024;            // a daemon that restarts in a loop fills no directory
constexpr size_t kMaxNotes = 64;
/// More than may have been under way, and so shown to someone, when the last writer ended unasked: no number is used twice.
constexpr uint64_t kRecoverySkip = 1 << 17;

}  // namespace

Result<std::unique_ptr<ForensicLog>> ForensicLog::open(ForensicLogOptions options, const Clock& clock) {
  auto directory = LogDirectory::open(options.directory);
  if (!directory) return fail(std::move(directory.error()));
  auto remains = directory->mend();
  if (!remains) return fail(std::move(remains.error()));
  const LogRemains found = *remains;
  std::unique_ptr<ForensicLog> log(new ForensicLog(std::move(options), clock, std::move(*directory), std::move(*remains)));
  log->begin(found);
  return log;
}

ForensicLog::ForensicLog(ForensicLogOptions options, const Clock& clock, LogDirectory directory, LogRemains remains)
    : options_(std::move(options)),
      clock_(clock),
      directory_(std::move(directory)),
      closed_(std::move(remains.segments)),
      next_(remains.last_seq + 1) {
  const bool unclean = remains.last_seq != 0 && !remains.clean;
  sequence_ = std::make_shared<SequenceAllocator>(next_ + (unclean ? kRecoverySkip : 0));
}

void ForensicLog::begin(const LogRemains& remains) {
  synced_to_ = next_ - 1;
  if (const uint64_t end = sequence_->peek(); end != next_) {
    JsonWriter members;
    members.member("last_seq", end - 1).member("torn_bytes", remains.torn_bytes).member_if("torn_file", remains.torn_file);
    if (remains.torn_bytes != 0) stats_->torn.fetch_add(1);
    notes_.push_back({next_, end - 1, line(next_, clock_.wall_ns(), clock_.boot_ns(), "recovery", members.text())});
  }
  Status status = rotate();
  const uint64_t known = sequence_->peek();
  if (status) status = write_up_to(known);
  if (status && dirty_) status = sync();
  if (!status) fail_until_retry(status.error(), known - 1);
}

ForensicLog::~ForensicLog() {
  if (segment_ && dirty_) (void)sync();
}

std::string ForensicLog::line(uint64_t seq, uint64_t wall_ns, uint64_t boot_ns, std::string_view type,
                              std::string_view members) const {
  JsonWriter json;
  json.begin_object().member("schema", "hullwatch.event/1").member("seq", seq).member("ts", rfc3339(wall_ns));
  json.member("mono_ns", boot_ns).member("boot_id", options_.boot_id).member("type", type);
  json.raw_members(members).end_object();
  return json.take() + '\n';
}

Status ForensicLog::write(const Alert& alert) {
  JsonWriter members;
  members.key("alert");
  write_alert_json(members, alert, options_.hostname);
  if (alert.priority <= Priority::critical) urgent_ = true;
  return take(alert.seq, line(alert.seq, alert.time_ns, alert.boot_ns, "alert", members.text()), true);
}

Status ForensicLog::write(const LogRecord& record) {
  return take(record.seq, line(record.seq, record.time_ns, record.boot_ns, record.type, record.members), false);
}

Status ForensicLog::take(uint64_t seq, const std::string& line, bool alert) {
  if (seq < next_) {
    stats_->write_errors.fetch_add(1);
    return fail("record " + std::to_string(seq) + " came after record " + std::to_string(next_ - 1) + " and was not logged");
  }
  Status status;
  if (broken_ && clock_.boot_ns() < retry_at_ns_) {
    status = fail(*broken_);
  } else {
    status = write_up_to(seq);
    if (status) status = put(line);
  }
  if (!status) {
    ++(alert ? failed_alerts_ : failed_records_);
    stats_->lost.fetch_add(1);
    fail_until_retry(status.error(), seq);
    return status;
  }
  next_ = seq + 1;
  broken_.reset();
  stats_->failing = false;
  const uint64_t since = clock_.boot_ns() - last_sync_ns_;
  if (since >= kSecond || (urgent_ && since >= kUrgentSpacing)) return sync();
  return {};
}

/// Accounts for every number below `seq`: our own notes among them, and the loss of all others.
Status ForensicLog::write_up_to(uint64_t seq) {
  while (!notes_.empty() && notes_.front().seq < seq) {
    const Note& first = notes_.front();
    if (first.seq > next_) {
      if (auto wrote = write_loss(first.seq - 1); !wrote) return wrote;
    }
    if (auto wrote = put(first.line); !wrote) return wrote;
    next_ = first.last_seq + 1;
    notes_.pop_front();
  }
  return seq > next_ ? write_loss(seq - 1) : Status();
}

Status ForensicLog::write_loss(uint64_t last_seq) {
  const uint64_t count = last_seq - next_ + 1;
  JsonWriter members;
  members.member("last_seq", last_seq).member("count", count);
  members.member("alerts_not_written", failed_alerts_).member("records_not_written", failed_records_);
  if (broken_) members.member("error", broken_->message);
  if (auto wrote = put(line(next_, clock_.wall_ns(), clock_.boot_ns(), "loss", members.text())); !wrote) return wrote;
  const uint64_t known = failed_alerts_ + failed_records_;
  if (count > known) stats_->lost.fetch_add(count - known);  // the rest never reached us
  failed_alerts_ = failed_records_ = 0;
  next_ = last_seq + 1;
  return {};
}

Status ForensicLog::put(const std::string& line) {
  const bool full = segment_ && segment_->size() != 0 && segment_->size() + line.size() > options_.segment_bytes;
  if (!segment_ || !segment_->usable() || full) {
    if (auto rotated = rotate(); !rotated) return rotated;
  }
  auto wrote = segment_->append(line);
  if (!wrote) {
    stats_->write_errors.fetch_add(1);
    return wrote;
  }
  stats_->bytes.fetch_add(line.size());
  stats_->records.fetch_add(1);
  stats_->stored_bytes.fetch_add(line.size());
  dirty_ = true;
  return {};
}

/// Opens the next segment, then closes the one before: a directory that takes no new file keeps the old one.
Status ForensicLog::rotate() {
  make_room();
  const SegmentName name{options_.boot_id.substr(0, 8), next_, compact_utc(clock_.wall_ns())};
  auto fresh = Segment::create(directory_.fd(), name.file());
  if (!fresh) {
    stats_->write_errors.fetch_add(1);
    return fail(std::move(fresh.error()));
  }
  if (segment_) {
    if (dirty_ && segment_->usable()) (void)sync();
    if (auto old = SegmentName::parse(segment_->file())) closed_.push_back({*old, segment_->size()});
  }
  segment_ = std::move(*fresh);
  segment_first_ = next_;
  dirty_ = false;
  return {};
}

/// Oldest segments go until a whole new one fits. What went is said in a record.
void ForensicLog::make_room() {
  uint64_t stored = segment_ ? segment_->size() : 0;
  for (const ClosedSegment& segment : closed_) stored += segment.bytes;
  JsonWriter members;
  members.key("removed").begin_array();
  size_t removed = 0;
  while (removed < closed_.size() &&
         (stored + options_.segment_bytes > options_.total_bytes || closed_.size() - removed >= kMaxSegments)) {
    const ClosedSegment& oldest = closed_[removed];
    if (!directory_.remove(oldest.name)) {
      stats_->write_errors.fetch_add(1);
      break;
    }
    const uint64_t end = removed + 1 < closed_.size() ? closed_[removed + 1].name.first_seq : segment_first_;
    members.begin_object().member("segment", oldest.name.file()).member("bytes", oldest.bytes);
    members.member("first_seq", oldest.name.first_seq).member("last_seq", (end == 0 ? next_ : end) - 1).end_object();
    stored -= oldest.bytes;
    ++removed;
  }
  stats_->stored_bytes.store(stored);
  if (removed == 0) return;
  closed_.erase(closed_.begin(), closed_.begin() + static_cast<std::ptrdiff_t>(removed));
  stats_->segments_removed.fetch_add(removed);
  note("retention", members.end_array().text());
}

void ForensicLog::note(std::string_view type, std::string_view members) {
  if (notes_.size() >= kMaxNotes) return;  // only while nothing can be written
  const uint64_t seq = sequence_->next();
  notes_.push_back({seq, seq, line(seq, clock_.wall_ns(), clock_.boot_ns(), type, members)});
}

Status ForensicLog::sync() {
  last_sync_ns_ = clock_.boot_ns();
  dirty_ = urgent_ = false;
  auto synced = segment_->sync();
  if (synced) {
    stats_->syncs.fetch_add(1);
    synced_to_ = next_ - 1;
    return synced;
  }
  // The kernel has dropped the pages it could not write; a second fdatasync would lie. What may be missing is said, in a new
  // file.
  stats_->sync_errors.fetch_add(1);
  JsonWriter members;
  members.member("segment", segment_->file()).member("first_seq", synced_to_ + 1).member("last_unsynced_seq", next_ - 1);
  members.member("error", synced.error().message);
  note("unsynced", members.text());
  return synced;
}

void ForensicLog::fail_until_retry(const Error& error, uint64_t seq) {
  failed_to_ = std::max(failed_to_, seq);
  if (broken_ && clock_.boot_ns() < retry_at_ns_) return;
  broken_ = error;
  stats_->failing = true;
  retry_at_ns_ = clock_.boot_ns() + kSecond;
}

Status ForensicLog::flush() {
  const uint64_t now = clock_.boot_ns();
  if (broken_) {
    if (now < retry_at_ns_) return fail(*broken_);
    if (auto wrote = write_up_to(failed_to_ + 1); !wrote) {
      fail_until_retry(wrote.error(), failed_to_);
      return wrote;
    }
    broken_.reset();
    stats_->failing = false;
    return sync();
  }
  // Our own notes whose turn it is: nothing before them is under way.
  while (!notes_.empty() && notes_.front().seq == next_) {
    if (auto wrote = write_up_to(next_ + 1); !wrote) {
      fail_until_retry(wrote.error(), next_);
      return wrote;
    }
  }
  if (dirty_ && (urgent_ || now - last_sync_ns_ >= kSecond)) return sync();
  return {};
}

}  // namespace hullwatch
