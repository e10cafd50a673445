#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# deb.sh: makes build/deb/<suite>/porchlight_<version>_<arch>.deb for the machine it runs on, and judges it
# with lintian. Called by ./dev deb, which has installed what it needs. The tree is exported first: a build
# leaves nothing beside the sources, and what git does not know is not in the package.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

most_without_models=12000000  # bytes of the .deb

say() { printf '· %s\n' "$*" >&2; }
die() { printf 'deb: %s\n' "$*" >&2; exit 1; }

# export_tree FOLDER: what git lists, as it lies on the disk now, and the two model packages.
export_tree() {
  local to=$1
  rm -rf "$to" && mkdir -p "$to"
  git ls-files -z | tar --null --no-recursion --ignore-failed-read -T - -cf - 2>/dev/null | tar -C "$to" -xf -
  ln -s "$PWD/node_modules" "$to/node_modules"
}

revision() {
  local commit; commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || { echo unknown; return; }
  [ -z "$(git status --porcelain 2>/dev/null)" ] || commit+=-changed
  echo "$commit"
}

# The debhelper of the package sees neither our ccache (HOME is another) nor our number of jobs.
build_package() {
  local tree=$1
  (cd "$tree" && CCACHE_DIR=${CCACHE_DIR:-$HOME/.cache/ccache} CCACHE_BASEDIR=$tree \
    PORCHLIGHT_REVISION=$(revision) DEB_BUILD_OPTIONS="nocheck parallel=${JOBS:-$(nproc)}" \
    dpkg-buildpackage --build=binary --no-sign)
}

# What the models weigh is not ours to make smaller; the rest is.
check_size() {
  local package=$1 models whole
  models=$(dpkg-deb --fsys-tarfile "$package" | tar -xO --wildcards './usr/share/porchlight/models/*' | xz -c | wc -c)
  whole=$(stat -c %s "$package")
  say "$(basename "$package"): $((whole / 1000)) kB, of which models $((models / 1000)) kB"
  [ $((whole - models)) -le $most_without_models ] || die "the package without its models is over $most_without_models bytes"
}

main() {
  local suite work=$PWD/build/deb/work out
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-unknown}")
  out=$PWD/build/deb/$suite
  export_tree "$work/porchlight"
  say "building the package for $suite $(dpkg --print-architecture) (log: build/log/deb.log)"
  mkdir -p build/log
  build_package "$work/porchlight" >build/log/deb.log 2>&1 </dev/null || { tail -n 40 build/log/deb.log >&2; die "cannot build the package"; }
  lintian --allow-root --fail-on warning "$work"/*.changes || die "lintian finds faults"
  mkdir -p "$out" && rm -f "$out"/*.deb
  mv "$work"/*.deb "$out"
  rm -rf "$work"
  local package; package=$(ls "$out"/porchlight_*.deb)
  check_size "$package"
  echo "${package#"$PWD"/}"
}

main "$@"
