#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A Debian of another suite or for another architecture, to build and to test in. Needs root.
#
# usage: chroot.sh CACHE SUITE ARCH archives
#        chroot.sh CACHE SUITE ARCH current|make TREE
#        chroot.sh CACHE SUITE ARCH run [--emulate] [--bind FROM:TO]... TREE COMMAND...
#
# archives  what this machine's apt reads from; the first Debian mirror among them is used
# current   is there a chroot, made from what debian/control of TREE asks for now?
# make   CACHE/chroot/SUITE-ARCH from Debian packages. Programs in it are this machine's; libraries are
#        ARCH's as well.
# run    COMMAND in it, as the owner of TREE, which is /porchlight there. No network but loopback.
#        --emulate lets ARCH's programs start (qemu) while the command runs.
set -euo pipefail

say() { printf '· %s\n' "$*" >&2; }
die() { printf 'dev: %s\n' "$*" >&2; exit 1; }

self=$(readlink -f "$0")
native=$(dpkg --print-architecture)
cache=$1 suite=$2 arch=$3 action=$4; shift 4
root=$cache/chroot/$suite-$arch
profiles=pkg.porchlight.models  # the models are handed in: no npm
[ "$arch" = "$native" ] || profiles+=,cross

# Made by one while nobody is in it, used by many; a lock goes with the last process that has it open.
lock() {  # --exclusive|--shared
  mkdir -p "$cache/chroot"
  exec 9>"$root.lock"
  flock -n "$1" 9 || { say "waiting for another run in $root"; flock "$1" 9; }
}

# ---- make -------------------------------------------------------------------------------------

extra_packages() {
  echo debhelper lintian iproute2
  [ "$arch" = "$native" ] || echo "crossbuild-essential-$arch" qemu-user-static
}

# What the chroot is made from: when this changes, it is made again.
recipe() {
  echo "$suite $arch $profiles" "$(extra_packages)"
  sed -n '/^Build-Depends/,/^[^ ]*$/p' "$1/debian/control"
}

# apt's own reading of its sources, so that both formats and every option count.
apt_archives() {
  apt-get --print-uris update 2>/dev/null | sed -nE "s#^'([^']+)/dists/[^']*/InRelease' .*#\1#p" | awk '!seen[$0]++'
}

# The first of this machine's archives that is Debian's and has the suite.
mirror() {
  local archive release
  release=$(mktemp)
  for archive in $(apt_archives); do
    /usr/lib/apt/apt-helper download-file "$archive/dists/$suite/InRelease" "$release" >/dev/null 2>&1 || continue
    if grep -qx 'Origin: Debian' "$release" && grep -qxE "(Suite|Codename): $suite" "$release"; then
      rm -f "$release"; echo "$archive"; return
    fi
  done
  rm -f "$release"
  die "none of apt's sources on this machine is a Debian mirror with the suite '$suite'"
}

proxy_options() {
  apt-config dump --format '%f "%v";%n' Acquire | grep -E '^Acquire::[a-z]+::([^ ]+::)?Proxy ' | sed 's/^/--aptopt=/' || :
}

is_current() { [ "$(recipe "$1")" = "$(cat "$root.recipe" 2>/dev/null)" ]; }

make_chroot() {
  local tree=$1 part=$root.part archive wanted
  wanted=$(recipe "$tree")
  lock --exclusive
  ! is_current "$tree" || return 0  # made while we waited
  command -v mmdebstrap >/dev/null || die "mmdebstrap is missing: apt install mmdebstrap"
  archive=$(mirror)
  say "making the chroot $root from $archive"
  rm -rf --one-file-system "$root" "$part"
  rm -f "$root.recipe"
  mkdir -p "$part" "$cache/ccache"
  local architectures=$native proxies
  [ "$arch" = "$native" ] || architectures+=,$arch
  mapfile -t proxies < <(proxy_options)
  mmdebstrap --mode=root --variant=buildd --architectures="$architectures" "${proxies[@]}" \
    --include="$(extra_packages | tr ' \n' ',' | sed 's/,$//')" \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --customize-hook='mkdir -p "$1/wanted/debian" "$1/porchlight" "$1/ccache"' \
    --customize-hook="copy-in '$tree/debian/control' /wanted/debian" \
    --customize-hook="chroot \"\$1\" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 build-dep --no-install-recommends -a $arch -P $profiles /wanted" \
    --customize-hook='printf "127.0.0.1 localhost\n::1 localhost\n" >"$1/etc/hosts"' \
    "$suite" "$part" "deb $archive $suite main" || die "cannot make the chroot"
  mv "$part" "$root"
  echo "$wanted" >"$root.recipe"
}

# ---- run --------------------------------------------------------------------------------------

# The scratch folders of runs that were killed.
sweep() {
  ! flock -n --exclusive 9 || rm -rf --one-file-system "$root".tmp.*
  flock --shared 9
}

# In name spaces of their own: mounts, processes and network end with them, however that comes about.
run() {
  [ -d "$root/porchlight" ] || die "no chroot $root"
  lock --shared
  sweep
  scratch=$(mktemp -d "$root.tmp.XXXXXX")
  chmod 1777 "$scratch"
  trap 'rm -rf --one-file-system "$scratch"' EXIT
  scratch=$scratch unshare --mount --pid --fork --net --kill-child=SIGTERM bash "$self" "$cache" "$suite" "$arch" inside "$@" <&0 &
  local spaces=$!
  trap 'kill -KILL $spaces; wait $spaces; exit 143' TERM INT HUP  # unshare itself ignores the gentle ones
  wait $spaces
}

mount_system() {
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  mount --bind "$scratch" "$root/tmp"
}

# bind FROM TO: TO is a path in the chroot.
bind() {
  mkdir -p "$1" "$root$2"
  mount --bind "$1" "$root$2"
}

# Entries of binfmt_misc are seen by the whole machine, so ours goes when we go. Before Linux 6.7 an
# entry outlives its mount, hence the trap.
binfmt=/proc/sys/fs/binfmt_misc
register_emulator() {
  local kind=$root/usr/share/binfmts/qemu-$(machine) magic mask
  [ -e $binfmt/register ] || mount -t binfmt_misc binfmt_misc $binfmt 2>/dev/null ||
    die "cannot run $arch programs: this kernel does not offer binfmt_misc (modprobe binfmt_misc)"
  magic=$(sed -n 's/^magic //p' "$kind") mask=$(sed -n 's/^mask //p' "$kind")
  ! grep -slx "magic $(tr -d '\\x' <<<"$magic")" "$binfmt"/[!rs]* | grep -qv /porchlight- || return 0  # the machine's own
  entry=porchlight-$arch-$BASHPID
  printf ':%s:M::%s:%s:%s:PF' "$entry" "$magic" "$mask" "$root$(sed -n 's/^interpreter //p' "$kind")" >$binfmt/register ||
    die "cannot run $arch programs: the kernel refuses qemu as their interpreter"
  trap 'echo -1 2>/dev/null >"$binfmt/$entry" || :' EXIT
}

machine() {
  case $arch in
    arm64) echo aarch64 ;;
    *) die "do not know how to emulate $arch" ;;
  esac
}

# The first process of the name spaces: what it starts ends with it.
inside() {
  local emulate=0 tree owner
  trap 'exit 143' TERM INT HUP
  mount_system
  bind "$cache/ccache" /ccache
  while :; do
    case $1 in
      --emulate) emulate=1; shift ;;
      --bind) binds+=("$2"); shift 2 ;;
      *) break ;;
    esac
  done
  tree=$1 owner=$(stat -c %u:%g "$1"); shift
  bind "$tree" /porchlight
  for pair in "${binds[@]}"; do bind "${pair%%:*}" "${pair#*:}"; done
  chown "$owner" "$cache/ccache"
  chroot "$root" ip link set lo up
  [ $emulate = 0 ] || register_emulator
  chroot --userspec="$owner" "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 \
    CCACHE_DIR=/ccache JOBS="${JOBS:-}" WERROR="${WERROR:-}" PORCHLIGHT_PREPARED=1 PORCHLIGHT_REVISION="${PORCHLIGHT_REVISION:-}" \
    sh -c 'cd /porchlight && exec "$@"' sh "$@" <&0 &
  wait $!
}

binds=()
main() {
  case $action in
    make) make_chroot "$@" ;;
    run) run "$@" ;;
    inside) inside "$@" ;;
    archives) apt_archives ;;
    current) is_current "$@" ;;
    *) die "chroot.sh: unknown action '$action'" ;;
  esac
}

main "$@"; exit
