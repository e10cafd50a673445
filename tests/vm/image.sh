#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the machine of the rig: image.sh SUITE FOLDER -> FOLDER/{vmlinuz,initrd,root.img,root.tar,sources}
# Root and Debian's mmdebstrap; no loop device, no network beyond the mirrors that apt uses here.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
suite=$1
mkdir -p "$2"
folder=$(readlink -f "$2")
build=$folder/build root=$folder/root

case $suite in
  bookworm) kernel_source=linux-source-6.1 ;;
  trixie) kernel_source=linux-source-6.12 ;;
  *) echo "image.sh: no kernel source known for '$suite'" >&2; exit 2 ;;
esac

# Beside systemd and a kernel only what the tests hold in their hands, so that a dependency the package
# forgets is missing here too.
packages=(systemd systemd-sysv dbus udev kmod iproute2 procps sudo initramfs-tools zstd e2fsprogs
  qemu-guest-agent gpiod v4l-utils python3)

say() { printf '· %s\n' "$*" >&2; }

# own_sources: the lines for Debian's suite of that name (with updates and security) that apt uses here.
own_sources() {
  apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    awk -F'|' -v suite="$suite" '$2 ~ "^" suite "(-updates|-security)?$" && $3 == "main" {print "deb " $1 " " $2 " main"}' | sort -u
}

# mirrored_sources: another suite comes from the mirror that this machine takes its own from.
mirrored_sources() {
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | grep -m1 -E '/debian/?$')
  [ -n "$mirror" ] && echo "deb $mirror $suite main"
}

write_sources() {
  own_sources >"$folder/sources"
  grep -q " $suite main" "$folder/sources" && return
  mirrored_sources >"$folder/sources" && return
  echo "image.sh: apt knows no mirror of Debian's '$suite': run 'apt-get update', or add one to /etc/apt" >&2
  exit 1
}

# bootstrap INCLUDED-PACKAGES TARGET [OPTION…]
bootstrap() {
  mmdebstrap "${@:3}" --mode=root --variant=minbase --include="$1" --aptopt='Acquire::Languages "none"' \
    --aptopt='Acquire::Retries "3"' --dpkgopt=path-exclude='/usr/share/man/*' --dpkgopt=path-exclude='/usr/share/locale/*' \
    "$suite" "$2" - <"$folder/sources"
}

build_module() {
  # Taken apart, not installed: its maintainer scripts would build for the kernel that runs here.
  bootstrap "gcc,make,xz-utils,linux-headers-amd64,$kernel_source" "$build" \
    --customize-hook='chroot "$1" sh -c "mkdir /module && cd /module && apt-get download v4l2loopback-dkms"'
  local headers
  headers=$(echo "$build"/usr/src/linux-headers-*-amd64)
  release=${headers##*/linux-headers-}
  cp "$here/module.sh" "$build/module.sh"
  chroot "$build" bash /module.sh "$kernel_source" "$release"
}

# The disk's driver in the initrd, and the shares': loaded by the first mount, it would not know the other shares yet when
# they are mounted beside it. Everything else comes from the disk.
write_initrd_list() {
  printf 'MODULES=list\nCOMPRESS=zstd\nBUSYBOX=n\n' >"$root/etc/initramfs-tools/conf.d/rig"
  printf '%s\n' virtio_pci virtio_blk ext4 crc32c_generic 9pnet_virtio 9p >"$root/etc/initramfs-tools/modules"
}

# /rig is written by the guest while it runs and outlives it; /tools and /pool are read.
write_mounts() {
  mkdir -p "$root/rig" "$root/tools" "$root/pool"
  cat >"$root/etc/fstab" <<'FSTAB'
LABEL=rigroot / ext4 rw 0 1
rig /rig 9p trans=virtio,version=9p2000.L,msize=262144 0 0
tools /tools 9p trans=virtio,version=9p2000.L,msize=262144,ro 0 0
pool /pool 9p trans=virtio,version=9p2000.L,msize=262144,ro 0 0
FSTAB
}

set_up_guest() {
  write_initrd_list
  write_mounts
  echo rig >"$root/etc/hostname"
  # The receiver that README's example names.
  printf '127.0.0.1 localhost rig\n203.0.113.7 homeassistant.local\n' >"$root/etc/hosts"
  echo 'deb [trusted=yes] file:/pool ./' >"$root/etc/apt/sources.list"
  install -D -m 644 -t "$root/lib/modules/$release/extra" "$build/module/build/rig_gpio_sim.ko" "$build/module/v4l2loopback.ko"
  chroot "$root" depmod -a "$release"
  chroot "$root" update-initramfs -u -k "$release"
  install -m 644 -t "$root/etc/systemd/system" "$here"/guest/rig-*.service
  chroot "$root" systemctl -q enable rig-gpio.service rig-receiver.service
  chroot "$root" systemctl -q set-default multi-user.target
  # What a board has no use for and every emulated start would pay for.
  printf 'blacklist %s\n' kvm_amd kvm_intel powernow_k8 acpi_cpufreq ahci bochs cirrus drm >"$root/etc/modprobe.d/rig.conf"
  chroot "$root" systemctl -q mask systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer e2scrub_reap.service fstrim.timer getty@tty1.service serial-getty@ttyS0.service \
    modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service systemd-binfmt.service systemd-networkd.service
}

write_disk() {
  cp "$root/boot/vmlinuz-$release" "$folder/vmlinuz"
  cp "$root/boot/initrd.img-$release" "$folder/initrd"
  rm -rf "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  tar -C "$root" --numeric-owner -cf "$folder/root.tar" .
  "$here/disk.sh" "$root" "$folder/root.img"
}

write_sources
say "gpio-sim from Debian's $kernel_source, v4l2loopback from its package"
build_module
say "guest system of $suite"
bootstrap "$(IFS=,; echo "${packages[*]}"),linux-image-$release" "$root"
set_up_guest
say "disk image"
write_disk
rm -rf "$build" "$root"
