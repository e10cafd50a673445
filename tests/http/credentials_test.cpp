// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "http/certificate.hpp"
#include "http/machine_names.hpp"
#include "http/running_server.hpp"
#include "porchlight/base/durable_file.hpp"
#include "porchlight/http/tls.hpp"

namespace porchlight::http {
namespace {

using std::chrono::hours;
using test::TemporaryFolder;
using testing::HasSubstr;

constexpr hours day{24};

std::string contents(const std::filesystem::path& path) {
  auto text = read_whole_file(path, 1024 * 1024);
  return text ? *text : std::string{};
}

CertificatePtr certificate_in(const std::filesystem::path& path) {
  auto list = parse_certificates(contents(path));
  return list ? std::move(list->front()) : CertificatePtr{};
}

mode_t mode_of(const std::filesystem::path& path) {
  struct ::stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

class AutomaticCredentials : public testing::Test {
 protected:
  std::shared_ptr<Credentials> made(std::vector<std::string> names = {}) {
    TlsOptions options;
    options.folder = folder.path() / "tls";
    options.names = std::move(names);
    auto credentials = Credentials::create(std::move(options), clock);
    if (!credentials) ADD_FAILURE() << credentials.error().text();
    return credentials ? *credentials : nullptr;
  }
  std::filesystem::path authority_file() const { return folder.path() / "tls/authority.pem"; }
  std::filesystem::path published_file() const { return folder.path() / "tls/ca.pem"; }
  std::filesystem::path server_file() const { return folder.path() / "tls/server.pem"; }

  TemporaryFolder folder;
  SimulatedClock clock{WallTime{std::chrono::seconds{1'800'000'000}}};
};

TEST_F(AutomaticCredentials, NameThisMachineForThirteenMonths) {
  const auto credentials = made({"door.example.org", "fd00::5"});
  const auto leaf = certificate_in(server_file());
  ASSERT_TRUE(leaf);
  for (const auto& name : machine_names()) EXPECT_THAT(names_of(*leaf), testing::Contains(name));
  EXPECT_THAT(names_of(*leaf),
              testing::IsSupersetOf({"localhost", "127.0.0.1", "door.example.org", "fd00::5"}));
  EXPECT_EQ(end_of(*leaf), clock.wall() + 397 * day);
  EXPECT_EQ(credentials->expires(), clock.wall() + 397 * day);
  const auto authority = certificate_in(authority_file());
  EXPECT_EQ(end_of(*authority), clock.wall() + 3653 * day);
  EXPECT_EQ(credentials->authority(), pem_of(*authority));
  EXPECT_EQ(X509_check_issued(authority.get(), leaf.get()), X509_V_OK);
  EXPECT_EQ(X509_check_ca(authority.get()), 1);
  EXPECT_EQ(X509_check_ca(leaf.get()), 0);
}

TEST_F(AutomaticCredentials, KeepTheirKeysToTheOwner) {
  const auto before = ::umask(0);
  made();
  ::umask(before);
  EXPECT_EQ(mode_of(folder.path() / "tls"), mode_t{0700});
  EXPECT_EQ(mode_of(authority_file()), mode_t{0600});
  EXPECT_EQ(mode_of(server_file()), mode_t{0600});
}

TEST_F(AutomaticCredentials, PublishTheAuthoritysCertificateWithoutItsKey) {
  const auto before = ::umask(0);
  const auto authority = made()->authority();
  ::umask(before);
  EXPECT_THAT(contents(authority_file()), HasSubstr("PRIVATE KEY"));
  EXPECT_EQ(contents(published_file()), authority);
  EXPECT_THAT(contents(published_file()), testing::Not(HasSubstr("PRIVATE")));
  EXPECT_EQ(mode_of(published_file()), mode_t{0644});
  std::filesystem::remove(published_file());
  EXPECT_EQ(made()->authority(), authority);
  EXPECT_EQ(contents(published_file()), authority);
  std::ofstream(published_file(), std::ios::trunc) << contents(authority_file());
  EXPECT_EQ(made()->authority(), authority);
  EXPECT_EQ(contents(published_file()), authority);
}

TEST_F(AutomaticCredentials, TakeOverThePairThatLayInCaPem) {
  const auto authority = made()->authority();
  const auto leaf = contents(server_file());
  std::filesystem::rename(authority_file(), published_file());
  EXPECT_EQ(made()->authority(), authority);
  EXPECT_EQ(contents(server_file()), leaf);
  EXPECT_EQ(mode_of(authority_file()), mode_t{0600});
  EXPECT_EQ(contents(published_file()), authority);
}

TEST_F(AutomaticCredentials, OutliveARestart) {
  const auto first = made()->authority();
  const auto pem = contents(server_file());
  EXPECT_EQ(made()->authority(), first);
  EXPECT_EQ(contents(server_file()), pem);
}

TEST_F(AutomaticCredentials, AreRenewedThirtyDaysBeforeTheEnd) {
  const auto credentials = made();
  const auto authority = credentials->authority();
  const auto pem = contents(server_file());
  clock.advance(366 * day);
  EXPECT_FALSE(*credentials->refresh());
  EXPECT_EQ(contents(server_file()), pem);
  clock.advance(2 * day);
  EXPECT_TRUE(*credentials->refresh());
  EXPECT_EQ(end_of(*certificate_in(server_file())), clock.wall() + 397 * day);
  EXPECT_EQ(credentials->authority(), authority);
  clock.advance(3653 * day);
  EXPECT_TRUE(*credentials->refresh());
  EXPECT_NE(credentials->authority(), authority);
}

TEST_F(AutomaticCredentials, AreRenewedForANewNameOnly) {
  const auto authority = made({"a.example.org"})->authority();
  const auto pem = contents(server_file());
  made();  // one name fewer is no reason
  EXPECT_EQ(contents(server_file()), pem);
  EXPECT_EQ(made({"b.example.org"})->authority(), authority);
  EXPECT_THAT(names_of(*certificate_in(server_file())), testing::Contains("b.example.org"));
}

TEST_F(AutomaticCredentials, ReplaceAFileThatIsDamaged) {
  const auto authority = made()->authority();
  std::ofstream(server_file(), std::ios::trunc) << "rubbish";
  EXPECT_EQ(made()->authority(), authority);
  EXPECT_TRUE(certificate_in(server_file()));
  // A leaf of an authority that is gone convinces nobody.
  std::filesystem::remove(authority_file());
  EXPECT_NE(made()->authority(), authority);
  EXPECT_EQ(X509_check_issued(certificate_in(authority_file()).get(), certificate_in(server_file()).get()),
            X509_V_OK);
}

TEST(Credentials, MadeBeforeTheClockWasSetHoldAfterwards) {
  const TemporaryFolder folder;
  const SimulatedClock unset(WallTime{std::chrono::seconds{60}});
  TlsOptions options;
  options.folder = folder.path();
  ASSERT_TRUE(Credentials::create(options, unset).ok());
  EXPECT_GT(end_of(*certificate_in(folder.path() / "ca.pem")), WallTime{std::chrono::seconds{2'000'000'000}});
}

TEST(Credentials, SayWhyTheirFolderCannotBeUsed) {
  TlsOptions options;
  options.folder = "/proc/porchlight";
  const SystemClock clock;
  const auto refused = Credentials::create(options, clock);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().text(), HasSubstr("/proc/porchlight"));
}

class OwnFiles : public testing::Test {
 protected:
  // Writes a certificate that ends so many days from now, and its key.
  void write(const std::string& stem, int days) {
    const auto authority = make_identity({"authority", {}, clock.wall(), 365 * day}, nullptr);
    const auto leaf =
        make_identity({"localhost", {"localhost"}, clock.wall() + (days - 10) * day, 10 * day}, &*authority);
    const auto pem = pem_of(*leaf);
    const auto certificate = pem.find("-----BEGIN CERTIFICATE");
    std::ofstream(path(stem, "key"), std::ios::trunc) << pem.substr(0, certificate);
    std::ofstream(path(stem, "crt"), std::ios::trunc)
        << pem.substr(certificate) << pem_of(*authority->certificate);
    ::chmod(path(stem, "key").c_str(), 0640);
  }
  std::filesystem::path path(const std::string& stem, const char* kind) const {
    return folder.path() / (stem + "." + kind);
  }
  Result<std::shared_ptr<Credentials>> read(const std::string& certificate, const std::string& key) {
    return Credentials::create({TlsMode::files, path(certificate, "crt"), path(key, "key"), {}, {}}, clock);
  }
  std::string refusal(const std::string& certificate, const std::string& key) {
    const auto read_back = read(certificate, key);
    return read_back ? "nothing" : read_back.error().text();
  }

  TemporaryFolder folder;
  SystemClock clock;
};

TEST_F(OwnFiles, AreTakenWithTheirChain) {
  write("good", 9);
  const auto credentials = read("good", "good");
  ASSERT_TRUE(credentials.ok()) << credentials.error().text();
  EXPECT_EQ((*credentials)->authority(), "");
}

TEST_F(OwnFiles, AreRefusedWithFileAndReason) {
  write("good", 9);
  write("other", 9);
  write("old", -1);
  write("early", 15);
  write("open", 9);
  ::chmod(path("open", "key").c_str(), 0644);
  EXPECT_THAT(refusal("good", "other"),
              testing::AllOf(HasSubstr("good.crt"), HasSubstr("belongs to another key")));
  EXPECT_THAT(refusal("old", "old"), testing::AllOf(HasSubstr("old.crt"), HasSubstr("expired")));
  EXPECT_THAT(refusal("early", "early"),
              testing::AllOf(HasSubstr("early.crt"), HasSubstr("not valid before")));
  EXPECT_THAT(refusal("open", "open"),
              testing::AllOf(HasSubstr("open.key"), HasSubstr("everybody can read it")));
  EXPECT_THAT(refusal("good", "missing"), HasSubstr("missing.key"));
  EXPECT_THAT(refusal("missing", "good"), HasSubstr("missing.crt"));
  std::ofstream(path("good", "crt"), std::ios::trunc) << "rubbish";
  EXPECT_THAT(refusal("good", "good"),
              testing::AllOf(HasSubstr("good.crt"), HasSubstr("no certificate in PEM form")));
}

// A house must not be without its listener because a certificate ran out in the night.
TEST_F(OwnFiles, AreStoodInForUntilTheyAreGood) {
  write("good", -1);
  const TlsOptions options{
      TlsMode::files, path("good", "crt"), path("good", "key"), folder.path() / "tls", {"door.example.org"}};
  const auto made = Credentials::create(options, clock);
  ASSERT_TRUE(made.ok()) << made.error().text();
  const auto& credentials = *made;
  EXPECT_EQ(credentials->mode(), TlsMode::automatic);  // so that nobody is told to insist on it
  EXPECT_THAT(credentials->fault(), testing::AllOf(HasSubstr("good.crt"), HasSubstr("expired")));
  EXPECT_THAT(credentials->authority(), HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_THAT(names_of(*certificate_in(folder.path() / "tls/server.pem")),
              testing::Contains("door.example.org"));
  EXPECT_FALSE(*credentials->refresh());
  write("good", 9);
  EXPECT_TRUE(*credentials->refresh());
  EXPECT_EQ(credentials->mode(), TlsMode::files);
  EXPECT_EQ(credentials->fault(), "");
  EXPECT_EQ(credentials->authority(), "");
  // What was good once is not exchanged for something that nobody trusts.
  write("good", -1);
  EXPECT_FALSE(credentials->refresh().ok());
  EXPECT_EQ(credentials->mode(), TlsMode::files);
}

TEST_F(OwnFiles, SayBothReasonsWhenNothingCanStandIn) {
  const auto refused = Credentials::create(
      {TlsMode::files, path("no", "crt"), path("no", "key"), "/proc/porchlight", {}}, clock);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().text(), testing::AllOf(HasSubstr("no.key"), HasSubstr("/proc/porchlight")));
}

// The end that means "none", 9999-12-31, is beyond the clock's.
TEST(Certificate, WithoutAnEndHasNotExpired) {
  const auto made =
      make_identity({"authority", {}, WallTime{std::chrono::seconds{1'800'000'000}}, day}, nullptr);
  ASSERT_EQ(ASN1_TIME_set_string_X509(X509_getm_notAfter(made->certificate.get()), "99991231235959Z"), 1);
  EXPECT_GT(end_of(*made->certificate), WallTime{std::chrono::seconds{8'000'000'000}});
}

TEST_F(OwnFiles, AreReadAgainAndKeptWhenTheNewOnesAreBad) {
  write("good", 5);
  const auto credentials = *read("good", "good");
  EXPECT_FALSE(*credentials->refresh());
  write("good", 9);
  EXPECT_TRUE(*credentials->refresh());
  const auto end = credentials->expires();
  std::ofstream(path("good", "key"), std::ios::trunc) << "rubbish";
  EXPECT_FALSE(credentials->refresh().ok());
  EXPECT_EQ(credentials->expires(), end);
}

}  // namespace
}  // namespace porchlight::http
