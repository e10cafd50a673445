// SPDX-License-Identifier: Apache-2.0
#include "pair_list.hpp"

#include <numeric>
#include <optional>
#include <sstream>
#include <string_view>

#include "porchlight/base/durable_file.hpp"

namespace porchlight::vision {
namespace {

std::optional<PicturePair> parse_pair(std::string_view line) {
  const auto first = line.find(',');
  const auto last = line.rfind(',');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  const auto verdict = line.substr(last + 1);
  if (verdict != "0" && verdict != "1") return std::nullopt;
  const auto a = line.substr(0, first);
  const auto b = line.substr(first + 1, last - first - 1);
  if (a.empty() || b.empty() || b.find(',') != std::string_view::npos) return std::nullopt;
  return PicturePair{std::string(a), std::string(b), verdict == "1"};
}

// Union of sets with the path halved on the way.
class Groups {
 public:
  std::size_t add() {
    above_.push_back(above_.size());
    return above_.size() - 1;
  }
  std::size_t root(std::size_t of) {
    while (above_[of] != of) of = above_[of] = above_[above_[of]];
    return of;
  }
  void join(std::size_t a, std::size_t b) { above_[root(b)] = root(a); }

 private:
  std::vector<std::size_t> above_;
};

}  // namespace

Result<std::vector<PicturePair>> read_pairs(const std::filesystem::path& csv) {
  const auto text = read_whole_file(csv, std::size_t{64} << 20);
  if (!text) return text.error();
  std::vector<PicturePair> pairs;
  std::istringstream lines(*text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    auto pair = parse_pair(line);
    if (!pair) {
      return Error(ErrorCode::invalid_argument, csv.filename().string() + ":" + std::to_string(number) +
                                                    ": expected 'imageA,imageB,0|1', found '" + line + "'");
    }
    pairs.push_back(std::move(*pair));
  }
  return pairs;
}

People people_of(const std::vector<PicturePair>& pairs) {
  Groups groups;
  std::map<std::string, std::size_t> picture;
  std::vector<const std::string*> names;
  for (const auto& pair : pairs) {
    for (const auto* name : {&pair.a, &pair.b})
      if (const auto [place, is_new] = picture.try_emplace(*name, 0); is_new) {
        place->second = groups.add();
        names.push_back(&place->first);
      }
    if (pair.same) groups.join(picture[pair.a], picture[pair.b]);
  }
  People people;
  std::map<std::size_t, std::size_t> number;  // of each group
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto [place, is_new] = number.try_emplace(groups.root(i), number.size());
    if (is_new) people.photographs.push_back(0);
    people.person[*names[i]] = place->second;
    ++people.photographs[place->second];
  }
  return people;
}

}  // namespace porchlight::vision
