#include "alert/alert_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "alert/alert_text.h"
#include "util/utf8.h"

namespace hullwatch {
namespace {

using nlohmann::json;

Alert alert_in_web() {
  Alert alert;
  alert.time_ns = 1'763'775'580'123'456'789;
  alert.rule = "Fork bomb";
  alert.priority = Priority::critical;
  alert.output = "A fork bomb burns (container=web)";
  alert.tags = {"T1499"};
  alert.output_fields = {{"proc.pid", int64_t{7}}, {"container.name", std::string("web")}, {"fd.name", std::monostate{}}};
  alert.container = {.id = std::string(64, 'a'),
                     .name = "web",
                     .image = "nginx:1.27",
                     .image_digest = "",
                     .runtime = "docker",
                     .pod = "",
                     .pod_namespace = ""};
  alert.process.pid = 7;
  alert.process.comm = "sh";
  alert.ancestors.resize(2);
  alert.evidence = {{"forks", uint64_t{900}}, {"rate", 12.5}, {"over", false}};
  alert.seq = 42;
  return alert;
}

TEST(AlertJson, CarriesFalcosKeysAndOurs) {
  const json object = json::parse(alert_json(alert_in_web(), "node1"));
  EXPECT_EQ(object["schema"], "hullwatch.alert/1");
  EXPECT_EQ(object["time"], "2025-11-22T01:39:40.123456789Z");
  EXPECT_EQ(object["priority"], "Critical");
  EXPECT_EQ(object["hostname"], "node1");
  EXPECT_EQ(object["output"], "2025-11-22T01:39:40.123456789Z: Critical A fork bomb burns (container=web)");
  EXPECT_EQ(object["output_fields"], json::parse(R"({"proc.pid":7,"container.name":"web","fd.name":null})"));
  EXPECT_EQ(object["evidence"], json::parse(R"({"forks":900,"rate":12.5,"over":false})"));
  EXPECT_EQ(object["ancestors"].size(), 2U);
  EXPECT_EQ(object["process"]["loginuid"], nullptr);
  EXPECT_EQ(object["container"]["id"], std::string(64, 'a'));
  EXPECT_EQ(object["seq"], 42);
}

TEST(AlertJson, HostIsNamedAsFalcoNamesIt) {
  Alert alert = alert_in_web();
  alert.container = {};
  EXPECT_EQ(json::parse(alert_json(alert, "n"))["container"], json::parse(R"({"id":"host","name":"host"})"));
}

TEST(AlertJson, WhatFalcosidekickWouldChokeOnIsAvoided) {
  Alert alert = alert_in_web();
  alert.output_fields = {{"k8s.ns.name", std::monostate{}}};
  EXPECT_FALSE(json::parse(alert_json(alert, "n"))["output_fields"].contains("k8s.ns.name"));
  alert.output_fields.clear();
  EXPECT_FALSE(json::parse(alert_json(alert, "n"))["output_fields"].empty());
}

TEST(AlertJson, StaysOneValidLineWhateverBytesComeIn) {
  std::mt19937 random(11);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes;
    for (size_t n = random() % 40; n > 0; --n) bytes += static_cast<char>(random());
    Alert alert = alert_in_web();
    alert.output = alert.process.comm = alert.process.cmdline = alert.container.name = alert.rule = bytes;
    alert.output_fields = {{bytes, bytes}};
    const std::string line = alert_json(alert, bytes);
    ASSERT_TRUE(json::accept(line)) << testing::PrintToString(bytes);
    ASSERT_TRUE(is_utf8(line));
    ASSERT_TRUE(std::all_of(line.begin(), line.end(), [](unsigned char c) { return c >= 0x20 && c != 0x7F; }));
  }
}

TEST(AlertJson, BytesThatAreNoTextAreKeptWholeBesideTheirText) {
  Alert alert = alert_in_web();
  alert.process.exe = "/tmp/\xff\xfe";
  const json process = json::parse(alert_json(alert, "n"))["process"];
  EXPECT_EQ(process["exe"], "/tmp/\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(process["exe_b64"], "L3RtcC///g==");
  EXPECT_FALSE(process.contains("comm_b64"));
}

TEST(AlertText, IsFalcosLineAndSafeForATerminal) {
  Alert alert = alert_in_web();
  alert.output = "name=\x1b[2J\xc2\x9b\nnext \xff \xc3\xa9";
  EXPECT_EQ(alert_text(alert), "2025-11-22T01:39:40.123456789Z: Critical name=\\x1b[2J\\x9b\\nnext \xEF\xBF\xBD \xc3\xa9");
}

TEST(Utf8, RefusesOverlongSurrogateAndTooLargeSequences) {
  for (const char* bad :
       {"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xe2\x82"}) {
    EXPECT_EQ(utf8_sequence_length(bad), 0U) << testing::PrintToString(bad);
  }
  for (const char* good : {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x92\xa5"}) EXPECT_TRUE(is_utf8(good));
}

}  // namespace
}  // namespace hullwatch
