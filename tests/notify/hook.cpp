// SPDX-License-Identifier: Apache-2.0
#include "notify/hook.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace porchlight::notify {
namespace {

std::vector<std::string> command_of(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"/usr/bin/python3", "-B", "-u",
                                   PORCHLIGHT_SOURCE_DIR "/tests/notify/hook_server.py"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

void shell(const std::string& command) {
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

void make_authority(const std::filesystem::path& folder, const std::string& name) {
  const auto base = (folder / name).string();
  shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name +
        " -keyout " + base + ".key -out " + base + ".pem 2>/dev/null");
}

}  // namespace

std::string decode_base64(const std::string& text) {
  static const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string::npos) break;
    bits = (bits << 6) | static_cast<unsigned>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>((bits >> held) & 0xff);
  }
  return out;
}

Hook::Hook(const std::vector<std::string>& arguments) : child_(command_of(arguments), {}) {
  lines_ = child_.read_lines(1);
  if (lines_.empty()) {
    ADD_FAILURE() << "the web server did not start";
    return;
  }
  port_ = std::stoi(lines_.front());
  lines_.erase(lines_.begin());
}

Hit Hook::next() {
  if (lines_.empty()) lines_ = child_.read_lines(1);
  if (lines_.empty()) {
    ADD_FAILURE() << "the web server ended";
    return {};
  }
  const auto object = nlohmann::json::parse(lines_.front());
  lines_.erase(lines_.begin());
  Hit hit;
  hit.connection = object.at("connection");
  hit.cut = object.value("cut", false);
  if (hit.cut) return hit;
  hit.method = object.at("method");
  hit.target = object.at("target");
  hit.headers = object.at("headers").get<std::map<std::string, std::string>>();
  hit.body = decode_base64(object.at("body"));
  for (const auto& part : object.at("parts"))
    hit.parts.push_back(
        {part.at("name"), part.at("filename"), part.at("content_type"), decode_base64(part.at("body"))});
  return hit;
}

Listening::Listening() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(fd.get(), 8), 0);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
}

const Certificates& Certificates::get() {
  static const Certificates made = [] {
    std::string pattern = (std::filesystem::temp_directory_path() / "porchlight-ca-XXXXXX").string();
    Certificates out;
    out.folder = ::mkdtemp(pattern.data());
    make_authority(out.folder, "authority");
    make_authority(out.folder, "stranger");
    out.authority = (out.folder / "authority.pem").string();
    out.stranger = (out.folder / "stranger.pem").string();
    out.certificate = (out.folder / "server.pem").string();
    out.key = (out.folder / "server.key").string();
    const auto request = (out.folder / "server.csr").string();
    const auto extension = (out.folder / "server.ext").string();
    std::ofstream(extension) << "subjectAltName=IP:127.0.0.1\n";
    shell("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=hook -keyout " +
          out.key + " -out " + request + " 2>/dev/null");
    shell("openssl x509 -req -in " + request + " -CA " + out.authority + " -CAkey " +
          (out.folder / "authority.key").string() + " -CAcreateserial -days 1 -extfile " + extension +
          " -out " + out.certificate + " 2>/dev/null");
    return out;
  }();
  struct Cleanup {
    ~Cleanup() {
      std::error_code ignored;
      std::filesystem::remove_all(made.folder, ignored);
    }
  };
  static const Cleanup cleanup;
  return made;
}

}  // namespace porchlight::notify
