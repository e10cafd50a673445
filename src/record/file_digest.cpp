// SPDX-License-Identifier: Apache-2.0
#include "record/file_digest.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <new>
#include <vector>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight::record {
namespace {

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
  }
  void add(const unsigned char* bytes, std::size_t size) { EVP_DigestUpdate(context_.get(), bytes, size); }
  std::string text() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
      text += "0123456789abcdef"[digest[i] >> 4];
      text += "0123456789abcdef"[digest[i] & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeDigest> context_;
};

}  // namespace

std::string sha256_of(std::string_view bytes) {
  Sha256 sha;
  sha.add(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return sha.text();
}

Result<FileDigest> digest_file(const std::filesystem::path& file, std::uint64_t bytes,
                               std::uint64_t crc_bytes, const std::function<bool()>& go_on) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error(errno, "open '" + file.string() + "'");
  Sha256 sha;
  FileDigest digest;
  std::vector<unsigned char> block(256 * 1024);
  while (digest.bytes < bytes) {
    if (go_on && !go_on()) return Error(ErrorCode::cancelled, "read '" + file.string() + "': given up");
    const auto wanted = std::min<std::uint64_t>(block.size(), bytes - digest.bytes);
    const auto got = ::read(fd.get(), block.data(), wanted);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(errno, "read '" + file.string() + "'");
    if (got == 0) return Error(ErrorCode::corrupt, "read '" + file.string() + "': it ends too early");
    sha.add(block.data(), static_cast<std::size_t>(got));
    if (digest.bytes < crc_bytes)
      digest.crc = static_cast<std::uint32_t>(
          ::crc32(digest.crc, block.data(),
                  static_cast<uInt>(
                      std::min<std::uint64_t>(static_cast<std::uint64_t>(got), crc_bytes - digest.bytes))));
    digest.bytes += static_cast<std::uint64_t>(got);
  }
  digest.sha256 = sha.text();
  return digest;
}

}  // namespace porchlight::record
