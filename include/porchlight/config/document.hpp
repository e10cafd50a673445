// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::config {

// One fault of the user's file. Line and column count from 1; printed as
// `porchlight.yaml:14:5: cameras[0].url: unknown scheme 'rstp' (did you mean 'rtsp'?)`.
struct Fault {
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;
  bool tolerable = false;  // a fault all the same, but the daemon works around it
  std::string text() const;
};

// True for a `${credential:…}` that only the service can see: no fault of the file, and a command beside
// the service cannot know more.
bool is_hidden_credential(const Fault& fault);

// All faults of one reading, in the order of their places. Not thread-safe. Must outlive the
// Document it was given to and every Section of it.
class Faults {
 public:
  void add(Fault fault);  // the same fault twice is one
  bool empty() const noexcept { return faults_.empty(); }
  bool all_tolerable() const noexcept;
  const std::vector<Fault>& all() const noexcept { return faults_; }
  void sort();

 private:
  std::vector<Fault> faults_;
};

// Where a value was written.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  std::string path;  // cameras[0].url
};

// A value as it was written: references are not followed, nothing is judged. Secrets stand in it as they are.
struct RawEntry;
struct Raw {
  enum class Kind { nothing, scalar, list, mapping };
  Kind kind = Kind::nothing;
  std::string file;     // that it, or its key, stands in
  std::string text;     // scalar
  bool quoted = false;  // scalar: a text, whatever it looks like
  std::vector<Raw> items;
  std::vector<RawEntry> entries;

  const Raw* find(std::string_view key) const noexcept;
};
// Of a mapping.
struct RawEntry {
  std::string key;
  Raw value;
};

// The one file of `config.d` that the program writes itself, for its settings page. Whatever its owner is,
// it counts as one that others than root may write: it names no program.
inline constexpr const char* page_file_name = "50-page.yaml";

// Takes the place of a file of `config.d`, or is one more of them; nothing: as if that file were not there.
struct Stand {
  std::string name;
  std::optional<std::string> text;
};

// An amount of storage, or a part of what there is. One of the two is 0.
struct SizeOrPart {
  std::uint64_t bytes = 0;
  double part = 0;  // 0…1
};

// A mapping of the document, read key by key. Every getter notes its key as known; a missing key gives
// the default, a wrong value adds a fault and gives the default, so that one run names every fault.
// finish() adds a fault for each key nobody asked for, with the nearest known key as suggestion.
// Secret references `${ENV:NAME}`, `${file:/path}`, `${credential:NAME}` are resolved inside any
// string; a secret that cannot be read is a fault at its place, and no secret's value is ever in a
// fault's text. Values live as long as the Document. One thread.
class Section {
 public:
  struct Node;  // yaml-cpp stays in the .cpp
  explicit Section(std::shared_ptr<Node> node);

  bool has(std::string_view key) const;   // does not note the key
  std::vector<std::string> keys() const;  // as written; for a mapping whose keys are the user's. Notes none
  const Place& place() const;             // of the mapping itself
  Place place_of(std::string_view key) const;

  std::string text(std::string_view key, std::string fallback);
  std::string required_text(std::string_view key);  // neither missing nor empty
  // As text(), but with the references left as they stand (for `check` to print).
  std::string raw_text(std::string_view key) const;
  bool boolean(std::string_view key, bool fallback);
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most);
  double number(std::string_view key, double fallback, double least, double most);
  // `30ms`, `30s`, `5m`, `2h`, `7d`; a bare number is refused with the mend.
  std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds fallback,
                                     std::chrono::milliseconds least, std::chrono::milliseconds most);
  // `500MB`, `20GiB` (at least 1 byte) or `80%` (above 0, at most 100); a bare number is refused with the
  // mend. `also`: what else the key takes, for the fault's text, such as "'auto', ".
  std::optional<SizeOrPart> size_or_part(std::string_view key, std::optional<SizeOrPart> fallback,
                                         std::string_view also = "");
  // One of the listed words; anything else is a fault that lists them and suggests the nearest.
  std::string choice(std::string_view key, std::string_view fallback,
                     std::initializer_list<std::string_view> words);
  // Ids match [a-z0-9_]+.
  std::string required_id(std::string_view key);
  std::vector<std::string> text_list(std::string_view key);
  // A list of lists such as [[0, 0.5], [1, 0.5]]: `columns` numbers each, between least and most. Nothing
  // when there is a fault, which is named at its own place.
  std::optional<std::vector<std::vector<double>>> number_rows(std::string_view key, std::size_t columns,
                                                              double least, double most);

  // A nested mapping (empty when missing) and a list of mappings. The parent's finish() also
  // finishes what was handed out here.
  Section section(std::string_view key);
  std::vector<Section> list(std::string_view key);
  // True when the key's value is a mapping (e.g. tls: {cert, key}) and not a scalar.
  bool is_mapping(std::string_view key) const;
  bool is_scalar(std::string_view key) const;

  // As Document::fingerprint(), of this mapping.
  std::string fingerprint() const;
  // False when the key's value stands in a file of `config.d` that somebody else than root may write, as the
  // service may what lies below storage.path. The main file is the one that whoever starts the program names.
  bool is_roots_own(std::string_view key) const;

  // Known keys whose feature this version does not have: present → fault "not in this version".
  void not_in_this_version(std::initializer_list<std::string_view> keys);

  // Adds a fault at the key's place (or the mapping's when the key is absent). Absent keys are not
  // faulted while a syntax error hides part of the document: they may stand in the hidden part.
  void fault(std::string_view key, std::string message);
  // The same of what the daemon works around: `check` refuses it, the daemon starts.
  void tolerable_fault(std::string_view key, std::string message);

  void finish();

 private:
  std::shared_ptr<Node> node_;
};

// The fault of a key that names a program where is_roots_own() is false: whoever could write the file could
// have anything run, as root by commands that root starts.
inline constexpr const char* not_roots_own =
    "stands in a file that others than root may write; name the program in the main file, or let the file be "
    "root's alone: chown root, chmod go-w";

// The whole configuration: the main file and, over it, `config.d/*.yaml` in order of name. Mappings are
// merged, and so are lists whose every item in the later file has an `id`: an item is laid over that of the
// same id, key by key, the others are appended. Other lists and scalars of a later file win. A syntax fault
// gives an empty root.
class Document {
 public:
  // Reads `main` (at most 1 MiB). Faults go to `faults`; a file that cannot be read is an Error.
  static Result<Document> load(const std::filesystem::path& main, Faults& faults);
  static Document parse(std::string_view yaml, std::string file_name, Faults& faults);
  // Merges `folder`/*.yaml over it; a missing folder is no fault. `stand`, if not null, stands for one file.
  Status overlay(const std::filesystem::path& folder, Faults& faults, const Stand* stand = nullptr);

  Section root() const;
  // A stable text of the subtree at a top-level key with secrets resolved, for "did this change?"
  // comparisons on reload. Never logged.
  std::string fingerprint(std::string_view key) const;
  // The top-level keys in order, and every value's path with the file and line it came from.
  std::vector<std::string> keys() const;
  std::vector<Place> places() const;
  // The whole tree as it was written, each value with its file. Never logged.
  Raw raw() const;

 private:
  struct State;
  explicit Document(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// The nearest of `words` to `found` by edit distance, if near enough to be a slip of the pen.
std::optional<std::string> suggestion(std::string_view found, const std::vector<std::string>& words);

}  // namespace porchlight::config
