// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::http {

enum class TlsMode : std::uint8_t { automatic, off, files };

struct TlsOptions {
  TlsMode mode = TlsMode::automatic;
  std::filesystem::path certificate{};  // files: PEM, the server's first, then intermediates
  std::filesystem::path key{};          // files: PEM without passphrase
  std::filesystem::path folder{};       // where key and authority are kept; files: those of a stand-in
  std::vector<std::string> names{};     // automatic: further DNS names and addresses, e.g. public_url's host
};

// What the listener shows to prove who it is. Own files that are no good at the first reading are stood in
// for by what `automatic` makes, if there is a folder for it: a house must not be without its listener
// because a certificate ran out. `automatic` makes a private authority (10 years) and a
// certificate signed by it (397 days) for this machine's names and addresses, each in one file with
// its key, mode 0600, so that a crash never parts the two.
//
// Any thread; refresh() by one at a time.
class Credentials {
 public:
  // Null for `off`. Fails with the file and the reason; a folder that cannot be written is an error
  // of automatic mode.
  static Result<std::shared_ptr<Credentials>> create(TlsOptions options, const Clock& clock);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  // Own files are read again; a made certificate is renewed 30 days before its end and when the
  // machine has a name or an address that it does not name. True when it is another one now: the
  // next connection meets it. After a failure the old one stays, and a stand-in until the files are good.
  // Reads and may write files.
  Result<bool> refresh();

  // Of what is shown: `automatic` while own files are stood in for.
  TlsMode mode() const noexcept;
  // Why own files are stood in for; empty when they are not.
  std::string fault() const;
  // automatic: the authority's certificate, PEM, for /ca.crt. Empty otherwise.
  std::string authority() const;
  WallTime expires() const;

  struct State;  // the TLS library stays in the .cpp
  const State& state() const noexcept { return *state_; }

 private:
  explicit Credentials(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What is wrong with these files; reads them.
Status check_certificate_files(const std::filesystem::path& certificate, const std::filesystem::path& key,
                               WallTime now);

}  // namespace porchlight::http
