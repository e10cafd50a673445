// SPDX-License-Identifier: Apache-2.0
#include "http/listen.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "http/running_server.hpp"
#include "porchlight/http/options.hpp"

namespace porchlight::http {
namespace {

using test::route;
using test::says;
using test::TemporaryFolder;
using testing::HasSubstr;

TEST(ListenAddress, TellsLoopbackFromTheRest) {
  for (const auto* near : {"127.0.0.1:8000", "127.1.2.3:0", "[::1]:8000", "localhost:80"}) {
    const auto address = parse_listen_address(near);
    ASSERT_TRUE(address.ok()) << near;
    EXPECT_TRUE(address->is_loopback()) << near;
  }
  for (const auto* far : {"0.0.0.0:8000", "[::]:8000", "192.168.1.2:8000", "[fe80::1]:8000", "128.0.0.1:1"}) {
    const auto address = parse_listen_address(far);
    ASSERT_TRUE(address.ok()) << far;
    EXPECT_FALSE(address->is_loopback()) << far;
  }
}

TEST(ListenAddress, RefusesWhatIsNone) {
  for (const auto* wrong : {"", "8000", ":8000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                            "127.0.0.1:80x", "::1:8000", "[127.0.0.1]:80", "porch:8000", "127.1:80"}) {
    const auto refused = parse_listen_address(wrong);
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_EQ(refused.error().code(), ErrorCode::invalid_argument) << wrong;
  }
}

TEST(ListenTcp, SaysThatThePortIsTaken) {
  auto first = listen_tcp("127.0.0.1:0");
  ASSERT_TRUE(first.ok());
  const auto second = listen_tcp("127.0.0.1:" + std::to_string(bound_port(first->get())));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::already_exists);
  EXPECT_THAT(second.error().text(), HasSubstr("another program listens there"));
}

mode_t mode_of(const std::filesystem::path& path) {
  struct ::stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

TEST(SocketFile, IsForOwnerAndGroupWhateverTheUmask) {
  const TemporaryFolder folder;
  for (const mode_t mask : {mode_t{0}, mode_t{0022}, mode_t{0077}}) {
    const auto before = ::umask(mask);
    auto file = SocketFile::listen(folder.path() / "control.sock");
    ::umask(before);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(mode_of(folder.path() / "control.sock"), mode_t{0660});
  }
}

TEST(SocketFile, GoesWithItsOwner) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "control.sock";
  { ASSERT_TRUE(SocketFile::listen(path).ok()); }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(SocketFile, ReplacesOneThatNobodyAnswers) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "control.sock";
  auto old = SocketFile::listen(path);
  ASSERT_TRUE(old.ok());
  std::filesystem::rename(path, folder.path() / "kept");
  { auto gone = std::move(*old); }  // closes; leaves `kept`, which is not its path any more
  std::filesystem::rename(folder.path() / "kept", path);
  auto fresh = SocketFile::listen(path);
  ASSERT_TRUE(fresh.ok()) << fresh.error().text();
  EXPECT_TRUE(test::Wire::unix_socket(path).connected());
}

TEST(SocketFile, RefusesOneThatIsAlive) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "control.sock";
  const auto alive = SocketFile::listen(path);
  ASSERT_TRUE(alive.ok());
  const auto refused = SocketFile::listen(path);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::already_exists);
  EXPECT_THAT(refused.error().text(), HasSubstr("another porchlight answers there"));
  EXPECT_TRUE(test::Wire::unix_socket(path).connected());
}

TEST(SocketFile, TouchesNoForeignFile) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "control.sock";
  std::ofstream(path) << "a diary";
  const auto refused = SocketFile::listen(path);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().text(), HasSubstr("is not a socket"));
  EXPECT_EQ(std::filesystem::file_size(path), 7U);
}

TEST(SocketFile, LeavesASuccessorsFileAlone) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "control.sock";
  auto first = SocketFile::listen(path);
  ASSERT_TRUE(first.ok());
  std::filesystem::rename(path, folder.path() / "old");
  const auto second = SocketFile::listen(path);
  ASSERT_TRUE(second.ok());
  { auto gone = std::move(*first); }
  EXPECT_TRUE(test::Wire::unix_socket(path).connected());
}

TEST(SocketFile, NamesAPathThatIsTooLong) {
  const auto refused = SocketFile::listen("/tmp/" + std::string(120, 'x'));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::invalid_argument);
}

TEST(SocketFile, NamesAFolderThatIsMissing) {
  const TemporaryFolder folder;
  const auto refused = SocketFile::listen(folder.path() / "missing" / "control.sock");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::not_found);
}

std::vector<std::string> faults_of(const std::string& yaml, ListenOptions& options) {
  config::Faults faults;
  const auto document = config::Document::parse(yaml, "p.yaml", faults);
  auto root = document.root();
  options = read_listen_options(root);
  root.finish();
  std::vector<std::string> texts;
  for (const auto& fault : faults.all()) texts.push_back(fault.text());
  return texts;
}

TEST(ListenOptions, DefaultToEverywhereWithTls) {
  ListenOptions options;
  EXPECT_THAT(faults_of("{}", options), testing::IsEmpty());
  EXPECT_EQ(options.listen, "0.0.0.0:8000");
  EXPECT_EQ(options.metrics_listen, "");
  EXPECT_EQ(options.tls.mode, TlsMode::automatic);
  EXPECT_THAT(faults_of("server: {listen: '[::1]:9000'}", options), testing::IsEmpty());
  EXPECT_EQ(options.listen, "[::1]:9000");
}

TEST(ListenOptions, TakeAddressesThatOthersReach) {
  ListenOptions options;
  EXPECT_THAT(faults_of("server:\n  listen: '[::]:8000'\nmetrics:\n  listen: 0.0.0.0:9464\n", options),
              testing::IsEmpty());
  EXPECT_EQ(options.listen, "[::]:8000");
  EXPECT_EQ(options.metrics_listen, "0.0.0.0:9464");
}

// The daemon starts in spite of a bad certificate; every other fault stops it.
TEST(ListenOptions, TolerateABadCertificateAndNothingElse) {
  const auto tolerable = [](const char* yaml) {
    config::Faults faults;
    const auto document = config::Document::parse(yaml, "p.yaml", faults);
    (void)read_listen_options(document.root());
    EXPECT_FALSE(faults.empty()) << yaml;
    return faults.all_tolerable();
  };
  EXPECT_TRUE(tolerable("server: {tls: {cert: /missing, key: /missing}}"));
  EXPECT_FALSE(tolerable("server: {tls: {cert: /missing}}"));
  EXPECT_FALSE(tolerable("server: {tls: {cert: /missing, key: /missing}, listen: nowhere}"));
  EXPECT_FALSE(tolerable("server: {tls: of}"));
}

TEST(ListenOptions, ReadAllKeys) {
  ListenOptions options;
  EXPECT_THAT(faults_of("server: {tls: off, public_url: 'https://door.example.org:8443/a', trusted_proxies: "
                        "[10.0.0.0/8, '::1']}\nmetrics: {listen: '127.0.0.1:9464'}",
                        options),
              testing::IsEmpty());
  EXPECT_EQ(options.tls.mode, TlsMode::off);
  EXPECT_THAT(options.tls.names, testing::ElementsAre("door.example.org"));
  EXPECT_THAT(options.trusted_proxies, testing::ElementsAre("10.0.0.0/8", "::1"));
  EXPECT_EQ(options.metrics_listen, "127.0.0.1:9464");
  EXPECT_THAT(faults_of("server: {public_url: 'http://[0:0::1]/'}", options), testing::IsEmpty());
  EXPECT_EQ(options.tls.mode, TlsMode::automatic);
  EXPECT_THAT(options.tls.names, testing::ElementsAre("::1"));
}

TEST(ListenOptions, NameWhatIsWrong) {
  ListenOptions options;
  const auto one = [&options](const char* yaml) {
    const auto faults = faults_of(yaml, options);
    return faults.empty() ? std::string("nothing") : faults.front();
  };
  EXPECT_THAT(one("server: {tls: of}"), HasSubstr("server.tls"));
  EXPECT_THAT(one("server: {tls: {cert: /a}}"), HasSubstr("key"));
  EXPECT_THAT(one("server: {tls: {cert: /missing, key: /missing}}"), HasSubstr("'/missing'"));
  EXPECT_THAT(one("server: {public_url: door.example.org}"), HasSubstr("is not like https://"));
  EXPECT_THAT(one("server: {public_url: 'https://a b/'}"), HasSubstr("is not like https://"));
  EXPECT_THAT(one("server: {trusted_proxies: [10.0.0.0/33]}"), HasSubstr("is no address or network"));
}

// Off loopback only a proxy may do the encrypting.
TEST(ListenOptions, RefuseToServeOthersInTheClear) {
  ListenOptions options;
  const auto says_so = testing::Contains(HasSubstr("off only on a loopback address"));
  EXPECT_THAT(faults_of("server: {listen: '0.0.0.0:8000', tls: off}", options), says_so);
  EXPECT_THAT(faults_of("server: {tls: off}\nmetrics: {listen: '0.0.0.0:9464'}", options), says_so);
  EXPECT_THAT(faults_of("server: {tls: off}", options), says_so);  // the default is everywhere
  EXPECT_THAT(faults_of("server: {listen: '127.0.0.1:8000', tls: off}", options), testing::Not(says_so));
  EXPECT_THAT(faults_of("server: {listen: '0.0.0.0:8000', tls: off, trusted_proxies: [10.0.0.1]}", options),
              testing::Not(says_so));
}

}  // namespace
}  // namespace porchlight::http
