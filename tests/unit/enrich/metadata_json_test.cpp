#include "enrich/metadata_json.h"

#include <gtest/gtest.h>

namespace hullwatch {
namespace {

TEST(MetadataJson, DepthIsBounded) {
  EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')));
  EXPECT_FALSE(parse_json(std::string(65, '[') + std::string(65, ']')));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
  EXPECT_TRUE(parse_json("\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"")) << "text does not nest";
}

TEST(MetadataJson, WhatIsNotOneValueIsAnError) {
  for (const char* text : {"", "{", "{\"a\":}", "{} {}", "nul", "\"\xff\""}) EXPECT_FALSE(parse_json(text)) << text;
}

TEST(MetadataJson, WrongTypesReadAsAbsent) {
  const auto json = parse_json(R"({"a":{"b":7,"c":"x","d":null,"t":true},"s":"text"})").value();
  EXPECT_EQ(json_string(json, {"a", "b"}), "");
  EXPECT_EQ(json_string(json, {"a", "c"}), "x");
  EXPECT_EQ(json_string(json, {"s", "c"}), "");
  EXPECT_EQ(json_string(json, {"no", "such"}), "");
  EXPECT_TRUE(json_true(json, {"a", "t"}));
  EXPECT_FALSE(json_true(json, {"a", "c"}));
  EXPECT_TRUE(json_at(parse_json("[1]").value(), {"a"}).is_null());
}

TEST(MetadataJson, TextIsCleanAndShort) {
  EXPECT_EQ(clean("h\xc3\xa9llo", 100), "h\xc3\xa9llo");
  EXPECT_EQ(clean("a\x1b[31mb\nc", 100), "a?[31mb?c");
  EXPECT_EQ(clean("a\nb\tc\x07", 100, true), "a\nb\tc?");
  EXPECT_EQ(clean("\xc2\x9b"
                  "1m",
                  100),
            "?1m")
      << "C1 controls drive terminals too";
  EXPECT_EQ(clean("\xff\xc0\x80x", 100), "???x");
  EXPECT_EQ(clean("aaaa\xc3\xa9", 5), "aaaa") << "no half of a character";
  EXPECT_EQ(clean(std::string(1000, 'x'), 256).size(), 256U);
}

TEST(MetadataJson, LabelsAreBounded) {
  Json object = Json::object();
  for (int i = 0; i < 1000; ++i) object["key" + std::to_string(i)] = std::string(5000, 'v');
  object["number"] = 7;
  const auto labels = clean_labels(object);
  EXPECT_EQ(labels.size(), kLabelsMax);
  EXPECT_EQ(labels.begin()->second.size(), kLabelValueMax);
  EXPECT_TRUE(clean_labels(Json("text")).empty());
}

}  // namespace
}  // namespace hullwatch
