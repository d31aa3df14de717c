#include "rules/rule_set.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "rules/compiled_rules.h"
#include "rules/condition_parser.h"
#include "rules/event_key.h"
#include "rules/rule_compiler.h"
#include "rules/rule_file_reader.h"
#include "rules/rule_watch.h"

namespace hullwatch {
namespace {

using rules::Diagnostics;
using rules::SourceFile;

std::string sha256_hex(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) != 1) return {};
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += kDigits[digest[i] >> 4];
    out += kDigits[digest[i] & 15];
  }
  return out;
}

void unreadable(Diagnostics& diagnostics, const std::string& path, const std::string& why) {
  diagnostics.error("LOAD_ERR_FILE_READ", "cannot read rules: " + why).position.file = path;
}

/// Directories become their rule files, in lexical order.
std::vector<std::string> expand_paths(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  namespace fs = std::filesystem;
  std::vector<std::string> out;
  for (const auto& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      out.push_back(path);
      continue;
    }
    std::vector<std::string> files;
    fs::directory_iterator entry(path, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      const auto extension = entry->path().extension();
      std::error_code unknown;  // a link to itself, for one: not a file
      if ((extension == ".yaml" || extension == ".yml") && entry->is_regular_file(unknown))
        files.push_back(entry->path().string());
    }
    if (error) unreadable(diagnostics, path, error.message());
    std::ranges::sort(files);
    out.insert(out.end(), files.begin(), files.end());
  }
  return out;
}

/// (path, text) of all that can be read; what cannot is an error.
std::vector<std::pair<std::string, std::string>> read_files(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  std::vector<std::pair<std::string, std::string>> files;
  for (auto& path : expand_paths(paths, diagnostics)) {
    std::ifstream stream(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    if (!stream.is_open() || stream.bad()) {
      unreadable(diagnostics, path, std::generic_category().message(errno));
    } else {
      files.emplace_back(std::move(path), std::move(text));
    }
  }
  return files;
}

bool is_field_text(const FieldLookup& fields, const std::string& text) {
  size_t length = 0;
  const auto operand = rules::parse_field_or_transformer(text, length);
  rules::SlotTable slots(fields);
  return operand && length == text.size() && slots.intern(*operand).has_value();
}

}  // namespace

RuleSet::RuleSet(std::unique_ptr<CompiledRules> compiled) : compiled_(std::move(compiled)) {}
RuleSet::~RuleSet() = default;

LoadedRules RuleSet::load(const std::vector<std::string>& paths, const RuleSetOptions& options) {
  Diagnostics diagnostics;
  LoadedRules loaded = load_text(read_files(paths, diagnostics), options);
  if (!diagnostics.has_errors()) return loaded;
  auto unread = diagnostics.take();
  loaded.rules = nullptr;
  loaded.diagnostics.insert(loaded.diagnostics.begin(), std::make_move_iterator(unread.begin()),
                            std::make_move_iterator(unread.end()));
  return loaded;
}

std::vector<std::pair<std::string, std::string>> RuleSet::digests_of(const std::vector<std::string>& paths) {
  Diagnostics unread;
  auto files = read_files(paths, unread);
  for (auto& [path, text] : files) text = sha256_hex(text);
  return files;
}

LoadedRules RuleSet::load_text(const std::vector<std::pair<std::string, std::string>>& files, const RuleSetOptions& options) {
  const FieldLookup& fields = options.fields != nullptr ? *options.fields : table_fields();
  auto compiled = std::make_unique<CompiledRules>(fields);
  Diagnostics diagnostics;
  std::vector<std::unique_ptr<SourceFile>> sources;
  rules::Definitions definitions(diagnostics, [&fields](const std::string& text) { return is_field_text(fields, text); });
  rules::RuleFileReader reader(definitions, diagnostics);
  for (size_t i = 0; i < files.size(); ++i) {
    sources.push_back(std::make_unique<SourceFile>(files[i].first, files[i].second));
    compiled->digests.emplace_back(files[i].first, sha256_hex(files[i].second));
    reader.read(*sources.back());
    // What a file defines must make sense with the files before it, whatever comes after.
    if (i + 1 < files.size()) rules::RuleCompiler(definitions, options, diagnostics).check();
  }
  rules::RuleCompiler(definitions, options, diagnostics).compile(*compiled);

  LoadedRules loaded;
  if (!diagnostics.has_errors()) {
    compiled->pool.seal();
    compiled->match_all = options.match_all;
    compiled->matches = std::make_unique<std::atomic<uint64_t>[]>(compiled->infos.size());
    compiled->evaluation = std::make_unique<Evaluation>(compiled->pool.slots());
    loaded.rules = std::shared_ptr<const RuleSet>(new RuleSet(std::move(compiled)));
  }
  loaded.diagnostics = diagnostics.take();
  return loaded;
}

void RuleSet::report(uint32_t rule, std::vector<RuleMatch>& matches) const {
  CompiledRules& compiled = *compiled_;
  compiled.matches[rule].fetch_add(1, std::memory_order_relaxed);
  const auto& output = compiled.outputs[rule];
  auto& match = matches.emplace_back(
      RuleMatch{&compiled.infos[rule], output.render(*compiled.evaluation), output.fields(*compiled.evaluation)});
  const auto& suppress = compiled.suppress[rule];
  if (suppress.for_ns == 0) return;
  rules::build_key(*compiled.evaluation, suppress.by, match.suppress.text);
  match.suppress.text.insert(0, suppress.id);
  match.suppress.for_ns = suppress.for_ns;
}

void RuleSet::evaluate(const EventContext& context, std::vector<RuleMatch>& matches) const {
  CompiledRules& compiled = *compiled_;
  const EventType type = context.event.type;
  if (!wants(type)) return;
  compiled.evaluation->begin(context);
  compiled.index.match(type, compiled.pool, *compiled.evaluation, [&](uint32_t rule) {
    report(rule, matches);
    return compiled.match_all;
  });
  if (!compiled.watch_index.wants(type)) return;
  // They conclude from many events: whether another rule has reported this one is of no concern.
  compiled.watch_index.match(type, compiled.pool, *compiled.evaluation, [&](uint32_t entry) {
    const auto [rule, step] = compiled.watchers[entry];
    rules::RuleMemory& memory = *compiled.memory[rule];
    auto evidence = memory.threshold ? rules::watch_threshold(*memory.threshold, compiled, context)
                                     : rules::watch_sequence(*memory.sequence, step, compiled, context);
    if (!evidence.empty()) {
      report(rule, matches);
      matches.back().evidence = std::move(evidence);
    }
    return true;
  });
}

bool RuleSet::wants(EventType type) const {
  return type < EventType::count_ && (compiled_->index.wants(type) || compiled_->watch_index.wants(type));
}

const std::vector<RuleInfo>& RuleSet::rules() const { return compiled_->infos; }
std::vector<std::string_view> RuleSet::fields_of(size_t rule) const {
  std::vector<std::string_view> names;
  std::vector<rules::SlotId> open = compiled_->pool.slots_of(compiled_->conditions[rule]);
  for (const rules::NodeId step : compiled_->steps[rule])
    std::ranges::copy(compiled_->pool.slots_of(step), std::back_inserter(open));
  std::ranges::reverse(open);
  while (!open.empty()) {
    const rules::Slot& slot = compiled_->pool.slots()[open.back()];
    open.pop_back();
    open.insert(open.end(), slot.arguments.rbegin(), slot.arguments.rend());
    if (slot.kind == rules::Slot::Kind::field && std::ranges::find(names, slot.reference.field->name) == names.end())
      names.push_back(slot.reference.field->name);
  }
  return names;
}

uint64_t RuleSet::match_count(size_t rule) const { return compiled_->matches[rule].load(std::memory_order_relaxed); }
const std::vector<std::pair<std::string, std::string>>& RuleSet::file_digests() const { return compiled_->digests; }
const std::vector<RuleTestCase>& RuleSet::test_cases() const { return compiled_->test_cases; }

void RuleSet::adopt_memory(const RuleSet& earlier) const {
  for (auto& memory : compiled_->memory) {
    if (!memory) continue;
    for (auto& other : earlier.compiled_->memory) {
      if (!other || other->content != memory->content) continue;
      memory->adopt(*other);
      break;
    }
  }
}

void RuleSet::expire(uint64_t boot_ns) const {
  for (auto& memory : compiled_->memory)
    if (memory) memory->expire(boot_ns);
}

RuleMemoryStats RuleSet::memory_stats() const {
  RuleMemoryStats stats;
  for (const auto& memory : compiled_->memory) {
    if (!memory) continue;
    (memory->threshold ? stats.threshold_keys : stats.sequence_keys) += memory->keys();
    (memory->threshold ? stats.threshold_evicted : stats.sequence_evicted) += memory->evicted();
  }
  return stats;
}

uint64_t RuleSet::memory_limit() const {
  uint64_t bytes = 0;
  for (const auto& memory : compiled_->memory)
    if (memory) bytes += memory->limit();
  return bytes;
}

}  // namespace hullwatch
