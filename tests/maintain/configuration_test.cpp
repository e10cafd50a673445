// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/temporary_folder.hpp"
#include "maintain/expect.hpp"
#include "porchlight/maintain/checks.hpp"

namespace porchlight::maintain {
namespace {

namespace fs = std::filesystem;

class ConfigurationCheck : public testing::Test {
 protected:
  void write(const fs::path& path, const std::string& text, unsigned mode = 0644) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    fs::permissions(path, fs::perms(mode));
  }
  ConfigurationFacts facts() const { return {file, {}, {}, folder.path() / "state"}; }

  const TemporaryFolder folder;
  const fs::path file = folder.path() / "porchlight.yaml";
};

TEST_F(ConfigurationCheck, IsGoodWithoutFaults) {
  write(file, "cameras: []\n");
  EXPECT_THAT(check_configuration(facts()).all(), says_only(Verdict::good, "porchlight.yaml: no faults"));
}

TEST_F(ConfigurationCheck, NamesEveryFaultWithItsPlace) {
  write(file, "x\n");
  auto found = facts();
  found.faults = {{"p.yaml", 3, 5, "cameras[0].url: no scheme"}, {"p.yaml", 9, 1, "colour: unknown key"}};
  EXPECT_THAT(check_configuration(found).all(),
              testing::ElementsAre(Says(Verdict::bad, "p.yaml:3:5: cameras[0].url: no scheme", "line 3"),
                                   Says(Verdict::bad, "p.yaml:9:1: colour: unknown key", "line 9")));
}

TEST_F(ConfigurationCheck, MissingFileIsBad) {
  auto found = facts();
  found.failure = "open: No such file";
  EXPECT_THAT(check_configuration(found).all(), says_only(Verdict::bad, "No such file", "--config"));
}

TEST_F(ConfigurationCheck, FileThatOnlyRootReadsIsSkippedForOthers) {
  PORCHLIGHT_NEEDS_ROOT();
  write(file, "a: 1\n", 0600);
  fs::permissions(folder.path(), fs::perms(0755));
  auto found = facts();
  found.failure = "open: Permission denied";
  EXPECT_THAT(as_nobody([&] { return check_configuration(found); }),
              says_only(Verdict::skipped, "Permission denied", run_with_sudo));
  EXPECT_THAT(check_configuration(found).all(), says_only(Verdict::bad, "Permission denied", "chmod 640"));
}

TEST_F(ConfigurationCheck, FileThatTheServiceCannotReadIsBad) {
  PORCHLIGHT_NEEDS_ROOT();
  write(file, "a: 1\n", 0640);
  auto found = facts();
  found.user = "nobody";
  fs::permissions(folder.path(), fs::perms(0755));
  EXPECT_THAT(check_configuration(found).all(),
              says_only(Verdict::bad, "mode 0640, owner root:root) cannot be read by the user nobody",
                        "chgrp nobody"));
  ASSERT_EQ(::chown(file.c_str(), 0, nobody), 0);
  EXPECT_EQ(check_configuration(found).worst(), Verdict::good);
  fs::permissions(folder.path(), fs::perms(0700));
  EXPECT_THAT(check_configuration(found).all(),
              says_only(Verdict::bad, "cannot be entered by the user nobody", "chmod 750"));
}

TEST_F(ConfigurationCheck, SecretForEverybodyIsAWarning) {
  write(file, "a: 1\npassword: hunter2\n");
  EXPECT_THAT(check_configuration(facts()).all(),
              says_only(Verdict::warning, "holds a secret in line 2", "chmod 640 " + file.string()));
  fs::permissions(file, fs::perms(0640));
  EXPECT_EQ(check_configuration(facts()).worst(), Verdict::good);
}

TEST_F(ConfigurationCheck, LooksAtTheFilesLaidOverIt) {
  write(file, "a: 1\n");
  const auto over = folder.path() / "state" / "config.d" / "10-page.yaml";
  write(over, "token: abc\n");
  EXPECT_THAT(check_configuration(facts()).all(), says_only(Verdict::warning, "10-page.yaml", over.string()));
  fs::permissions(over, fs::perms(0600));
  EXPECT_THAT(check_configuration(facts()).all(), says_only(Verdict::good, "and 1 of config.d"));
}

TEST_F(ConfigurationCheck, CredentialThatOnlyTheServiceSeesIsSkipped) {
  write(file, "a: 1\n");
  auto found = facts();
  // As config says it, word for word: a change there must be noticed here.
  config::Faults faults;
  ::unsetenv("CREDENTIALS_DIRECTORY");
  auto document = config::Document::parse("password: \"${credential:front}\"\n", "p.yaml", faults);
  auto root = document.root();
  root.text("password", "");
  found.faults = faults.all();
  ASSERT_EQ(found.faults.size(), 1U);
  EXPECT_THAT(check_configuration(found).all(),
              says_only(Verdict::skipped, "credential 'front'", "systemctl reload"));
}

}  // namespace
}  // namespace porchlight::maintain
