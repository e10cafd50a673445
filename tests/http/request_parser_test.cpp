// SPDX-License-Identifier: Apache-2.0
#include "http/request_parser.hpp"

#include <gtest/gtest.h>

#include <random>

#include "http/malformed.hpp"

namespace porchlight::http {
namespace {

using Progress = RequestParser::Progress;

struct Outcome {
  Progress progress = Progress::need_more;
  int status = 0;
  std::string verb, target, body, left;
  bool operator==(const Outcome&) const = default;
};

// Feeds `bytes` in pieces of `piece`, as a socket might hand them over.
Outcome parse(std::string_view bytes, std::size_t piece) {
  RequestParser parser{Limits{}};
  Outcome outcome;
  std::string unparsed;
  for (;;) {
    const auto step = parser.feed(unparsed);
    EXPECT_LE(step.consumed, unparsed.size());
    unparsed.erase(0, step.consumed);
    outcome.progress = step.progress;
    outcome.status = step.status;
    if (step.progress == Progress::failed) return outcome;
    if (step.progress == Progress::header) {
      outcome.verb = parser.verb();
      outcome.target = parser.target();
      continue;
    }
    if (step.progress == Progress::complete) {
      outcome.body = parser.take_body();
      outcome.left = unparsed + std::string(bytes);
      return outcome;
    }
    if (bytes.empty()) return outcome;
    unparsed += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
}

TEST(RequestParser, ReadsTheSameInPiecesOfAnySize) {
  const std::string first = "POST /a?b HTTP/1.1\r\nHost: x\r\nX: a value\r\nContent-Length: 5\r\n\r\nabcde";
  const std::string stream = first + "GET / HTTP/1.1\r\n";
  const Outcome expected{Progress::complete, 0, "POST", "/a?b", "abcde", "GET / HTTP/1.1\r\n"};
  for (std::size_t piece = 1; piece <= stream.size(); ++piece)
    EXPECT_EQ(parse(stream, piece), expected) << piece;
}

TEST(RequestParser, WantsAContentLength) {
  for (const auto& request : test::without_length()) {
    EXPECT_EQ(parse(request, request.size()).status, 411) << testing::PrintToString(request);
    EXPECT_EQ(parse(request, 1).status, 411) << testing::PrintToString(request);
  }
}

TEST(RequestParser, RefusesTheMalformedInPiecesToo) {
  for (const auto& request : test::malformed_by_grammar()) {
    EXPECT_EQ(parse(request, request.size()).status, 400) << testing::PrintToString(request);
    EXPECT_EQ(parse(request, 1).status, 400) << testing::PrintToString(request);
  }
}

TEST(RequestParser, BoundsTheHeaderExactly) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
  const std::string end = "\r\n\r\n";
  const auto padding = Limits{}.header_bytes - begin.size() - end.size();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, std::size_t{100'000}}) {
    EXPECT_EQ(parse(begin + std::string(padding, 'x') + end, piece).progress, Progress::complete) << piece;
    EXPECT_EQ(parse(begin + std::string(padding + 1, 'x') + end, piece).status, 431) << piece;
    EXPECT_EQ(parse("GET /" + std::string(9000, 'x'), piece).status, 431) << piece;
  }
}

TEST(RequestParser, TellsTheLengthBeforeItTakesAByteOfTheBody) {
  RequestParser parser{Limits{}};
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n";
  const auto step = parser.feed(head + "12345678");
  EXPECT_EQ(step.progress, Progress::header);
  EXPECT_EQ(step.consumed, head.size());
  EXPECT_EQ(parser.body_length(), 18'446'744'073'709'551'615ULL);
}

// Every mutation must end in one of the four outcomes without touching foreign memory; under the
// address sanitizer this is where a parser's slip would show.
TEST(RequestParser, SurvivesMutations) {
  std::mt19937 random(20250129);
  auto seeds = test::malformed_by_grammar();
  seeds.emplace_back(
      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  seeds.emplace_back("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  for (int round = 0; round < 5000; ++round) {
    auto bytes = seeds[random() % seeds.size()];
    for (unsigned change = random() % 4; change > 0 && !bytes.empty(); --change) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
      if (random() % 4 == 0) bytes.insert(random() % bytes.size(), bytes.substr(random() % bytes.size()));
    }
    const auto whole = parse(bytes, bytes.size() + 1);
    if (whole.progress == Progress::failed) {
      EXPECT_TRUE(whole.status == 400 || whole.status == 411 || whole.status == 431);
    }
    parse(bytes, 1 + random() % 7);
  }
}

}  // namespace
}  // namespace porchlight::http
