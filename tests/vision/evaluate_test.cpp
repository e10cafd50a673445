// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/evaluate.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bench/faces/persons.hpp"
#include "vision/pictures.hpp"

namespace porchlight::vision {
namespace {

std::filesystem::path csv(const std::string& name, const std::string& text) {
  const std::filesystem::path path = testing::TempDir() + "evaluate_" + name;
  write_file(path, {text.begin(), text.end()});
  return path;
}

TEST(Evaluate, ReportsTheFiguresOfAListOfPairs) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  write_file(testing::TempDir() + "evaluate_a.jpg", jpeg(visitor_enrolled()));
  write_file(testing::TempDir() + "evaluate_b.jpg", jpeg(visitor_at_door()));
  write_file(testing::TempDir() + "evaluate_c.jpg", jpeg(stranger()));
  write_file(testing::TempDir() + "evaluate_d.jpg", jpeg(texture(320, 240)));
  const auto report = evaluate_pairs(
      *engine, csv("pairs.csv",
                   "# same\nevaluate_a.jpg,evaluate_b.jpg,1\n\nevaluate_a.jpg,evaluate_c.jpg,0\r\n"
                   "evaluate_a.jpg,evaluate_d.jpg,1\n"));
  ASSERT_TRUE(report.ok()) << report.error().text();
  const auto json = nlohmann::json::parse(*report);
  EXPECT_EQ(json["pairs"], 3);
  EXPECT_EQ(json["images"], 4);
  EXPECT_EQ(json["failures_to_enrol"], 1);
  EXPECT_EQ(json["tpr_at_default"], 0.5);
  EXPECT_EQ(json["fpr_at_default"], 0.0);
  EXPECT_EQ(json["tar_at_far_1e-2"], 0.5);
  EXPECT_TRUE(json.contains("eer") && json.contains("tar_at_far_1e-3") && json.contains("default_threshold"));
  EXPECT_GT(json["ms_per_face"], 0);
  EXPECT_EQ(json["persons"], 2) << "a, b and d are one";
  EXPECT_EQ(json["threshold_from"], "same pairs") << "two people cannot be divided";
  EXPECT_EQ(json["embedders"], nlohmann::json({"resnet"}));
  EXPECT_EQ(json["contradictions"], 0);
  EXPECT_EQ(json["tpr_at_default_ci95"].size(), 2U);
}

TEST(Evaluate, ALineAgainstTheOthersIsCounted) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  for (const auto* name : {"x", "y", "z"})
    write_file(testing::TempDir() + "evaluate_" + name + ".jpg", jpeg(visitor_enrolled()));
  const auto report = evaluate_pairs(*engine, csv("against.csv",
                                                  "evaluate_x.jpg,evaluate_y.jpg,1\n"
                                                  "evaluate_y.jpg,evaluate_z.jpg,1\n"
                                                  "evaluate_x.jpg,evaluate_z.jpg,0\n"));
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(nlohmann::json::parse(*report)["contradictions"], 1);
}

TEST(Evaluate, AWrongLineIsNamed) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  for (const auto* line : {"a.jpg,b.jpg", "a.jpg,b.jpg,2", "a,b,c,1", ",b,1"}) {
    const auto report = evaluate_pairs(*engine, csv("wrong.csv", std::string("# x\n") + line + "\n"));
    ASSERT_FALSE(report.ok()) << line;
    EXPECT_NE(report.error().text().find("wrong.csv:2"), std::string::npos) << report.error().text();
  }
}

TEST(Evaluate, PairsOfLabelledPhotographs) {
  const auto people = bench::labelled_photos(PORCHLIGHT_SOURCE_DIR "/../shared/data");
  if (people.empty()) GTEST_SKIP() << "no labelled photographs beside the project";
  PORCHLIGHT_NEEDS_ENGINE(engine);
  std::string text;
  std::vector<std::pair<std::size_t, std::string>> photos;
  for (std::size_t i = 0; i < people.size(); ++i) {
    for (const auto& photo : people[i].photos) photos.emplace_back(i, photo.string());
  }
  for (std::size_t a = 0; a < photos.size(); ++a) {
    for (std::size_t b = a + 1; b < photos.size(); ++b) {
      text +=
          photos[a].second + "," + photos[b].second + (photos[a].first == photos[b].first ? ",1\n" : ",0\n");
    }
  }
  const auto report = evaluate_pairs(*engine, csv("shared.csv", text));
  ASSERT_TRUE(report.ok()) << report.error().text();
  const auto json = nlohmann::json::parse(*report);
  EXPECT_LE(json["eer"], 0.02);
  EXPECT_GE(json["tar_at_far_1e-2"], 0.97);
  EXPECT_GE(json["tpr_at_default"], 0.93);
  EXPECT_LE(json["fpr_at_default"], 0.002);
  EXPECT_EQ(json["persons"], people.size());
  EXPECT_EQ(json["threshold_from"], "other half");
  EXPECT_LE(json["eer_ci95"][0], json["eer"]);
  EXPECT_GE(json["eer_ci95"][1], json["eer"]);
  EXPECT_LT(json["far_held_out_1e-2"], 0.03);
}

}  // namespace
}  // namespace porchlight::vision
