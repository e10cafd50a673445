// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <span>

#include "http/certificate.hpp"
#include "http/machine_names.hpp"
#include "http/tls_context.hpp"
#include "porchlight/base/durable_file.hpp"
#include "porchlight/http/tls.hpp"

namespace porchlight::http {
namespace {

using std::chrono::hours;
constexpr hours day{24};
constexpr hours authority_lifetime = 3653 * day;
constexpr hours leaf_lifetime = 397 * day;
constexpr hours renewal = 30 * day;
constexpr std::size_t largest_pem = 1024 * 1024;
constexpr ::mode_t owner_only = 0600;
constexpr ::mode_t for_everybody = 0644;

// A board without a battery wakes up in 1970 until the network has told it the time. What it makes
// then must hold afterwards, too.
constexpr WallTime earliest{std::chrono::seconds{1'735'689'600}};  // 2025-01-01

std::filesystem::path authority_file(const TlsOptions& options) {
  return options.folder / "authority.pem";
}
// The authority's certificate alone: what everybody is told to copy must not hold the key.
std::filesystem::path published_file(const TlsOptions& options) {
  return options.folder / "ca.pem";
}
std::filesystem::path server_file(const TlsOptions& options) {
  return options.folder / "server.pem";
}

std::string doing(const std::filesystem::path& path) {
  return "certificate '" + path.string() + "'";
}

bool lasts(const X509& certificate, WallTime now) {
  return end_of(certificate) - renewal > now;
}

// Key and certificate out of one file of ours.
Result<Identity> load_pair(const std::filesystem::path& path) {
  auto pem = read_whole_file(path, largest_pem);
  if (!pem) return std::move(pem).error();
  auto key = parse_key(*pem);
  if (!key) return std::move(key).error();
  auto certificates = parse_certificates(*pem);
  if (!certificates) return std::move(certificates).error();
  Identity identity{std::move(*key), std::move(certificates->front())};
  if (!fits(identity))
    return Error(ErrorCode::corrupt, doing(path) + ": key and certificate do not belong together");
  return identity;
}

Status store_pair(const std::filesystem::path& path, const Identity& identity) {
  const auto pem = pem_of(identity);
  return write_durably(path, std::as_bytes(std::span(pem)), owner_only);
}

Status make_private_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure || ::chmod(folder.c_str(), 0700) != 0)
    return Error(ErrorCode::io, "create '" + folder.string() + "': " +
                                    (failure ? failure.message() : std::string("cannot make it private")));
  return {};
}

std::vector<std::string> wanted_names(const TlsOptions& options) {
  auto names = machine_names();
  for (const auto& name : options.names) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

bool names_all(const X509& certificate, const std::vector<std::string>& wanted) {
  const auto named = names_of(certificate);
  return std::all_of(wanted.begin(), wanted.end(), [&named](const std::string& name) {
    return std::find(named.begin(), named.end(), name) != named.end();
  });
}

// Earlier versions kept the authority's key in ca.pem. That pair is trusted in the house: it goes on under
// the name of today. A crash afterwards leaves ca.pem to publish_authority().
Status take_over_former_pair(const TlsOptions& options) {
  const auto kept = load_pair(authority_file(options));
  if (kept || kept.error().code() != ErrorCode::not_found || !load_pair(published_file(options))) return {};
  if (::rename(published_file(options).c_str(), authority_file(options).c_str()) == 0) return {};
  return errno_error(errno, "rename '" + published_file(options).string() + "'");
}

Status publish_authority(const TlsOptions& options, const Identity& authority) {
  const auto pem = pem_of(*authority.certificate);
  const auto published = read_whole_file(published_file(options), largest_pem);
  if (published && *published == pem) return {};
  return write_durably(published_file(options), std::as_bytes(std::span(pem)), for_everybody);
}

// A new authority costs every browser of the house a new trust: only when the old one cannot serve.
Result<Identity> authority_of(const TlsOptions& options, WallTime now) {
  auto kept = load_pair(authority_file(options));
  if (kept && lasts(*kept->certificate, now)) return kept;
  const bool unreadable =
      !kept && kept.error().code() != ErrorCode::not_found && kept.error().code() != ErrorCode::corrupt;
  if (unreadable) return std::move(kept).error();
  auto made = make_identity(
      {.common_name = "Porchlight authority of " + host_name(), .now = now, .lifetime = authority_lifetime},
      nullptr);
  if (!made) return made;
  if (auto status = store_pair(authority_file(options), *made); !status) return std::move(status).error();
  return made;
}

Result<Identity> leaf_of(const TlsOptions& options, const Identity& authority, WallTime now) {
  const auto wanted = wanted_names(options);
  auto kept = load_pair(server_file(options));
  if (kept && lasts(*kept->certificate, now) && names_all(*kept->certificate, wanted) &&
      is_signed_by(*kept->certificate, authority))
    return kept;
  auto made = make_identity({host_name(), wanted, now, leaf_lifetime}, &authority);
  if (!made) return made;
  if (auto status = store_pair(server_file(options), *made); !status) return std::move(status).error();
  return made;
}

struct Loaded {
  Identity identity;
  std::string authority_pem{};
  std::string fault{};  // of own files that are stood in for
};

Result<Loaded> made_pair(const TlsOptions& options, WallTime now) {
  if (auto status = make_private_folder(options.folder); !status) return std::move(status).error();
  if (auto status = take_over_former_pair(options); !status) return std::move(status).error();
  auto authority = authority_of(options, now);
  if (!authority) return std::move(authority).error();
  // A full disk must not cost the house its listener: /ca.crt has it too, and the hourly look tries again.
  static_cast<void>(publish_authority(options, *authority));
  auto leaf = leaf_of(options, *authority, now);
  if (!leaf) return std::move(leaf).error();
  return Loaded{std::move(*leaf), pem_of(*authority->certificate), {}};
}

Status check_key_mode(const std::filesystem::path& path) {
  struct ::stat info {};
  if (::stat(path.c_str(), &info) != 0) return errno_error(errno, "read key '" + path.string() + "'");
  if ((info.st_mode & S_IRWXO) != 0)
    return Error(ErrorCode::permission_denied,
                 "key '" + path.string() + "': everybody can read it; chmod o= '" + path.string() + "'");
  return {};
}

Status check_period(const std::filesystem::path& path, const X509& certificate, WallTime now) {
  if (end_of(certificate) <= now)
    return Error(ErrorCode::invalid_argument, doing(path) + ": expired " + rfc3339(end_of(certificate)));
  if (begin_of(certificate) > now && now >= earliest)
    return Error(ErrorCode::invalid_argument,
                 doing(path) + ": not valid before " + rfc3339(begin_of(certificate)));
  return {};
}

Result<Identity> own_files(const std::filesystem::path& certificate, const std::filesystem::path& key,
                           WallTime now) {
  if (auto status = check_key_mode(key); !status) return std::move(status).error();
  auto key_pem = read_whole_file(key, largest_pem);
  if (!key_pem) return std::move(key_pem).error().context("key");
  auto parsed_key = parse_key(*key_pem);
  if (!parsed_key) return std::move(parsed_key).error().context("key '" + key.string() + "'");
  auto pem = read_whole_file(certificate, largest_pem);
  if (!pem) return std::move(pem).error().context("certificate");
  auto chain = parse_certificates(*pem);
  if (!chain) return std::move(chain).error().context(doing(certificate));
  Identity identity{std::move(*parsed_key), std::move(chain->front())};
  chain->erase(chain->begin());
  identity.chain = std::move(*chain);
  if (!fits(identity))
    return Error(ErrorCode::invalid_argument,
                 doing(certificate) + ": belongs to another key than '" + key.string() + "'");
  if (auto status = check_period(certificate, *identity.certificate, now); !status)
    return std::move(status).error();
  return identity;
}

Result<Loaded> load(const TlsOptions& options, WallTime now, bool may_stand_in) {
  if (options.mode == TlsMode::automatic) return made_pair(options, std::max(now, earliest));
  auto identity = own_files(options.certificate, options.key, now);
  if (identity) return Loaded{std::move(*identity)};
  if (!may_stand_in || options.folder.empty()) return std::move(identity).error();
  auto stand_in = made_pair(options, std::max(now, earliest));
  if (!stand_in) return std::move(stand_in).error().context(identity.error().text());
  stand_in->fault = identity.error().text();
  return stand_in;
}

}  // namespace

Result<std::shared_ptr<Credentials>> Credentials::create(TlsOptions options, const Clock& clock) {
  if (options.mode == TlsMode::off) return std::shared_ptr<Credentials>{};
  std::shared_ptr<Credentials> made(new Credentials(std::make_unique<State>(std::move(options), clock)));
  if (auto first = made->refresh(); !first) return std::move(first).error();
  return made;
}

Credentials::Credentials(std::unique_ptr<State> state) : state_(std::move(state)) {}
Credentials::~Credentials() = default;

Result<bool> Credentials::refresh() {
  bool may_stand_in = false;
  {
    const std::lock_guard lock(state_->mutex);
    may_stand_in = !state_->current || !state_->fault.empty();
  }
  auto loaded = load(state_->options, state_->clock.wall(), may_stand_in);
  if (!loaded) return std::move(loaded).error();
  auto pem = pem_of(*loaded->identity.certificate);
  {
    const std::lock_guard lock(state_->mutex);
    state_->fault = loaded->fault;
    // The same certificate again would only throw the tickets' key away.
    if (pem == state_->certificate_pem) return false;
  }
  auto context = make_context(loaded->identity);
  if (!context) return std::move(context).error();
  const std::lock_guard lock(state_->mutex);
  state_->current = std::move(*context);
  state_->certificate_pem = std::move(pem);
  state_->authority_pem = std::move(loaded->authority_pem);
  state_->expires = end_of(*loaded->identity.certificate);
  state_->shown = loaded->fault.empty() ? state_->options.mode : TlsMode::automatic;
  return true;
}

TlsMode Credentials::mode() const noexcept {
  return state_->shown;
}
std::string Credentials::fault() const {
  const std::lock_guard lock(state_->mutex);
  return state_->fault;
}
std::string Credentials::authority() const {
  const std::lock_guard lock(state_->mutex);
  return state_->authority_pem;
}
WallTime Credentials::expires() const {
  const std::lock_guard lock(state_->mutex);
  return state_->expires;
}

Status check_certificate_files(const std::filesystem::path& certificate, const std::filesystem::path& key,
                               WallTime now) {
  auto identity = own_files(certificate, key, now);
  if (!identity) return std::move(identity).error();
  return {};
}

}  // namespace porchlight::http
