#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Collects what a package needs beyond what the image has: pool.sh IMAGE-FOLDER PACKAGE.deb FOLDER
#   FOLDER/debs       an apt repository for the guest, resolved by its own apt for its own suite; with what tests install later
#   FOLDER/ready.img  the image's disk with all of them installed, without the package itself: in emulation
#                     that takes minutes, and only one test has to see it
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

# The same package without compression: an emulated processor takes minutes to unpack them all.
store() {
  local tree; tree=$(mktemp -d)
  dpkg-deb -R "$1" "$tree" && dpkg-deb -Znone -b "$tree" "$1.new" >/dev/null && mv "$1.new" "$1"
  rm -rf "$tree"
}
[ "$1" != --store ] || { store "$2"; exit; }

image=$(readlink -f "$1") package=$(readlink -f "$2")
mkdir -p "$3/debs"
folder=$(readlink -f "$3")
root=$folder/root
trap 'umount "$root/proc" 2>/dev/null || :; rm -rf "$root"' EXIT

in_guest() {
  chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}

# The mirrors that built the image, for as long as this takes.
guests_apt() {
  in_guest apt-get -q -y -o Dir::Etc::SourceList=/sources -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

unpack_guest() {
  mkdir -p "$root"
  tar -C "$root" --numeric-owner -xpf "$image/root.tar"
  mount -t proc proc "$root/proc"
  cp "$image/sources" "$root/sources"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  cp "$package" "$root/package.deb"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod 755 "$root/usr/sbin/policy-rc.d"
}

fetch() {
  guests_apt update
  guests_apt install --download-only /package.deb
  mv "$root"/var/cache/apt/archives/*.deb "$folder/debs/"
  find "$folder/debs" -name '*.deb' -print0 | xargs -0 -P "$(nproc)" -n 1 "$here/pool.sh" --store
  (cd "$folder/debs" && dpkg-scanpackages --multiversion . >Packages)
}

# What tests install later by themselves: in the repository, and not on the disk. tests/vm/test_monitoring.py
fetch_later() {
  guests_apt install --download-only --no-install-recommends prometheus prometheus-alertmanager prometheus-node-exporter \
    prometheus-blackbox-exporter python3-bcrypt python3-aiosmtpd curl openssl
  mkdir "$folder/later"
  mv "$root"/var/cache/apt/archives/*.deb "$folder/later/"
  find "$folder/later" -name '*.deb' -print0 | xargs -0 -P "$(nproc)" -n 1 "$here/pool.sh" --store
  mv "$folder"/later/*.deb "$folder/debs/" && rmdir "$folder/later"
  (cd "$folder/debs" && dpkg-scanpackages --multiversion . >Packages)
}

# As dependencies, so that removing the package later may remove them as on any machine.
install_dependencies() {
  mkdir "$root/debs"
  cp "$folder"/debs/*.deb "$root/debs/"
  in_guest sh -c 'apt-get -q -y install --no-install-recommends /debs/*.deb && apt-mark auto $(cd /debs && ls | sed "s/_.*//") >/dev/null'
}

clean_guest() {
  umount "$root/proc"
  rm -rf "$root"/{debs,package.deb,sources} "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf" "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin
}

unpack_guest
fetch
install_dependencies
fetch_later
clean_guest
"$here/disk.sh" "$root" "$folder/ready.img"
