// SPDX-License-Identifier: Apache-2.0
#include "record/footage_key.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>

#include "porchlight/base/durable_file.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "record/file_digest.hpp"
#include "record/segment_folder.hpp"

namespace porchlight::record {
namespace {

constexpr std::size_t longest_pem = 4096;
constexpr std::size_t signature_size = 64;

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

template <class T>
T allocated(T made) {
  if (!made) throw std::bad_alloc();
  return made;
}

std::string text_of(BIO& bio) {
  char* text = nullptr;
  const auto size = BIO_get_mem_data(&bio, &text);
  return std::string(text, static_cast<std::size_t>(size));
}

Bio bio_of(std::string_view text) {
  return allocated(Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))));
}

Error failed(const char* verb, const std::filesystem::path& file) {
  return errno_error(errno, std::string(verb) + " the footage key '" + file.string() + "'");
}

// What root makes belongs to whom the folder belongs to, or the service could not use it.
Status give_to_owner_of(const std::filesystem::path& folder, int fd, const std::filesystem::path& name) {
  if (::geteuid() != 0) return {};
  struct ::stat owner {};
  if (::stat(folder.c_str(), &owner) != 0) return failed("find the owner of", name);
  if (::fchown(fd, owner.st_uid, owner.st_gid) != 0) return failed("chown", name);
  return {};
}

Status write_private(int fd, std::string_view pem, const std::filesystem::path& folder,
                     const std::filesystem::path& name) {
  if (::write(fd, pem.data(), pem.size()) != static_cast<ssize_t>(pem.size())) return failed("write", name);
  if (::fchmod(fd, 0600) != 0) return failed("chmod", name);
  if (auto status = give_to_owner_of(folder, fd, name); !status) return status;
  if (::fsync(fd) != 0) return failed("sync", name);
  return {};
}

// Complete and synced under a name of its own first: a link fails when another process was faster, and then
// that one's key is the key.
Status make_key(const std::filesystem::path& file, std::string_view pem) {
  const auto folder = file.parent_path().empty() ? std::filesystem::path(".") : file.parent_path();
  auto name = file.string() + ".XXXXXX";
  const UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return failed("create", file);
  auto status = write_private(fd.get(), pem, folder, name);
  if (status && ::link(name.c_str(), file.c_str()) != 0 && errno != EEXIST) status = failed("link", file);
  ::unlink(name.c_str());
  if (!status) return status;
  return sync_folder(folder);
}

Result<std::string> new_private_pem() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  const auto bio = allocated(Bio(BIO_new(BIO_s_mem())));
  if (!key || PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return Error(ErrorCode::internal, "make the footage key: OpenSSL refused");
  return text_of(*bio);
}

Error no_key(const std::string& what) {
  return Error(ErrorCode::corrupt, what + ": it is no Ed25519 key in PEM");
}

}  // namespace

void FootageKey::Release::operator()(EVP_PKEY* key) const noexcept {
  EVP_PKEY_free(key);
}

Result<FootageKey> FootageKey::read(const std::filesystem::path& file) {
  struct ::stat info {};
  auto pem = read_whole_file(file, longest_pem, &info);
  if (!pem) return std::move(pem).error().context("read the footage key");
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return Error(ErrorCode::permission_denied, "read the footage key '" + file.string() +
                                                   "': others may read or write it; chmod 600 it, or remove "
                                                   "it and a new one is made");
  const auto bio = bio_of(*pem);
  // No callback and no password: an encrypted key is refused instead of asked about on a terminal.
  const auto nobody = [](char*, int, int, void*) { return -1; };
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nobody, nullptr));
  OPENSSL_cleanse(pem->data(), pem->size());
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519)
    return no_key("read the footage key '" + file.string() + "'");
  return FootageKey(std::move(key));
}

Result<FootageKey> FootageKey::find_or_make(const std::filesystem::path& file) {
  auto key = read(file);
  if (key || key.error().code() != ErrorCode::not_found) return key;
  auto pem = new_private_pem();
  if (!pem) return std::move(pem).error();
  auto status = make_key(file, *pem);
  OPENSSL_cleanse(pem->data(), pem->size());
  if (!status) return std::move(status).error();
  return read(file);
}

std::string FootageKey::public_pem() const {
  const auto bio = allocated(Bio(BIO_new(BIO_s_mem())));
  PEM_write_bio_PUBKEY(bio.get(), key_.get());
  return text_of(*bio);
}

std::string FootageKey::sign(std::string_view bytes) const {
  const auto context = allocated(Digest(EVP_MD_CTX_new()));
  std::string signature(signature_size, '\0');
  std::size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) != 1)
    throw std::bad_alloc();  // a valid Ed25519 key signs everything
  return signature;
}

Result<FootageKey::Key> FootageKey::read_public(std::string_view pem) {
  const auto bio = bio_of(pem);
  Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) return no_key("read the public key");
  return key;
}

Result<bool> is_signed_by(std::string_view bytes, std::string_view signature, std::string_view public_pem) {
  auto key = FootageKey::read_public(public_pem);
  if (!key) return std::move(key).error();
  const auto context = allocated(Digest(EVP_MD_CTX_new()));
  if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key->get()) != 1)
    return Error(ErrorCode::internal, "verify a signature: OpenSSL refused");
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                          bytes.size()) == 1;
}

Result<std::string> fingerprint_of(std::string_view public_pem) {
  auto key = FootageKey::read_public(public_pem);
  if (!key) return std::move(key).error();
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key->get(), &der);
  if (size <= 0) return no_key("read the public key");
  auto digest = sha256_of({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return digest;
}

}  // namespace porchlight::record
