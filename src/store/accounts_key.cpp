// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/accounts_key.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "porchlight/base/durable_file.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "store/folder.hpp"

namespace porchlight::store {
namespace {

constexpr const char* file_name = "accounts.key";
constexpr std::size_t key_bytes = 32;
constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::optional<std::filesystem::path> credential() {
  const auto* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) return std::nullopt;
  auto path = std::filesystem::path(folder) / file_name;
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) ? std::optional(path) : std::nullopt;
}

// The name appears with the whole key in it: written beside, synced, linked. Who comes second takes the first
// one's.
Status make_key(const std::filesystem::path& path) {
  std::array<unsigned char, key_bytes> key{};
  randombytes_buf(key.data(), key.size());
  std::array<char, key_bytes * 2 + 1> text{};
  sodium_bin2hex(text.data(), text.size(), key.data(), key.size());
  text.back() = '\n';
  const auto part = path.string() + ".part" + std::to_string(::getpid());
  const UniqueFd fd(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const bool written = fd &&
                       ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd.get()) == 0;
  sodium_memzero(key.data(), key.size());
  sodium_memzero(text.data(), text.size());
  const bool linked = written && (::link(part.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int failure = errno;
  ::unlink(part.c_str());
  if (!linked) return errno_error(failure, "write '" + path.string() + "'");
  return sync_folder(path.parent_path());
}

Status expect_private(const std::filesystem::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return errno_error(errno, "read '" + path.string() + "'");
  if ((found.st_mode & 077) == 0) return {};
  return Error(ErrorCode::permission_denied,
               "read '" + path.string() + "': others than its owner may read it; chmod 600 it");
}

}  // namespace

Result<AccountsKey> AccountsKey::load(const std::filesystem::path& folder) {
  if (sodium_init() < 0) return Error(ErrorCode::internal, "libsodium has no source of random numbers");
  auto path = folder / file_name;
  if (const auto given = credential()) {
    path = *given;
  } else {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
      if (auto status = make_key(path); !status) return std::move(status).error();
    if (auto status = expect_private(path); !status) return std::move(status).error();
  }
  auto text = read_whole_file(path, 4096);
  if (!text) return std::move(text).error();
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' '))
    text->pop_back();
  std::string key(key_bytes, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  const bool read = text->size() == key_bytes * 2 && sodium_hex2bin(bytes_of(key), key.size(), text->data(),
                                                                    text->size(), nullptr, &size, &end) == 0;
  sodium_memzero(text->data(), text->size());
  if (!read || size != key_bytes)
    return Error(ErrorCode::corrupt,
                 "read '" + path.string() +
                     "': a key is 64 hex digits; put the right file back, or remove it and "
                     "second factors and API tokens with it");
  return AccountsKey(std::move(key));
}

std::string AccountsKey::derived(std::string_view purpose) const {
  std::string made(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256(bytes_of(made), bytes_of(purpose), purpose.size(),
                         bytes_of(std::string_view(bytes_)));
  return made;
}

std::string AccountsKey::sealed(std::string_view clear, std::string_view context) const {
  const auto key = derived("seal");
  std::string box(nonce_bytes + clear.size() + tag_bytes, '\0');
  randombytes_buf(box.data(), nonce_bytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(box) + nonce_bytes, nullptr, bytes_of(clear),
                                             clear.size(), bytes_of(context), context.size(), nullptr,
                                             bytes_of(box), bytes_of(std::string_view(key)));
  return box;
}

std::optional<std::string> AccountsKey::opened(std::string_view sealed, std::string_view context) const {
  if (sealed.size() < nonce_bytes + tag_bytes) return std::nullopt;
  const auto key = derived("seal");
  std::string clear(sealed.size() - nonce_bytes - tag_bytes, '\0');
  const int rc = crypto_aead_xchacha20poly1305_ietf_decrypt(
      bytes_of(clear), nullptr, nullptr, bytes_of(sealed) + nonce_bytes, sealed.size() - nonce_bytes,
      bytes_of(context), context.size(), bytes_of(sealed), bytes_of(std::string_view(key)));
  return rc == 0 ? std::optional(std::move(clear)) : std::nullopt;
}

}  // namespace porchlight::store
