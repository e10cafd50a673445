// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/polygon.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace porchlight::media {
namespace {

using testing::HasSubstr;

const Polygon triangle{{0.1, 0.1}, {0.9, 0.1}, {0.5, 0.8}};

TEST(Polygon, FaultsAreNamedByCorner) {
  EXPECT_EQ(polygon_fault(triangle), "");
  EXPECT_EQ(polygon_fault({{0, 0}, {1, 0}, {1, 1}, {0, 1}}), "") << "the picture's own corners";
  EXPECT_THAT(polygon_fault({}), HasSubstr("three corners"));
  EXPECT_THAT(polygon_fault({{0, 0}, {1, 1}}), HasSubstr("three corners"));
  EXPECT_THAT(polygon_fault(Polygon(65, Point{})), HasSubstr("more than 64"));
  EXPECT_THAT(polygon_fault({{0, 0}, {1, 0}, {0.5, 1.01}}), HasSubstr("corner 3 lies outside"));
  EXPECT_THAT(polygon_fault({{0, -0.01}, {1, 0}, {0.5, 1}}), HasSubstr("corner 1 lies outside"));
  EXPECT_THAT(polygon_fault({{0, 0}, {std::nan(""), 0}, {0.5, 1}}), HasSubstr("corner 2 lies outside"));
  EXPECT_THAT(polygon_fault({{0, 0}, {1, 0}, {1, 0}, {0.5, 1}}), HasSubstr("corners 2–3 are the same"));
  EXPECT_THAT(polygon_fault({{0, 0}, {1, 0}, {0.5, 1}, {0, 0}}), HasSubstr("corners 4–1 are the same"));
  EXPECT_THAT(polygon_fault({{0, 0}, {0.5, 0.5}, {1, 1}}), HasSubstr("run back")) << "a line is no area";
  EXPECT_THAT(polygon_fault({{0, 0}, {1, 0}, {0.5, 0}, {0.5, 1}}),
              HasSubstr("run back on each other at corner 2"));
  EXPECT_THAT(polygon_fault({{0, 0}, {1, 1}, {1, 0}, {0, 1}}), HasSubstr("side 1–2 meets side 3–4"));
  EXPECT_THAT(polygon_fault({{0, 0}, {1, 0}, {1, 1}, {0.5, 0}, {0, 1}}), HasSubstr("meets side"))
      << "touching";
}

// Corners at growing angles around a middle: no two sides can cross.
Polygon star(std::mt19937& dice, int corners) {
  std::uniform_real_distribution<double> radius(0.1, 0.45), shift(0.05, 0.95);
  Polygon polygon;
  for (int i = 0; i < corners; ++i) {
    const double angle = 2 * std::numbers::pi * (i + shift(dice)) / corners;
    const double r = radius(dice);
    polygon.push_back({0.5 + r * std::cos(angle), 0.5 + r * std::sin(angle)});
  }
  return polygon;
}

double area(const Polygon& polygon) {
  double twice = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const auto a = polygon[i], b = polygon[(i + 1) % polygon.size()];
    twice += a.x * b.y - b.x * a.y;
  }
  return std::abs(twice) / 2;
}

double counted_area(const Polygon& polygon) {
  constexpr int grid = 200;
  int inside = 0;
  for (int y = 0; y < grid; ++y)
    for (int x = 0; x < grid; ++x) inside += contains(polygon, {(x + 0.5) / grid, (y + 0.5) / grid}) ? 1 : 0;
  return static_cast<double>(inside) / (grid * grid);
}

TEST(Polygon, SimpleOnesAreTakenWhereverTheyBeginAndWhicheverWayTheyGo) {
  std::mt19937 dice(20261126);
  for (int round = 0; round < 300; ++round) {
    auto polygon = star(dice, 3 + round % 20);
    // Of three corners the middle may lie outside; that is a triangle all the same.
    ASSERT_EQ(polygon_fault(polygon), "") << round;
    EXPECT_NEAR(counted_area(polygon), area(polygon), 0.02) << round;
    std::rotate(polygon.begin(), polygon.begin() + round % static_cast<int>(polygon.size()), polygon.end());
    EXPECT_EQ(polygon_fault(polygon), "") << round;
    std::reverse(polygon.begin(), polygon.end());
    EXPECT_EQ(polygon_fault(polygon), "") << round;
    EXPECT_NEAR(counted_area(polygon), area(polygon), 0.02) << round;
  }
}

// Whether two sides cross, asked in another way: each is walked along in small steps, and the other must
// change its side of the line between.
bool crosses(Point a, Point b, Point c, Point d) {
  const double rx = b.x - a.x, ry = b.y - a.y, sx = d.x - c.x, sy = d.y - c.y;
  const double cross = rx * sy - ry * sx;
  if (std::abs(cross) < 1e-9) return false;
  const double t = ((c.x - a.x) * sy - (c.y - a.y) * sx) / cross;
  const double u = ((c.x - a.x) * ry - (c.y - a.y) * rx) / cross;
  return t > 1e-6 && t < 1 - 1e-6 && u > 1e-6 && u < 1 - 1e-6;
}

TEST(Polygon, CrossingSidesAreRefusedAndOnlyThose) {
  std::mt19937 dice(7);
  int crossing = 0;
  for (int round = 0; round < 2000; ++round) {
    auto polygon = star(dice, 4 + round % 8);
    std::shuffle(polygon.begin(), polygon.end(), dice);
    bool any = false;
    const auto n = polygon.size();
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i + 1; j < n; ++j)
        any = any || crosses(polygon[i], polygon[(i + 1) % n], polygon[j], polygon[(j + 1) % n]);
    EXPECT_EQ(!polygon_fault(polygon).empty(), any) << round;
    crossing += any ? 1 : 0;
  }
  EXPECT_GT(crossing, 500);
  EXPECT_LT(crossing, 1990);
}

TEST(Polygon, ContainsWhatLiesInside) {
  EXPECT_TRUE(contains(triangle, {0.5, 0.4}));
  EXPECT_FALSE(contains(triangle, {0.1, 0.8}));
  EXPECT_FALSE(contains(triangle, {0.5, 0.05}));
  const Polygon horseshoe{{0.1, 0.1}, {0.3, 0.1}, {0.3, 0.7}, {0.7, 0.7},
                          {0.7, 0.1}, {0.9, 0.1}, {0.9, 0.9}, {0.1, 0.9}};
  EXPECT_EQ(polygon_fault(horseshoe), "");
  EXPECT_FALSE(contains(horseshoe, {0.5, 0.4}));
  EXPECT_TRUE(contains(horseshoe, {0.5, 0.8}));
  EXPECT_FALSE(contains({}, {0.5, 0.5}));
}

}  // namespace
}  // namespace porchlight::media
