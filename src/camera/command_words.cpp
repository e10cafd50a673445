// SPDX-License-Identifier: Apache-2.0
#include "command_words.hpp"

namespace porchlight::camera {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view work_of_a_shell = "|<>;&`";

Error refuse(std::string text) {
  return Error(ErrorCode::invalid_argument, std::move(text));
}

class Splitter {
 public:
  Result<std::vector<std::string>> split(std::string_view line) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (c == '\\' && quote_ != '\'') {
        if (++i == line.size()) return refuse("ends with a backslash");
        add(line[i]);
      } else if (auto status = take(c); !status) {
        return std::move(status).error();
      }
    }
    if (quote_ != 0) return refuse(std::string("a ") + quote_ + " is not closed");
    end_word();
    if (words_.empty() || words_.front().empty()) return refuse("names no program");
    return std::move(words_);
  }

 private:
  Status take(char c) {
    if (quote_ != 0) {
      if (c == quote_)
        quote_ = 0;
      else
        add(c);
      return {};
    }
    if (c == '\'' || c == '"') {
      quote_ = c;
      begun_ = true;  // '' is a word, too
    } else if (blanks.find(c) != std::string_view::npos) {
      end_word();
    } else if (work_of_a_shell.find(c) != std::string_view::npos) {
      return refuse(std::string("no shell reads it, so '") + c +
                    "' does nothing: quote it, or ask for a shell by sh -c '…'");
    } else {
      add(c);
    }
    return {};
  }

  void add(char c) {
    word_.push_back(c);
    begun_ = true;
  }

  void end_word() {
    if (begun_) words_.push_back(std::move(word_));
    word_.clear();
    begun_ = false;
  }

  std::vector<std::string> words_;
  std::string word_;
  bool begun_ = false;
  char quote_ = 0;  // inside of it; 0: of none
};

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view line) {
  return Splitter().split(line);
}

}  // namespace porchlight::camera
