// SPDX-License-Identifier: Apache-2.0
// A person who is forgotten while the database cannot be opened, or while a message waits at its channel.
#include <gmock/gmock.h>

#include <filesystem>

#include "pipeline/store_house_fixture.hpp"
#include "porchlight/store/gallery_store.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using notify::Delivery;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

struct ForgottenTest : StoreHouseTest {
  std::filesystem::path file() const { return folder.path() / "porchlight.db"; }
  store::OutboxRow name_of_visitor(const event::Ring& ring, const std::string& person) {
    auto row = row_of(ring, "hook", 2, clock);
    row.payload = R"({"type":"ring_update","result":"known_person","person":")" + person + R"("})";
    return row;
  }
  // As a command in another process does it.
  void enrol(const std::string& person) {
    const auto database = store::Database::open(file(), {}, nullptr);
    store::EnrolledFace face;
    face.model_version = "m";
    face.photo_sha256 = std::string(64, 'a');
    ASSERT_TRUE(store::GalleryStore(**database).enrol(person, face));
  }
  void forget(const std::string& person) {
    const auto database = store::Database::open(file(), {}, nullptr);
    ASSERT_TRUE(store::GalleryStore(**database).forget(person));
  }
  std::string payload_of(const store::RowKey& key) {
    const auto database = store::Database::open(file(), {}, nullptr);
    if (!database) return "no database";
    const auto row = store::Outbox(**database).find(key);
    return row && *row ? (*row)->payload : "no row";
  }
};

TEST_F(ForgottenTest, UpdateOfAnEventThatIsHeldIsWrittenWithoutTheName) {
  std::filesystem::create_directory(file());  // nothing can be opened there
  restart();
  const auto ring = new_ring();
  house->send(ring, {row_of(ring, "hook", 0, clock)});
  const auto update = name_of_visitor(ring, "Anna");
  house->store().push(AmendEvent{ring.header.id, nullptr, {update}});
  house->settle_down();
  std::filesystem::remove(file());
  // Nobody of that name is enrolled: she was forgotten in the meantime.
  std::string written;
  for (int i = 0; i < 200 && (written.empty() || written.starts_with("no ")); ++i) {
    clock.advance(3s);
    house->settle_down();
    written = payload_of(update.key);
    if (written.starts_with("no ")) std::this_thread::sleep_for(50ms);
  }
  EXPECT_THAT(written, HasSubstr("known_person"));
  EXPECT_THAT(written, Not(HasSubstr("Anna")));
}

// Every look is a look-up: settle_down() makes the store lane read the faces again, time alone does not.
TEST_F(ForgottenTest, FacesInMemoryAreACache) {
  restart();
  const auto bytes = [&] {
    return metrics.gauge("cache_size_bytes", {{"cache", "face_embeddings"}}).value();
  };
  const auto evictions = [&] {
    return metrics.counter("cache_evictions_total", {{"cache", "face_embeddings"}}).value();
  };
  const auto requests = [&](const char* result) {
    return metrics.counter("cache_requests_total", {{"cache", "face_embeddings"}, {"result", result}})
        .value();
  };
  house->settle_down();
  EXPECT_EQ(bytes(), 0);
  enrol("Anna");
  const auto misses = requests("miss");
  house->settle_down();
  EXPECT_EQ(requests("miss"), misses + 1);
  EXPECT_EQ(bytes(), static_cast<double>(sizeof(store::Embedding)));
  EXPECT_EQ(evictions(), 0);
  forget("Anna");
  house->settle_down();
  EXPECT_EQ(bytes(), 0);
  EXPECT_EQ(evictions(), 1);
  clock.advance(5s);  // the next look finds nothing new
  const auto before = requests("miss");
  for (int i = 0; i < 6000 && requests("hit") == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_GT(requests("hit"), 0);
  EXPECT_EQ(requests("miss"), before);
}

TEST_F(ForgottenTest, MessageThatWaitsAtItsChannelGoesOutWithoutTheName) {
  std::vector<std::string> said;
  bool dead = true;
  hook.answer = [&](const notify::Message& message) {
    said.push_back(message.row.payload);
    return dead ? Delivery::retry(ErrorCode::network, "no route") : Delivery::delivered();
  };
  restart();
  enrol("Anna");
  house->settle_down();
  const auto ring = new_ring();
  house->send(ring, {name_of_visitor(ring, "Anna")});
  house->pass(1s);
  ASSERT_FALSE(said.empty());
  EXPECT_THAT(said, Each(HasSubstr("Anna")));
  forget("Anna");
  house->settle_down();
  said.clear();
  dead = false;
  house->pass(1min);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_THAT(said[0], HasSubstr("known_person"));
  EXPECT_THAT(said[0], Not(HasSubstr("Anna")));
}

}  // namespace
}  // namespace porchlight::pipeline
