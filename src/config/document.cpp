// SPDX-License-Identifier: Apache-2.0
#include "porchlight/config/document.hpp"

#include <algorithm>

#include "config/node.hpp"
#include "config/yaml_tree.hpp"
#include "porchlight/base/durable_file.hpp"

namespace porchlight::config {
namespace {

// One byte more than the reader takes, so that "too large" is its fault with a place.
constexpr std::size_t most_file_bytes = 1024 * 1024 + 1;

using OpenFiles = std::shared_ptr<std::set<std::string>>;

std::shared_ptr<Section::Node> root_node(const Tree& tree, Faults* faults, OpenFiles open_files) {
  auto node = std::make_shared<Section::Node>();
  node->value = tree.root;
  node->faults = faults;
  node->open_files = std::move(open_files);
  node->incomplete = !tree.complete;
  const auto& spot = tree.root->spot;
  node->place = {spot.file ? *spot.file : "", spot.line, spot.column, ""};
  return node;
}

Result<Tree> read_file(const std::filesystem::path& path, Faults& faults, struct ::stat* info = nullptr) {
  auto text = read_whole_file(path, most_file_bytes, info);
  if (text) return read_yaml(*text, path.string(), faults);
  if (text.error().code() != ErrorCode::resource) return std::move(text).error();
  return read_yaml(std::string(most_file_bytes, ' '), path.string(), faults);
}

Result<std::vector<std::filesystem::path>> files_in(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (auto it = std::filesystem::directory_iterator(folder, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    if (it->path().extension() == ".yaml") files.push_back(it->path());
  }
  if (error == std::errc::no_such_file_or_directory) return std::vector<std::filesystem::path>();
  if (error) return errno_error(error.value(), "read configuration folder '" + folder.string() + "'");
  return files;
}

}  // namespace

struct Document::State {
  Tree tree;
  Faults* faults;
  std::shared_ptr<Section::Node> root;

  State(Tree read, Faults& into, OpenFiles open_files = nullptr)
      : tree(std::move(read)), faults(&into), root(root_node(tree, faults, std::move(open_files))) {}
};

Document::Document(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<Document> Document::load(const std::filesystem::path& main, Faults& faults) {
  auto tree = read_file(main, faults);
  if (!tree) return std::move(tree).error().context("read configuration");
  return Document(std::make_shared<State>(std::move(tree).value(), faults));
}

Document Document::parse(std::string_view yaml, std::string file_name, Faults& faults) {
  return Document(std::make_shared<State>(read_yaml(yaml, file_name, faults), faults));
}

Status Document::overlay(const std::filesystem::path& folder, Faults& faults, const Stand* stand) {
  auto files = files_in(folder);
  if (!files) return std::move(files).error();
  const auto stood_for = stand == nullptr ? std::filesystem::path() : folder / stand->name;
  if (stand != nullptr) {
    std::erase(*files, stood_for);
    if (stand->text) files->push_back(stood_for);
  }
  std::sort(files->begin(), files->end());
  Tree tree = state_->tree;
  const auto open_files = std::make_shared<std::set<std::string>>();
  for (const auto& file : *files) {
    struct stat info {};
    auto over = stand != nullptr && file == stood_for
                    ? Result<Tree>(read_yaml(*stand->text, file.string(), faults))
                    : read_file(file, faults, &info);
    if (!over) return std::move(over).error().context("read configuration");
    // Of the file that was read: its name may have become another's since.
    if (file.filename() == page_file_name || info.st_uid != 0 || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
      open_files->insert(file.string());
    tree.root = merged(tree.root, over->root);
    tree.complete = tree.complete && over->complete;
  }
  state_ = std::make_shared<State>(std::move(tree), faults, open_files);
  return {};
}

Section Document::root() const {
  return Section(state_->root);
}

std::string Document::fingerprint(std::string_view key) const {
  const Entry* entry = state_->tree.root->find(key);
  return entry == nullptr ? std::string() : fingerprint_of(*entry->value);
}

std::vector<std::string> Document::keys() const {
  std::vector<std::string> keys;
  for (const auto& entry : state_->tree.root->entries) keys.push_back(entry.key);
  return keys;
}

std::vector<Place> Document::places() const {
  std::vector<Place> places;
  const auto& root = *state_->tree.root;
  if (!root.entries.empty()) collect_places(root, root.spot, "", places);
  return places;
}

Raw Document::raw() const {
  return raw_of(*state_->tree.root, state_->tree.root->spot);
}

const Raw* Raw::find(std::string_view key) const noexcept {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &found->value;
}

}  // namespace porchlight::config
