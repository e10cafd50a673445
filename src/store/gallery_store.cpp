// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/gallery_store.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

#include "porchlight/base/utf8.hpp"
#include "store/connection.hpp"
#include "store/person_erasure.hpp"

namespace porchlight::store {
namespace {

using Connection = Database::Connection;

static_assert(std::endian::native == std::endian::little, "vectors are stored as little-endian floats");

Error no_such_person(std::string_view verb, std::string_view name) {
  return {ErrorCode::not_found,
          std::string(verb) + " '" + std::string(name) + "': nobody of that name is enrolled"};
}

Error bad_name(std::string_view name) {
  return {ErrorCode::invalid_argument,
          "name '" + std::string(name.substr(0, 100)) +
              "': a name is 1 to 100 bytes of printable text without a blank at either end"};
}

Result<std::optional<std::int64_t>> person_id(Connection& connection, std::string_view name) {
  auto select = connection.prepare(QueryType::select, "SELECT id FROM persons WHERE name = ?1");
  if (!select) return std::move(select).error();
  auto row = select->bind(1, name).step();
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<std::int64_t>();
  return std::optional<std::int64_t>(select->integer(0));
}

Status bump_revision(Connection& connection) {
  auto update = connection.prepare(QueryType::update, "UPDATE gallery_revision SET revision = revision + 1");
  if (!update) return std::move(update).error();
  return update->run();
}

Status insert_person(Connection& connection, std::string_view name) {
  auto insert = connection.prepare(
      QueryType::insert,
      "INSERT INTO persons (name, listed_as) VALUES (?1, 'known') ON CONFLICT (name) DO NOTHING");
  if (!insert) return std::move(insert).error();
  return insert->bind(1, name).run();
}

Status insert_face(Connection& connection, std::string_view name, const EnrolledFace& face) {
  auto insert = connection.prepare(QueryType::insert, R"sql(
INSERT INTO faces (person_id, model_version, photo_sha256, created_ms, vector)
SELECT id, ?2, ?3, ?4, ?5 FROM persons WHERE name = ?1
ON CONFLICT (person_id, model_version, photo_sha256)
DO UPDATE SET vector = excluded.vector, created_ms = excluded.created_ms)sql");
  if (!insert) return std::move(insert).error();
  insert->bind(1, name)
      .bind(2, std::string_view(face.model_version))
      .bind(3, std::string_view(face.photo_sha256));
  insert->bind(4, face.created).bind(5, std::as_bytes(std::span(face.vector)));
  return insert->run();
}

// After insert_face() of the same face.
Status insert_second(Connection& connection, std::string_view name, const EnrolledFace& face) {
  if (face.second.empty()) return {};
  auto insert = connection.prepare(QueryType::insert, R"sql(
INSERT OR REPLACE INTO second_embeddings (face_id, model_version, vector)
SELECT f.id, ?4, ?5 FROM faces f JOIN persons p ON p.id = f.person_id
WHERE p.name = ?1 AND f.model_version = ?2 AND f.photo_sha256 = ?3)sql");
  if (!insert) return std::move(insert).error();
  insert->bind(1, name)
      .bind(2, std::string_view(face.model_version))
      .bind(3, std::string_view(face.photo_sha256))
      .bind(4, std::string_view(face.second_version));
  insert->bind(5, std::as_bytes(std::span(face.second)));
  return insert->run();
}

// One change of the gallery: `change` runs between begin and commit, the revision grows with it.
template <class Change>
Status in_transaction(Connection& connection, Change change) {
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  if (Status status = change(); !status) return status;
  if (auto status = bump_revision(connection); !status) return status;
  return transaction->commit();
}

Result<EnrolledFace> read_face(const Statement& row, int first) {
  EnrolledFace face;
  const auto bytes = row.blob(first);
  if (bytes.size() != sizeof face.vector)
    return Error(ErrorCode::corrupt, "read gallery: a face has " + std::to_string(bytes.size()) + " bytes");
  std::memcpy(face.vector.data(), bytes.data(), bytes.size());
  face.model_version = row.text(first + 1);
  face.photo_sha256 = row.text(first + 2);
  face.created = row.time(first + 3);
  face.id = row.integer(first + 4);
  if (row.is_null(first + 5)) return face;
  const auto second = row.blob(first + 5);
  if (second.size() > longest_second * sizeof(float))
    return Error(ErrorCode::corrupt,
                 "read gallery: a second embedding has " + std::to_string(second.size()) + " bytes");
  face.second.resize(second.size() / sizeof(float));
  std::memcpy(face.second.data(), second.data(), face.second.size() * sizeof(float));
  face.second_version = row.text(first + 6);
  return face;
}

// One row a face, as people() selects them; a person without faces has one row, without a face.
Result<std::vector<Person>> read_people(Statement& select) {
  std::vector<Person> people;
  for (;;) {
    auto row = select.step();
    if (!row) return std::move(row).error();
    if (!*row) return people;
    const auto id = select.integer(2);
    if (people.empty() || people.back().id != id)
      people.push_back(
          {select.text(0), select.text(1) == "blacklisted" ? Listing::blacklisted : Listing::known, {}, id});
    if (select.is_null(3)) continue;
    auto face = read_face(select, 3);
    if (!face) return std::move(face).error();
    people.back().faces.push_back(std::move(*face));
  }
}

Result<std::optional<Person>> first_of(Result<std::vector<Person>> people) {
  if (!people) return std::move(people).error();
  if (people->empty()) return std::optional<Person>();
  return std::optional<Person>(std::move(people->front()));
}

// Null: none.
const char* fault_of(const EnrolledFace& face) {
  const auto finite = [](float value) { return std::isfinite(value); };
  if (!std::ranges::all_of(face.vector, finite) || !std::ranges::all_of(face.second, finite))
    return "the embedding is not finite";
  if (face.second.size() > longest_second) return "the second embedding is too long";
  if (face.second.empty() != face.second_version.empty()) return "the second embedding has no version";
  return nullptr;
}

}  // namespace

// Controls of C0 and C1: in a terminal or a page they would be more than a name.
bool is_person_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 100 || name.front() == ' ' || name.back() == ' ' || !is_utf8(name))
    return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    if (byte < 0x20 || byte == 0x7f) return false;
    if (byte == 0xc2 && static_cast<unsigned char>(name[i + 1]) < 0xa0) return false;
  }
  return true;
}

std::string_view to_string(Listing listing) noexcept {
  return listing == Listing::known ? "known" : "blacklisted";
}

Status GalleryStore::enrol(std::string_view name, const EnrolledFace& face) {
  return enrol_all(name, std::span(&face, 1));
}

Status GalleryStore::enrol_all(std::string_view name, std::span<const EnrolledFace> faces) {
  if (!is_person_name(name)) return bad_name(name);
  for (const auto& face : faces)
    if (const char* fault = fault_of(face))
      return Error(ErrorCode::invalid_argument, "enrol '" + std::string(name) + "': " + fault);
  auto& connection = database_.connection();
  auto status = in_transaction(connection, [&]() -> Status {
    if (auto made = insert_person(connection, name); !made) return made;
    for (const auto& face : faces)
      for (const auto insert : {insert_face, insert_second})
        if (auto inserted = insert(connection, name, face); !inserted) return inserted;
    return {};
  });
  if (status) return status;
  return std::move(status).error().context("enrol '" + std::string(name) + "'");
}

Result<std::vector<Person>> GalleryStore::people() {
  auto select = database_.connection().prepare(QueryType::select, R"sql(
SELECT p.name, p.listed_as, p.id, f.vector, f.model_version, f.photo_sha256, f.created_ms, f.id,
       s.vector, max(s.model_version)
FROM persons p LEFT JOIN faces f ON f.person_id = p.id LEFT JOIN second_embeddings s ON s.face_id = f.id
GROUP BY p.id, f.id ORDER BY p.name, f.id)sql");
  if (!select) return std::move(select).error();
  return read_people(*select);
}

Result<std::optional<Person>> GalleryStore::find(std::int64_t id) {
  auto select = database_.connection().prepare(QueryType::select, R"sql(
SELECT p.name, p.listed_as, p.id, f.vector, f.model_version, f.photo_sha256, f.created_ms, f.id,
       s.vector, max(s.model_version)
FROM persons p LEFT JOIN faces f ON f.person_id = p.id LEFT JOIN second_embeddings s ON s.face_id = f.id
WHERE p.id = ?1 GROUP BY f.id ORDER BY f.id)sql");
  if (!select) return std::move(select).error();
  select->bind(1, id);
  return first_of(read_people(*select));
}

Result<std::optional<Person>> GalleryStore::find(std::string_view name) {
  const auto id = person_id(database_.connection(), name);
  if (!id) return id.error();
  return *id ? find(**id) : Result<std::optional<Person>>(std::optional<Person>());
}

Result<std::uint64_t> GalleryStore::person_count() {
  const auto count = database_.connection().scalar(QueryType::select, "SELECT count(*) FROM persons");
  if (!count) return count.error();
  return static_cast<std::uint64_t>(*count);
}

Status GalleryStore::forget(std::string_view name) {
  auto& connection = database_.connection();
  const auto id = person_id(connection, name);
  if (!id) return id.error();
  // A repeated call after an unfinished erasure finds nobody and must still empty the log; and a name that
  // ended by renaming is in the events all the same.
  if (!*id) {
    if (auto status = erase_from_events(name); !status) return status;
    return no_such_person("forget", name);
  }
  auto status = in_transaction(connection, [&]() -> Status {
    {
      auto remove = connection.prepare(QueryType::remove, "DELETE FROM persons WHERE id = ?1");
      if (!remove) return std::move(remove).error();
      if (auto removed = remove->bind(1, **id).run(); !removed) return removed;
    }
    return erase_from_history(connection, name);
  });
  if (!status) return std::move(status).error().context("forget '" + std::string(name) + "'");
  return empty_write_ahead_log(connection);
}

Status GalleryStore::erase_from_events(std::string_view name) {
  auto& connection = database_.connection();
  {
    auto transaction = Transaction::begin(connection);
    if (!transaction) return std::move(transaction).error();
    if (auto status = erase_from_history(connection, name); !status) return status;
    if (auto status = transaction->commit(); !status) return status;
  }
  return empty_write_ahead_log(connection);
}

Status GalleryStore::forget_face(std::int64_t id) {
  auto& connection = database_.connection();
  auto status = in_transaction(connection, [&]() -> Status {
    {
      auto remove = connection.prepare(QueryType::remove, "DELETE FROM faces WHERE id = ?1");
      if (!remove) return std::move(remove).error();
      if (auto removed = remove->bind(1, id).run(); !removed) return removed;
    }
    if (sqlite3_changes(connection.handle) > 0) return {};
    return Error(ErrorCode::not_found,
                 "forget face " + std::to_string(id) + ": there is none of that number");
  });
  if (!status) return status;
  return empty_write_ahead_log(connection);
}

Status GalleryStore::end_erasure() {
  return empty_write_ahead_log(database_.connection());
}

Status GalleryStore::list_as(std::string_view name, Listing listing) {
  auto& connection = database_.connection();
  return in_transaction(connection, [&]() -> Status {
    {
      auto update =
          connection.prepare(QueryType::update, "UPDATE persons SET listed_as = ?2 WHERE name = ?1");
      if (!update) return std::move(update).error();
      if (auto status = update->bind(1, name).bind(2, to_string(listing)).run(); !status) return status;
    }
    if (sqlite3_changes(connection.handle) == 0) return no_such_person("list", name);
    return {};
  });
}

Status GalleryStore::rename(std::string_view from, std::string_view to) {
  if (!is_person_name(to)) return bad_name(to);
  auto& connection = database_.connection();
  return in_transaction(connection, [&]() -> Status {
    const auto taken = person_id(connection, to);
    if (!taken) return taken.error();
    if (*taken && from != to)
      return Error(ErrorCode::already_exists,
                   "rename '" + std::string(from) + "': '" + std::string(to) + "' is enrolled already");
    auto update = connection.prepare(QueryType::update, "UPDATE persons SET name = ?2 WHERE name = ?1");
    if (!update) return std::move(update).error();
    if (auto status = update->bind(1, from).bind(2, to).run(); !status) return status;
    if (sqlite3_changes(connection.handle) == 0) return no_such_person("rename", from);
    return {};
  });
}

Result<std::uint64_t> GalleryStore::revision() {
  const auto revision =
      database_.connection().scalar(QueryType::select, "SELECT revision FROM gallery_revision");
  if (!revision) return revision.error();
  return static_cast<std::uint64_t>(*revision);
}

}  // namespace porchlight::store
