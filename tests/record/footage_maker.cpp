// SPDX-License-Identifier: Apache-2.0
// Makes a folder of footage for tests from outside:
//   footage_maker STORAGE PIECE…   PIECE: CAMERA@MS[,h265|,wide|,aac|,alaw|,open|,cut|,unindexed|,frames=N]…
//                                  or gap:CAMERA@FROM-TO
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include "footage_house.hpp"

namespace {

using namespace porchlight::record::test;
using std::chrono::milliseconds;

void take_word(Piece& piece, const std::string& word) {
  if (word == "h265") piece.shape.encoder = "libx265";
  if (word == "wide") piece.shape.width = 704;
  if (word == "aac") piece.sound = "aac";
  if (word == "alaw") piece.sound = "pcm_alaw";
  if (word == "open") piece.ending = Ending::open;
  if (word == "cut") piece.ending = Ending::cut_short;
  if (word == "unindexed") piece.indexed = false;
  if (word.starts_with("frames=")) piece.shape.frames = std::atoi(word.c_str() + 7);
}

void add(FootageHouse& house, const std::string& text) {
  const auto at = text.find('@');
  if (text.starts_with("gap:")) {
    const auto dash = text.find('-', at);
    house.add_gap(text.substr(4, at - 4), milliseconds(std::stoll(text.substr(at + 1, dash - at - 1))),
                  milliseconds(std::stoll(text.substr(dash + 1))), porchlight::event::GapCause::network);
    return;
  }
  Piece piece;
  piece.camera = text.substr(0, at);
  std::istringstream words(text.substr(at + 1));
  std::string word;
  std::getline(words, word, ',');
  piece.at = milliseconds(std::stoll(word));
  while (std::getline(words, word, ',')) take_word(piece, word);
  std::printf("%s\n", house.add(piece).file.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  FootageHouse house(argv[1]);
  for (int i = 2; i < argc; ++i) add(house, argv[i]);
  return 0;
}
