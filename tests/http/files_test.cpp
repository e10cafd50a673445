// SPDX-License-Identifier: Apache-2.0
#include "http/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "http/ranges.hpp"
#include "http/running_server.hpp"

namespace porchlight::http {
namespace {

using test::Body;
using test::get;
using test::route;
using test::RunningServer;
using test::TemporaryFolder;
using test::TlsClient;
using test::Wire;
using testing::HasSubstr;
using Kind = RangeAnswer::Kind;

TEST(Ranges, AreCutToWhatThereIs) {
  const auto parts = [](const char* header, std::uint64_t size = 100) {
    return parse_ranges(header, size, 16).parts;
  };
  EXPECT_EQ(parts("bytes=0-9"), (std::vector<ByteRange>{{0, 10}}));
  EXPECT_EQ(parts("bytes=90-"), (std::vector<ByteRange>{{90, 10}}));
  EXPECT_EQ(parts("bytes=-10"), (std::vector<ByteRange>{{90, 10}}));
  EXPECT_EQ(parts("bytes=-1000"), (std::vector<ByteRange>{{0, 100}}));
  EXPECT_EQ(parts("Bytes = 99-1000"), (std::vector<ByteRange>{{99, 1}}));
  EXPECT_EQ(parts("bytes=0-0, 5-6 ,,-1"), (std::vector<ByteRange>{{0, 1}, {5, 2}, {99, 1}}));
  EXPECT_EQ(parts("bytes=0-18446744073709551615"), (std::vector<ByteRange>{{0, 100}}));
  EXPECT_EQ(parts("bytes=0-99999999999999999999999"), (std::vector<ByteRange>{{0, 100}}));
  EXPECT_EQ(parts("bytes=0-1,200-300"), (std::vector<ByteRange>{{0, 2}}));
}

TEST(Ranges, AreIgnoredWhenNobodyCanReadThem) {
  for (const auto* header :
       {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1;2-3", "bytes=1-2,x",
        "bytes=+1-2", "bytes=0x1-2", "bytes=- 5", "lines=1-2", "bytes=1--2", "bytes=,,", "bytes = "})
    EXPECT_EQ(parse_ranges(header, 100, 16).kind, Kind::whole) << header;
}

TEST(Ranges, AreRefusedWhenTheyAskForNothingOrTooMuch) {
  const auto kind = [](const std::string& header, std::uint64_t size = 100) {
    return parse_ranges(header, size, 16).kind;
  };
  for (const auto* header :
       {"bytes=100-", "bytes=100-200", "bytes=-0", "bytes=18446744073709551615-", "bytes=200-300,400-"})
    EXPECT_EQ(kind(header), Kind::unsatisfiable) << header;
  EXPECT_EQ(kind("bytes=0-", 0), Kind::unsatisfiable);
  EXPECT_EQ(kind("bytes=-5", 0), Kind::unsatisfiable);
  EXPECT_EQ(kind("bytes=0-,0-"), Kind::unsatisfiable);  // more than there is
  std::string many = "bytes=0-0";
  for (int i = 1; i < 16; ++i) many += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  EXPECT_EQ(kind(many), Kind::parts);
  EXPECT_EQ(kind(many + ",99-99"), Kind::unsatisfiable);
  for (int i = 0; i < 1000; ++i) many += ",0-";
  EXPECT_EQ(kind(many), Kind::unsatisfiable);
}

TEST(HttpDate, IsReadInItsOneSpelling) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), WallTime{std::chrono::seconds{784'111'777}});
  for (const auto* wrong :
       {"", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT ", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 3988 08:49:37 GMT", "XXXXXXXXXXXXXXXXXXXXXXXXXXXXX"})
    EXPECT_EQ(parse_http_date(wrong), std::nullopt) << wrong;
}

TEST(EntityTag, IsFoundInAListWeakly) {
  EXPECT_TRUE(names_tag("\"a\", W/\"b\"", "\"b\""));
  EXPECT_TRUE(names_tag("*", "\"b\""));
  EXPECT_FALSE(names_tag("\"a\", \"bb\"", "\"b\""));
}

// Every test runs in the clear and under TLS: the one sends by the kernel, the other by way of memory.
class ServedFiles : public testing::TestWithParam<bool> {
 protected:
  ServedFiles() {
    std::ofstream(root() / "small.txt") << "0123456789";
    std::ofstream big(root() / "big.bin", std::ios::binary);
    for (std::size_t i = 0; i < big_size; ++i) big.put(byte_at(i));
    std::ofstream(root() / "empty");
    std::ofstream(folder.path() / "secret") << "secret";
    std::filesystem::create_directory(root() / "sub");
    std::ofstream(root() / "sub" / "inner") << "inner";
    std::filesystem::create_symlink(folder.path() / "secret", root() / "link");
    std::filesystem::create_symlink("small.txt", root() / "near");
    std::filesystem::create_directory_symlink(folder.path(), root() / "up");
    ::mkfifo((root() / "fifo").c_str(), 0600);
  }
  static char byte_at(std::size_t i) { return static_cast<char>(i * 2654435761U >> 13U); }
  static std::string bytes(std::size_t from, std::size_t count) {
    std::string text;
    for (std::size_t i = from; i < from + count; ++i) text.push_back(byte_at(i));
    return text;
  }
  static constexpr std::size_t big_size = 3'000'001;

  std::filesystem::path root() {
    std::filesystem::create_directories(folder.path() / "root");
    return folder.path() / "root";
  }
  Router rooms() {
    Router router;
    for (const auto* path : {"/f/{name}", "/f/{folder}/{name}"}) {
      router.add(route(Method::get, path, [this](const Request& request, const Responder& responder) {
        auto name = request.parameter("name");
        if (!request.parameter("folder").empty()) name = request.parameter("folder") + "/" + name;
        responder.send(serve_file(request, folder.path() / "root", name, "text/x-test"));
      }));
    }
    return router;
  }
  ServerOptions options() {
    ServerOptions given;
    if (GetParam()) given.credentials = *Credentials::create({.folder = folder.path() / "tls"}, clock);
    authority = given.credentials ? given.credentials->authority() : "";
    return given;
  }
  Wire client() {
    auto wire = house->tcp();
    if (GetParam()) {
      EXPECT_TRUE(wire.secure({.authority = authority}));
    }
    return wire;
  }
  test::Reply ask(const std::string& path, const std::string& headers = {}) {
    auto wire = client();
    return wire.ask(get(path, headers));
  }

  TemporaryFolder folder;
  SystemClock clock;
  std::string authority;
  std::unique_ptr<RunningServer> house = std::make_unique<RunningServer>(rooms(), options());
};

INSTANTIATE_TEST_SUITE_P(Transport, ServedFiles, testing::Bool(),
                         [](const auto& which) { return which.param ? "Tls" : "Plain"; });

TEST_P(ServedFiles, ComeWhole) {
  auto wire = client();
  auto reply = wire.ask(get("/f/small.txt"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "0123456789");
  EXPECT_EQ(reply.headers["content-type"], "text/x-test");
  EXPECT_EQ(reply.headers["accept-ranges"], "bytes");
  EXPECT_EQ(wire.ask(get("/f/big.bin")).body, bytes(0, big_size));
  EXPECT_EQ(wire.ask(get("/f/empty")).body, "");
  EXPECT_EQ(wire.ask(get("/f/sub/inner")).body, "inner");
  EXPECT_EQ(wire.ask(get("/f/small.txt")).body, "0123456789");
}

TEST_P(ServedFiles, AnswerHeadWithTheLength) {
  auto wire = client();
  wire.send("HEAD /f/big.bin HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(wire.reply(Body::none).headers["content-length"], std::to_string(big_size));
  EXPECT_EQ(wire.ask(get("/f/small.txt")).body, "0123456789");
}

TEST_P(ServedFiles, ComeInRanges) {
  auto reply = ask("/f/big.bin", "Range: bytes=1000000-1999999\r\n");
  EXPECT_EQ(reply.status, 206);
  EXPECT_EQ(reply.headers["content-range"], "bytes 1000000-1999999/3000001");
  EXPECT_EQ(reply.headers["content-type"], "text/x-test");
  EXPECT_EQ(reply.body, bytes(1'000'000, 1'000'000));
  EXPECT_EQ(ask("/f/small.txt", "Range: bytes=-3\r\n").body, "789");
  reply = ask("/f/small.txt", "Range: bytes=10-\r\n");
  EXPECT_EQ(reply.status, 416);
  EXPECT_EQ(reply.headers["content-range"], "bytes */10");
  EXPECT_EQ(ask("/f/small.txt", "Range: lines=1-2\r\n").status, 200);
}

TEST_P(ServedFiles, ComeInSeveralRanges) {
  auto reply = ask("/f/big.bin", "Range: bytes=5-9,2000000-2999999,-2\r\n");
  EXPECT_EQ(reply.status, 206);
  const auto type = reply.headers["content-type"];
  ASSERT_THAT(type, testing::StartsWith("multipart/byteranges; boundary="));
  const auto boundary = type.substr(type.find('=') + 1);
  const auto part = [&](const char* range) {
    return "--" + boundary + "\r\nContent-Type: text/x-test\r\nContent-Range: bytes " + range +
           "/3000001\r\n\r\n";
  };
  EXPECT_EQ(reply.body, part("5-9") + bytes(5, 5) + "\r\n" + part("2000000-2999999") +
                            bytes(2'000'000, 1'000'000) + "\r\n" + part("2999999-3000000") +
                            bytes(2'999'999, 2) + "\r\n--" + boundary + "--\r\n");
}

TEST_P(ServedFiles, HeedConditions) {
  auto whole = ask("/f/small.txt");
  const auto tag = whole.headers["etag"];
  const auto date = whole.headers["last-modified"];
  ASSERT_THAT(tag, testing::MatchesRegex("\"[0-9a-f-]+\""));
  EXPECT_EQ(ask("/f/small.txt", "If-None-Match: \"x\", W/" + tag + "\r\n").status, 304);
  EXPECT_EQ(ask("/f/small.txt", "If-None-Match: \"x\"\r\nIf-Modified-Since: " + date + "\r\n").status, 200);
  EXPECT_EQ(ask("/f/small.txt", "If-Modified-Since: " + date + "\r\n").status, 304);
  EXPECT_EQ(ask("/f/small.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n").status, 200);
  const std::string range = "Range: bytes=0-1\r\nIf-Range: ";
  EXPECT_EQ(ask("/f/small.txt", range + tag + "\r\n").body, "01");
  EXPECT_EQ(ask("/f/small.txt", range + date + "\r\n").body, "01");
  EXPECT_EQ(ask("/f/small.txt", range + "W/" + tag + "\r\n").body, "0123456789");
  EXPECT_EQ(ask("/f/small.txt", range + "\"x\"\r\n").body, "0123456789");
  std::ofstream(root() / "small.txt") << "9876543210";
  EXPECT_NE(ask("/f/small.txt").headers["etag"], tag);
}

TEST_P(ServedFiles, NeverLeaveTheirFolder) {
  for (const auto* path :
       {"/f/link", "/f/near", "/f/up/secret", "/f/sub", "/f/fifo", "/f/missing", "/f/sub/", "/f//small.txt",
        "/f/%252e%252e/secret", "/f/..%c0%af../secret", "/f/..%5c..%5csecret", "/f/.../secret",
        "/f/%ef%bc%8e%ef%bc%8e/secret", "/f/..%u2215secret", "/f/%e0%80%ae%e0%80%ae/secret"}) {
    const auto reply = ask(path);
    EXPECT_THAT(reply.status, testing::AnyOf(400, 404)) << path;
    EXPECT_THAT(reply.body, testing::Not(HasSubstr("0123456789"))) << path;
  }
  auto traversals = house->metrics.counter("http_request_rejections_total", {{"reason", "path_traversal"}});
  auto injections =
      house->metrics.counter("http_request_rejections_total", {{"reason", "injection_suspected"}});
  for (const auto* path : {"/f/../secret", "/f/%2e%2e/secret", "/f/%2E%2e%2fsecret", "/f/..%2fsecret",
                           "/f/.%2e/secret", "/f/./small.txt"}) {
    const auto before = traversals.value();
    EXPECT_EQ(ask(path).status, 400) << path;
    EXPECT_EQ(traversals.value(), before + 1) << path;
  }
  EXPECT_EQ(ask("/f/small.txt%00.jpg").status, 400);
  EXPECT_EQ(injections.value(), 1);
}

// The announced length cannot be met any more: the stream must end short, not be padded or hang.
TEST_P(ServedFiles, EndShortWhenTheFileShrinks) {
  auto wire = client();
  std::filesystem::resize_file(root() / "big.bin", 200'000'000);
  wire.send(get("/f/big.bin"));
  EXPECT_EQ(wire.reply(Body::none).headers["content-length"], "200000000");
  std::filesystem::resize_file(root() / "big.bin", 1000);
  bool ended = false;
  EXPECT_LT(wire.rest(&ended).size(), 200'000'000U);
  EXPECT_TRUE(ended);
}

TEST(OpenBelow, TakesNoWayOut) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "a") << "a";
  EXPECT_TRUE(open_below(folder.path(), "a").ok());
  using namespace std::string_literals;
  for (const auto& name :
       {""s, "."s, ".."s, "/a"s, "a/"s, "a/b"s, "../"s + folder.path().filename().string() + "/a", "./a"s,
        "a\0b"s, "/etc/passwd"s})
    EXPECT_FALSE(open_below(folder.path(), name).ok()) << testing::PrintToString(name);
}

}  // namespace
}  // namespace porchlight::http
