// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/audit_log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "porchlight/base/unique_fd.hpp"
#include "porchlight/store/accounts_store.hpp"
#include "store/audit_fixture.hpp"
#include "store/audit_record.hpp"
#include "store/connection.hpp"

namespace porchlight::store {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct AuditLogTest : testing::Test {
  std::unique_ptr<AuditLog> open(std::uint64_t limit = 16 << 20,
                                 std::optional<AuditKey> key = key_of_test()) {
    auto log = AuditLog::open({folder.path(), limit, std::chrono::milliseconds(50), std::move(key)}, clock);
    if (log) return std::move(*log);
    ADD_FAILURE() << log.error().text();
    return nullptr;
  }
  std::filesystem::path file() const { return folder / "audit/audit.jsonl"; }
  std::vector<json> records() const {
    std::vector<json> all;
    for (const auto& line : split_lines(read_text(file()))) all.push_back(json::parse(line));
    return all;
  }
  std::string verdict() const {
    const auto found = verify_audit_log(folder.path(), key_of_test(), {});
    if (!found) return found.error().text();
    return found->ok() ? "ok"
                       : std::string(to_string(*found->fault)) + " " + std::to_string(found->first_bad);
  }
  Folder folder;
  SimulatedClock clock;
};

struct Expected {
  AuditEvent event;
  const char* record;  // without index, prev_hash, hash, timestamp and actor
};

TEST_F(AuditLogTest, EachKindLeavesExactlyItsRecord) {
  const AuditActor actor{plain("uid:7"), plain("10.0.0.9"), plain("curl/8")};
  const std::vector<Expected> table{
      {Authentication{true, "password"},
       R"({"action":"login","audit_type":"authentication","result":"success","resource":"session","details":{"method":"password","success":true}})"},
      {Authentication{false, "totp"},
       R"({"action":"login","audit_type":"authentication","result":"failure","resource":"session","details":{"method":"totp","success":false}})"},
      {Authorization{plain("camera:front"), false, "view"},
       R"({"action":"authorize","audit_type":"authorization","result":"denied","resource":"camera:front","details":{"granted":false,"permission":"view"}})"},
      {DataAccess{plain("events"), "export"},
       R"({"action":"export","audit_type":"data_access","result":"success","resource":"events","details":{"operation":"export"}})"},
      {DataModification{plain("gallery"), "delete", plain("all"), AuditResult::begun},
       R"({"action":"delete","audit_type":"data_modification","result":"begun","resource":"gallery","details":{"operation":"delete","changes":"all"}})"},
      {SecurityIncident{"tamper", "high", "lid", plain(""), 0.5},
       R"({"action":"tamper","audit_type":"security_event","result":"detected","resource":"security","details":{"kind":"tamper","severity":"high","description":"lid","person_id":"","confidence":0.5}})"},
      {SystemChange{"config", "reload", "one key", "a", "b", AuditResult::failure},
       R"({"action":"reload","audit_type":"system_change","result":"failure","resource":"config","details":{"component":"config","change_type":"reload","description":"one key","old_value":"a","new_value":"b"}})"},
      {FaceRecognition{"unknown_person", 0.25, plain(""), "front"},
       R"({"action":"recognize","audit_type":"face_recognition","result":"unknown_person","resource":"camera:front","details":{"result_type":"unknown_person","confidence":0.25,"person_id":""}})"},
      {NotificationSent{"webhook", plain("hook"), "doorbell_press", false, "id/0"},
       R"({"action":"deliver","audit_type":"notification","result":"failure","resource":"channel:webhook","details":{"channel":"webhook","recipient":"hook","notification_type":"doorbell_press","success":false,"message_id":"id/0"}})"},
  };
  const auto log = open();
  std::string before = no_audit_hash();
  for (std::size_t n = 0; n < table.size(); ++n) {
    ASSERT_TRUE(log->append({table[n].event, actor, at_second(5)}));
    const auto record = records().back();
    auto expected = json::parse(table[n].record);
    expected["event_type"] = "security_audit";
    expected["timestamp"] = "2023-11-14T22:13:25.000Z";
    expected["user_id"] = "uid:7";
    expected["ip_address"] = "10.0.0.9";
    expected["user_agent"] = "curl/8";
    expected["index"] = n;
    expected["prev_hash"] = before;
    expected["hash"] = audit_hash(key_of_test().bytes, canonical(expected));
    EXPECT_EQ(record, expected);
    before = record["hash"];
  }
  EXPECT_EQ(records().size(), table.size());
}

TEST_F(AuditLogTest, SecretsAreMaskedLongTextsCutAndForeignBytesReplaced) {
  const auto log = open();
  ASSERT_TRUE(
      log->log_system_change({}, {"camera", "url", "rtsp://admin:hunter2@cam/main", "password=hunter2",
                                  std::string(100'000, 'x'), AuditResult::success}));
  ASSERT_TRUE(log->log_data_access({plain("a\xff"
                                          "b"),
                                    {},
                                    {}},
                                   {plain(std::string(1023, 'y') + "€€"), "read"}));
  EXPECT_THAT(read_text(file()), Not(HasSubstr("hunter2")));
  EXPECT_LT(std::filesystem::file_size(file()), 4000U);
  EXPECT_EQ(records()[1]["user_id"],
            "a\uFFFD"
            "b");
  EXPECT_EQ(records()[1]["resource"], std::string(1023, 'y') + "…") << "cut between two characters";
  EXPECT_EQ(verdict(), "ok");
}

TEST_F(AuditLogTest, FilesAreForOwnerAndGroupAndTheKeyForItsOwnerOnly) {
  const auto before = ::umask(0);
  const auto log = open(16 << 20, std::nullopt);
  ASSERT_TRUE(log->append(entry_number(2), Durability::synced));
  ::umask(before);
  const auto mode = [&](const char* name) { return std::filesystem::status(folder / name).permissions(); };
  EXPECT_EQ(mode("audit"), std::filesystem::perms(0750));
  EXPECT_EQ(mode("audit/audit.jsonl"), std::filesystem::perms(0640));
  EXPECT_EQ(mode("audit.head"), std::filesystem::perms(0640));
  EXPECT_EQ(mode("audit.key"), std::filesystem::perms(0600));
  EXPECT_EQ(std::filesystem::file_size(folder / "audit.key"), 32U);
  EXPECT_EQ(log->key().bytes, read_text(folder / "audit.key"));
  EXPECT_THAT(read_text(file()), Not(HasSubstr(log->key().bytes)));
}

TEST_F(AuditLogTest, CredentialComesBeforeTheFolderKey) {
  write_text(folder / "audit.key", std::string(32, 'f'));
  std::filesystem::create_directory(folder / "credentials");
  ::setenv("CREDENTIALS_DIRECTORY", (folder / "credentials").c_str(), 1);
  EXPECT_EQ(find_audit_key(folder.path())->bytes, std::string(32, 'f')) << "without a credential";
  write_text(folder / "credentials/audit.key", std::string(32, 'c'));
  const auto key = find_audit_key(folder.path());
  EXPECT_EQ(key->bytes, std::string(32, 'c'));
  EXPECT_EQ(key->source, (folder / "credentials/audit.key").string());
  write_text(folder / "credentials/audit.key", "short");
  const auto refused = find_audit_key(folder.path());
  ::unsetenv("CREDENTIALS_DIRECTORY");
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().text(), AllOf(HasSubstr("fewer than 16 bytes"), Not(HasSubstr("short"))));
}

TEST_F(AuditLogTest, LostKeyIsNotReplacedByAnother) {
  { ASSERT_TRUE(open(16 << 20, std::nullopt)->append(entry_number(0))); }
  std::filesystem::remove(folder / "audit.key");
  const auto log = AuditLog::open({folder.path()}, clock);
  ASSERT_FALSE(log.ok());
  EXPECT_THAT(log.error().text(), AllOf(HasSubstr("its key is gone"), HasSubstr("audit begin")));
  EXPECT_FALSE(std::filesystem::exists(folder / "audit.key"));
}

TEST_F(AuditLogTest, WrongKeyAppendsNothing) {
  { ASSERT_TRUE(open()->append(entry_number(0))); }
  const auto text = read_text(file());
  const auto status = open(16 << 20, AuditKey{std::string(32, 'x'), "elsewhere"})->append(entry_number(1));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::corrupt);
  EXPECT_THAT(status.error().text(), HasSubstr("does not fit the key 'elsewhere'"));
  EXPECT_EQ(read_text(file()), text);
}

TEST_F(AuditLogTest, TornLastLineIsCutOffAndRecorded) {
  const auto log = open();
  for (int n = 0; n < 3; ++n) ASSERT_TRUE(log->append(entry_number(n), Durability::synced));
  const auto text = read_text(file());
  write_text(file(), text + R"({"action":"deliv)");
  EXPECT_EQ(verdict(), "truncated 3");
  ASSERT_TRUE(log->append(entry_number(3)));
  EXPECT_EQ(verdict(), "ok");
  ASSERT_EQ(records().size(), 5U);
  EXPECT_EQ(records()[3]["action"], "torn_tail_cut");
  EXPECT_THAT(records()[3]["details"]["description"], HasSubstr("16 bytes"));
  // The very first line, and the first of a rotated file's successor.
  write_text(file(), "{");
  std::filesystem::remove(folder / "audit.head");
  ASSERT_TRUE(open()->append(entry_number(0)));
  EXPECT_EQ(verdict(), "ok");
  EXPECT_EQ(records().size(), 2U);
}

TEST_F(AuditLogTest, CutThatIsNoPowerCutIsNotMendedAndRefusesTheNextRecord) {
  const auto log = open();
  for (int n = 0; n < 5; ++n) ASSERT_TRUE(log->append(entry_number(n), Durability::synced));
  const auto lines = split_lines(read_text(file()));
  const std::vector<std::pair<std::string, std::string>> damages{
      {"within the last record", joined(lines).substr(0, joined(lines).size() - 10)},
      {"between records", joined({lines.begin(), lines.end() - 1})},
      {"emptied", ""},
      {"last line no record", joined(lines).substr(0, joined(lines).size() - 10) + "\n"},
      {"last line forged", joined({lines.begin(), lines.end() - 1}) + lines[1]}};
  for (const auto& [what, text] : damages) {
    write_text(file(), text);
    const auto status = log->append(entry_number(6), Durability::synced);
    ASSERT_FALSE(status) << what;
    EXPECT_EQ(status.error().code(), ErrorCode::corrupt) << what;
    EXPECT_THAT(status.error().text(), AllOf(HasSubstr("audit verify"), HasSubstr("audit begin"))) << what;
    EXPECT_EQ(read_text(file()), text) << "the evidence was changed: " << what;
  }
  write_text(file(), joined(lines));
  EXPECT_TRUE(log->append(entry_number(6), Durability::synced)) << "put back as it was";
  EXPECT_EQ(verdict(), "ok");
}

TEST_F(AuditLogTest, DeletedLogIsRefusedByTheDatabasesAnchorWhenTheHeadIsGoneToo) {
  const auto database = open_or_fail(folder / "porchlight.db");
  auto log = open();
  log->use_database(database.get());
  for (int n = 0; n < 3; ++n) ASSERT_TRUE(log->append(entry_number(n)));
  EXPECT_EQ(log->unanchored(), 3U);
  ASSERT_TRUE(log->anchor("test"));
  EXPECT_EQ(log->unanchored(), 0U);
  ASSERT_TRUE(log->anchor("again")) << "nothing to do is no fault";
  const auto anchors = *read_audit_anchors(*database);
  ASSERT_EQ(anchors.size(), 1U);
  EXPECT_EQ(anchors[0].index, 2U);
  EXPECT_EQ(records()[2]["hash"], anchors[0].hash);
  log.reset();
  std::filesystem::remove_all(folder / "audit");
  std::filesystem::remove(folder / "audit.head");
  log = open();
  log->use_database(database.get());
  const auto refused = log->append(entry_number(0));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("record 2 was there (database)"));
  log->use_database(nullptr);
}

TEST_F(AuditLogTest, NewLogIsBegunOnPurposeAndSaysWhatWasBefore) {
  const auto database = open_or_fail(folder / "porchlight.db");
  {
    const auto log = open();
    log->use_database(database.get());
    ASSERT_TRUE(log->append(entry_number(0), Durability::synced));
    ASSERT_TRUE(log->anchor("test"));
  }
  write_text(file(), "");
  const auto aside =
      begin_new_audit_log({folder.path(), 1 << 20, std::chrono::milliseconds(50), key_of_test()}, *database,
                          {plain("uid:3"), {}, {}}, clock);
  ASSERT_TRUE(aside.ok()) << aside.error().text();
  EXPECT_TRUE(std::filesystem::exists(*aside / "audit.jsonl"));
  EXPECT_EQ(verdict(), "ok");
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records()[0]["action"], "log_begun");
  EXPECT_EQ(records()[0]["user_id"], "uid:3");
  EXPECT_EQ(records()[0]["details"]["old_value"], aside->filename().string());
  EXPECT_TRUE(read_audit_anchors(*database)->empty());
}

TEST_F(AuditLogTest, RotationCarriesTheChainOn) {
  const auto log = open(3000);
  for (int n = 0; n < 40; ++n) ASSERT_TRUE(log->append(entry_number(n)));
  EXPECT_EQ(verdict(), "ok");
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "audit"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  ASSERT_GT(files.size(), 5U);
  EXPECT_EQ(files.back(), file());
  for (std::size_t n = 1; n < files.size(); ++n) {
    const auto last = json::parse(split_lines(read_text(files[n - 1])).back());
    EXPECT_EQ(json::parse(split_lines(read_text(files[n])).front())["prev_hash"], last["hash"]);
  }
  // A crash between the renaming and the new file.
  std::filesystem::rename(file(), folder / "audit/audit-000000000999.jsonl");
  ASSERT_TRUE(open(3000)->append(entry_number(1)));
  EXPECT_EQ(verdict(), "ok");
}

TEST_F(AuditLogTest, UnwritableFileIsAnErrorAndLeavesNothing) {
  const auto log = open();
  ASSERT_TRUE(log->append(entry_number(0)));
  std::filesystem::rename(file(), folder / "kept");
  std::filesystem::create_directory(file());
  const auto status = log->append(entry_number(1), Durability::synced);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().text(), HasSubstr("audit.jsonl"));
  std::filesystem::remove(file());
  std::filesystem::rename(folder / "kept", file());
  EXPECT_TRUE(log->append(entry_number(1)));
  EXPECT_EQ(records().size(), 2U);
  EXPECT_EQ(verdict(), "ok");
}

TEST_F(AuditLogTest, LogThatSomebodyHoldsIsGivenUpAfterItsPatience) {
  const auto log = open();
  ASSERT_TRUE(log->append(entry_number(0)));
  const UniqueFd holder(::open((folder / "audit.head").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(holder.get(), LOCK_EX), 0);
  const auto status = log->append(entry_number(1));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::unavailable);
  ASSERT_EQ(::flock(holder.get(), LOCK_UN), 0);
  EXPECT_TRUE(log->append(entry_number(1)));
}

TEST_F(AuditLogTest, BufferedRecordsAreDirtyUntilFlushedAndSecurityEventsNever) {
  const auto log = open();
  ASSERT_TRUE(log->append(entry_number(0)));
  EXPECT_TRUE(log->dirty());
  EXPECT_EQ(read_text(folder / "audit.head"), "") << "the head knows what is on the medium only";
  ASSERT_TRUE(log->flush());
  EXPECT_FALSE(log->dirty());
  EXPECT_THAT(read_text(folder / "audit.head"), HasSubstr("\"index\":0}"));
  ASSERT_TRUE(log->log_security_event({}, {"tamper", "high", "", {}, {}}));
  EXPECT_FALSE(log->dirty());
  EXPECT_THAT(read_text(folder / "audit.head"), HasSubstr("\"index\":1}"));
}

TEST_F(AuditLogTest, ErasedValueIsGoneFromDiskAndTheChainIsWhole) {
  const auto database = open_or_fail(folder / "porchlight.db");
  const auto log = open();
  log->use_database(database.get());
  const std::string name = "Rumpelstilzchen";
  const auto enrol = [&] {
    return log->log_data_modification({plain("uid:0"), personal("10.1.2.3"), {}},
                                      {personal(name), "add", plain("one photograph"), AuditResult::success});
  };
  ASSERT_TRUE(enrol());
  ASSERT_TRUE(enrol());
  ASSERT_TRUE(log->flush());
  const std::string commitment = records()[0]["resource"];
  ASSERT_TRUE(commitment.starts_with("commitment:"));
  EXPECT_EQ(records()[1]["resource"], commitment) << "one person, one commitment";
  EXPECT_EQ(*read_audit_value(*database, commitment.substr(11)), name);
  EXPECT_THAT(read_text(file()), AllOf(Not(HasSubstr(name)), Not(HasSubstr("10.1.2.3"))));
  EXPECT_THAT(read_text(folder / "porchlight.db") + read_text(folder / "porchlight.db-wal"), HasSubstr(name));
  EXPECT_EQ(*erase_audit_value(*database, name), true);
  EXPECT_EQ(*erase_audit_value(*database, name), false);
  EXPECT_THAT(read_text(folder / "porchlight.db") + read_text(folder / "porchlight.db-wal"),
              Not(HasSubstr(name)));
  EXPECT_EQ(*read_audit_value(*database, commitment.substr(11)), "");
  EXPECT_EQ(verdict(), "ok");
  // Who comes again is somebody new.
  ASSERT_TRUE(enrol());
  EXPECT_NE(records()[2]["resource"], commitment);
  EXPECT_EQ(records()[2]["ip_address"], records()[0]["ip_address"]);
  EXPECT_EQ(verdict(), "ok");
  log->use_database(nullptr);
}

TEST(AuditMigration, VersionOneDatabaseWithRowsIsMigratedAndKeepsThem) {
  Folder folder;
  const auto ring = ring_at(at_second(0));
  {
    // As the first version made it: its one step, and rows in it.
    const auto database = open_or_fail(folder / "porchlight.db");
    ASSERT_TRUE(EventLog(*database).append(ring, std::array{row_for(ring.header.id, "hook")}));
    ASSERT_TRUE(GalleryStore(*database).enrol("Anna", {}));
    ASSERT_TRUE(database->connection().execute(
        QueryType::schema,
        "DROP TABLE invitations; DROP TABLE tokens; DROP TABLE sessions; DROP TABLE recovery_codes;"
        "DROP TABLE user_cameras; DROP TABLE users; DROP TABLE event_changes; DROP TABLE acknowledgements; "
        "DROP TABLE alerts; DROP TABLE recognition_labels;"
        "DROP INDEX events_by_type; DROP INDEX events_by_camera; DROP INDEX events_by_camera_and_type;"
        "DROP TABLE audit_values; DROP TABLE audit_anchors; PRAGMA user_version = 1"));
  }
  const auto database = open_or_fail(folder / "porchlight.db");
  ASSERT_TRUE(database);
  EXPECT_EQ(database->migrated_from(), 1);
  EXPECT_GE(Database::version(), 5);
  EXPECT_TRUE((*EventLog(*database).find(ring.header.id)).has_value());
  EXPECT_TRUE((*Outbox(*database).find({ring.header.id, "hook", 0})).has_value());
  EXPECT_EQ(*GalleryStore(*database).person_count(), 1U);
  EXPECT_EQ(*AccountsStore(*database).count(), 0U);
  EXPECT_TRUE(write_audit_anchor(*database, {3, std::string(64, 'a'), ""}, at_second(1), "test"));
  EXPECT_TRUE(std::filesystem::exists(folder / "porchlight.db.v1"));
  EXPECT_FALSE(open_or_fail(folder / "porchlight.db")->migrated_from().has_value());
}

}  // namespace
}  // namespace porchlight::store
