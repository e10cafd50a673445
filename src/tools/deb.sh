#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# deb.sh [ARCH]: makes build/deb/<suite>/porchlight_<version>_<arch>.deb for the suite it runs in, and judges
# it with lintian. Called by ./dev deb, which has installed what it needs. The tree is exported first: a build
# leaves nothing beside the sources, and what git does not know is not in the package.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

most_without_models=12000000  # bytes of the .deb

say() { printf '· %s\n' "$*" >&2; }
die() { printf 'deb: %s\n' "$*" >&2; exit 1; }

# In a chroot git may not know the tree; there ./dev has left the list.
tracked_files() {
  if [ -v PORCHLIGHT_PREPARED ]; then cat build/deb/files; else git ls-files -z; fi
}

# export_tree FOLDER: what git lists, as it lies on the disk now, and the two model packages.
export_tree() {
  local to=$1
  rm -rf "$to" && mkdir -p "$to"
  tracked_files | tar --null --no-recursion --ignore-failed-read -T - -cf - 2>/dev/null | tar -C "$to" -xf -
  ln -s "$PWD/node_modules" "$to/node_modules"
}

revision() {
  [ -z "${PORCHLIGHT_REVISION:-}" ] || { echo "$PORCHLIGHT_REVISION"; return; }
  local commit; commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || { echo unknown; return; }
  [ -z "$(git status --porcelain 2>/dev/null)" ] || commit+=-changed
  echo "$commit"
}

# The debhelper of the package sees neither our ccache (HOME is another) nor our number of jobs.
build_package() {
  local tree=$1 profiles=nocheck
  [ ! -v PORCHLIGHT_PREPARED ] || profiles+=,pkg.porchlight.models
  [ "$arch" = "$(dpkg --print-architecture)" ] || profiles+=,cross
  (cd "$tree" && CCACHE_DIR=${CCACHE_DIR:-$HOME/.cache/ccache} CCACHE_BASEDIR=$tree \
    PORCHLIGHT_REVISION=$(revision) DEB_BUILD_OPTIONS="nocheck parallel=${JOBS:-$(nproc)}" \
    dpkg-buildpackage --build=binary --no-sign --host-arch="$arch" --build-profiles="$profiles")
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
  local suite arch=${1:-$(dpkg --print-architecture)} work out
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-unknown}")
  out=$PWD/build/deb/$suite work=$PWD/build/deb/work-$suite-$arch
  local log=build/log/deb-$suite-$arch.log
  export_tree "$work/porchlight"
  say "building the package for $suite $arch (log: $log)"
  mkdir -p build/log
  build_package "$work/porchlight" >"$log" 2>&1 </dev/null || { tail -n 40 "$log" >&2; die "cannot build the package"; }
  lintian --allow-root --fail-on warning "$work"/*.changes || die "lintian finds faults"
  mkdir -p "$out" && rm -f "$out"/*"_$arch.deb"
  mv "$work"/*.deb "$out"
  rm -rf "$work"
  local package; package=$(ls "$out"/porchlight_*"_$arch.deb")
  check_size "$package"
  echo "${package#"$PWD"/}"
}

main "$@"
