#pragma once
// A forensic log in a directory of its own, with a clock the test moves.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "log/forensic_log.h"

namespace hullwatch::test {

class FakeClock final : public Clock {
 public:
  uint64_t now_ns = 1'000'000'000'000;
  [[nodiscard]] uint64_t boot_ns() const override { return now_ns; }
  [[nodiscard]] uint64_t wall_ns() const override { return 1'795'305'600'000'000'000 + now_ns; }
  void pass_seconds(uint64_t seconds) { now_ns += seconds * 1'000'000'000; }
};

class LogTest : public testing::Test {
 protected:
  LogTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hullwatch-log-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    options_.directory = root_ + "/state/log";
    options_.boot_id = "0b1e2d3c-aaaa-bbbb-cccc-000000000000";
    options_.hostname = "node1";
  }
  ~LogTest() override {
    log_.reset();
    std::filesystem::remove_all(root_);
  }

  /// A further start; a second apart from the last, as file names are.
  void start() {
    log_.reset();
    clock_.pass_seconds(1);
    auto opened = ForensicLog::open(options_, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    log_ = std::move(*opened);
  }
  LogRecord record(std::string type = "execve", std::string members = "") {
    return {log_->sequence()->next(), clock_.wall_ns(), clock_.boot_ns(), std::move(type), std::move(members)};
  }
  Status log_one(const std::string& members = "") { return log_->write(record("execve", members)); }
  void stop() {
    EXPECT_TRUE(log_->write(record("stop")));
    log_.reset();
  }

  /// Segment files, oldest first.
  [[nodiscard]] std::vector<std::string> files(const std::string& suffix = ".jsonl") const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
      if (entry.path().string().ends_with(suffix)) names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  [[nodiscard]] std::string path(const std::string& file) const { return options_.directory + '/' + file; }
  [[nodiscard]] std::string bytes(const std::string& file) const {
    std::ifstream in(path(file), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// Every record of the log; fails on a line that is none.
  [[nodiscard]] std::vector<nlohmann::json> records() const {
    std::vector<nlohmann::json> all;
    for (const std::string& file : files()) {
      std::istringstream lines(bytes(file));
      for (std::string line; std::getline(lines, line);) {
        all.push_back(nlohmann::json::parse(line, nullptr, false));
        EXPECT_TRUE(all.back().is_object()) << file << ": " << line;
      }
    }
    return all;
  }
  /// Each number once, from 1 to the last, by a record of its own or within one that stands for a row.
  void expect_every_number_accounted_for() const {
    uint64_t next = 1;
    for (const auto& record : records()) {
      EXPECT_EQ(record["seq"], next) << record;
      next = record.value("last_seq", record["seq"].get<uint64_t>()) + 1;
    }
  }

  std::string root_;
  ForensicLogOptions options_;
  FakeClock clock_;
  std::unique_ptr<ForensicLog> log_;
};

}  // namespace hullwatch::test
