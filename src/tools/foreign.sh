# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What ./dev does in a chroot of another suite or architecture; read by ./dev. In the chroot the same ./dev
# runs, told by PORCHLIGHT_PREPARED that packages, models and pictures are there.

cache=${PORCHLIGHT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/porchlight}

# chroot_do SUITE ARCH ACTION ARGUMENT…: see src/tools/chroot.sh.
chroot_do() {
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    die "a chroot needs root: run this as root, or install sudo (docs/building.md)"
  as_root env JOBS="$(job_count)" WERROR="${WERROR:-}" PORCHLIGHT_REVISION="${PORCHLIGHT_REVISION:-}" \
    bash src/tools/chroot.sh "$cache" "$@"
}

make_chroot() {
  local suite=$1 arch=$2
  bash src/tools/chroot.sh "$cache" "$suite" "$arch" current "$PWD" && return 0
  install_packages mmdebstrap debian-archive-keyring
  say "making a chroot of $suite for $arch, which takes minutes (log: $logs/chroot-$suite-$arch.log)"
  logged "chroot-$suite-$arch.log" chroot_do "$suite" "$arch" make "$PWD" || die "cannot make the chroot"
}

# Asked outside: the history of a worktree lies elsewhere, and git refuses another owner's.
revision() {
  local commit; commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || { echo unknown; return; }
  [ -z "$(git status --porcelain 2>/dev/null)" ] || commit+=-changed
  echo "$commit"
}

deb_in_chroot() {
  local suite=$1 arch=$2
  make_chroot "$suite" "$arch"
  mkdir -p build/deb && git ls-files -z >build/deb/files
  PORCHLIGHT_REVISION=$(revision) chroot_do "$suite" "$arch" run "$PWD" src/tools/deb.sh "$arch"
}

# ---- tests ------------------------------------------------------------------------------------

# A build folder of its own, which the Debian 13 inside sees as build/.
test_trixie() {
  local arch; arch=$(dpkg --print-architecture)
  setup
  make_chroot trixie "$arch"
  mkdir -p build/trixie/pictures
  WERROR=${WERROR:-ON} chroot_do trixie "$arch" run --bind "$PWD/build/trixie:/porchlight/build" \
    --bind "$PWD/build/pictures:/porchlight/build/pictures" "$PWD" ./dev test
}

# The list of tests is the native build's, so a test that the other build lacks is noticed.
test_arm64() {
  [ -z "${PORCHLIGHT_PREPARED:-}" ] || { test_arm64_inside; return; }
  [ "$(dpkg --print-architecture)" != arm64 ] || die "this machine is arm64: ./dev test"
  build release
  mkdir -p build/arm64
  ctest --test-dir build/release --show-only=json-v1 >build/arm64/native.json
  make_chroot bookworm arm64
  chroot_do bookworm arm64 run --emulate "$PWD" ./dev test arm64
}

test_arm64_inside() {
  local share="$python -B tests/arm64/share.py" list="build/arm64/native.json tests/arm64/left_out.tsv"
  compile arm64
  # shellcheck disable=SC2086
  run_tests arm64 --summary "$share report $list" -L '^quick$' -E "$($share excluded $list)"
}
