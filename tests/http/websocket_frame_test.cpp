// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_frame.hpp"

#include <gtest/gtest.h>

#include "http/client_frame.hpp"
#include "porchlight/base/utf8.hpp"

namespace porchlight::http {
namespace {

using namespace std::string_literals;
using Event = WebSocketReader::Event;
using test::client_frame;

struct Seen {
  Event event;
  std::string payload;
  std::uint16_t code = 0;
  bool operator==(const Seen&) const = default;
};

// What a reader makes of `bytes` offered in pieces of `piece`.
std::vector<Seen> read(std::string bytes, std::size_t piece = 1'000'000, std::size_t limit = 100'000) {
  WebSocketReader reader(limit);
  std::vector<Seen> seen;
  std::string unparsed;
  for (;;) {
    auto step = reader.feed(unparsed);
    EXPECT_LE(step.consumed, unparsed.size());
    unparsed.erase(0, step.consumed);
    if (step.event != Event::need_more) seen.push_back({step.event, std::move(step.payload), step.code});
    if (step.event == Event::failed) return seen;
    if (step.event != Event::need_more || step.consumed > 0) continue;
    if (bytes.empty()) return seen;
    unparsed += bytes.substr(0, piece);
    bytes.erase(0, piece);
  }
}

std::uint16_t failure(const std::string& bytes, std::size_t limit = 100'000) {
  std::uint16_t code = 0;
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1'000'000}}) {
    const auto seen = read(bytes, piece, limit);
    code = !seen.empty() && seen.back().event == Event::failed ? seen.back().code : std::uint16_t{0};
  }
  return code;
}

TEST(WebSocketReader, ReadsMessagesOfEverySizeInPiecesOfEverySize) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65'535U, 65'536U, 70'000U}) {
    const std::string text(size, 'm');
    const auto bytes = client_frame(Opcode::text, text) + client_frame(Opcode::binary, text);
    for (const std::size_t piece : {1U, 3U, 1000U, 1'000'000U}) {
      EXPECT_EQ(read(bytes, piece), (std::vector<Seen>{{Event::message, text}, {Event::message, text}}))
          << size;
    }
  }
}

TEST(WebSocketReader, JoinsFragmentsAroundControlFrames) {
  const auto bytes = client_frame(Opcode::text, "a\xc3", false) + client_frame(Opcode::ping, "p") +
                     client_frame(Opcode::continuation, "\xa4"s, false) + client_frame(Opcode::pong, "q") +
                     client_frame(Opcode::continuation, "b");
  EXPECT_EQ(read(bytes),
            (std::vector<Seen>{{Event::ping, "p"}, {Event::pong, "q"}, {Event::message, "aäb"}}));
}

TEST(WebSocketReader, RefusesWhatTheStandardForbids) {
  auto unmasked = client_frame(Opcode::text, "a");
  unmasked[1] = static_cast<char>(unmasked[1] & 0x7f);
  EXPECT_EQ(failure(unmasked), 1002);
  for (const int bit : {0x40, 0x20, 0x10}) {
    auto reserved = client_frame(Opcode::text, "a");
    reserved[0] = static_cast<char>(reserved[0] | bit);
    EXPECT_EQ(failure(reserved), 1002) << bit;
  }
  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    EXPECT_EQ(failure(client_frame(static_cast<Opcode>(opcode), "a")), 1002) << opcode;
  EXPECT_EQ(failure(client_frame(Opcode::ping, std::string(126, 'p'))), 1002);
  EXPECT_EQ(failure(client_frame(Opcode::ping, "p", false)), 1002);
  EXPECT_EQ(failure(client_frame(Opcode::continuation, "a")), 1002);
  EXPECT_EQ(failure(client_frame(Opcode::text, "a", false) + client_frame(Opcode::text, "b")), 1002);
  // The length in more bytes than it needs, and with its highest bit set.
  EXPECT_EQ(failure("\x81\xfe\x00\x05mmmmaaaaa"s), 1002);
  EXPECT_EQ(failure("\x81\xff\x00\x00\x00\x00\x00\x00\xff\xffmmmm"s), 1002);
  EXPECT_EQ(failure("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00mmmm"s), 1002);
}

TEST(WebSocketReader, BoundsAMessageHoweverItIsCut) {
  EXPECT_EQ(failure(client_frame(Opcode::binary, std::string(10, 'b')), 10), 0);
  EXPECT_EQ(failure(client_frame(Opcode::binary, std::string(11, 'b')), 10), 1009);
  EXPECT_EQ(failure("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffmmmm"s, 10), 1009);
  const auto six = std::string(6, 'b');
  EXPECT_EQ(failure(client_frame(Opcode::binary, six, false) + client_frame(Opcode::continuation, six), 10),
            1009);
}

TEST(WebSocketReader, WantsUtf8InTextOnly) {
  EXPECT_EQ(failure(client_frame(Opcode::text, "\xff")), 1007);
  EXPECT_EQ(failure(client_frame(Opcode::text, "\xc3", false) + client_frame(Opcode::continuation, "a")),
            1007);
  EXPECT_EQ(failure(client_frame(Opcode::binary, "\xff")), 0);
}

TEST(WebSocketReader, JudgesFarewells) {
  const auto bye = [](const std::string& payload) {
    return read(client_frame(Opcode::close, payload)).back();
  };
  EXPECT_EQ(bye(""), (Seen{Event::closed, "", 1005}));
  EXPECT_EQ(bye("\x03\xe8"), (Seen{Event::closed, "", 1000}));
  EXPECT_EQ(bye("\x0b\xb8why"), (Seen{Event::closed, "", 3000}));
  for (const auto& wrong :
       {"\x03"s, "\x03\xe7"s, "\x03\xec"s, "\x03\xed"s, "\x03\xee"s, "\x03\xf7"s, "\x07\xd0"s, "\x13\x88"s})
    EXPECT_EQ(bye(wrong), (Seen{Event::failed, "", 1002})) << testing::PrintToString(wrong);
  EXPECT_EQ(bye("\x03\xe8\xff"), (Seen{Event::failed, "", 1007}));
}

TEST(WebSocketFrame, IsWrittenInItsShortestForm) {
  EXPECT_EQ(websocket_frame(Opcode::text, "Hello"), "\x81\x05Hello");  // RFC 6455 §5.7
  EXPECT_EQ(websocket_frame(Opcode::binary, std::string(125, 'x')).size(), 127U);
  EXPECT_EQ(websocket_frame(Opcode::binary, std::string(256, 'x')).substr(0, 4), "\x82\x7e\x01\x00"s);
  EXPECT_EQ(websocket_frame(Opcode::binary, std::string(65'536, 'x')).substr(0, 10),
            "\x82\x7f\0\0\0\0\0\1\0\0"s);
  EXPECT_EQ(websocket_close_frame(1000, "bye"),
            "\x88\x05\x03\xe8"
            "bye");
  EXPECT_LE(websocket_close_frame(1000, std::string(500, 'r')).size(), 127U);
}

TEST(WebSocketAccept, AnswersTheStandardsExample) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  for (const auto* wrong :
       {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25j!Q==",
        "dGhlIHNhbXBsZSBub25jZQAA", "dGhlIHNhbXBsZSBub25jZ==="})
    EXPECT_EQ(websocket_accept(wrong), std::nullopt) << wrong;
}

TEST(Utf8, TakesWholeShortestCharactersOnly) {
  for (const auto* good :
       {"", "a", "ä", "€", "\xf0\x9f\x94\x94", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const auto* bad :
       {"\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "\xe2\x28\xa1", "\xf0\x9f\x94"})
    EXPECT_FALSE(is_utf8(bad)) << testing::PrintToString(bad);
}

}  // namespace
}  // namespace porchlight::http
