#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Debian's kernels are built without gpio-sim and v4l2loopback. Builds the one from Debian's own kernel source, the other from its
# package (fetched into /module), against Debian's own headers, inside the build chroot: module.sh SOURCE-PACKAGE KERNEL-RELEASE
set -euo pipefail
source=$1 release=$2

mkdir -p /module/tree /module/build
tar -xJf "/usr/src/$source.tar.xz" -C /module/tree --strip-components=1 "$source/drivers/gpio" "$source/kernel/irq/irq_sim.c"
cd /module/build
cp ../tree/drivers/gpio/gpio-sim.c ../tree/drivers/gpio/gpiolib.h ../tree/kernel/irq/irq_sim.c .

# irq_to_desc() is not exported to modules; this is the same descriptor by an exported way.
sed -i -e 's/irq_to_desc(irqnum)/irq_data_to_desc(irq_get_irq_data(irqnum))/' \
       -e 's/#include <linux\/irq.h>/&\n#include <linux\/irqdesc.h>/' irq_sim.c

objects='gpio-sim.o irq_sim.o'
# Newer kernels keep a part of gpio-sim in files of its own.
for extra in ../tree/drivers/gpio/dev-sync-probe.[ch]; do
  [ -e "$extra" ] || continue
  cp "$extra" .
  case $extra in *.c) objects+=' dev-sync-probe.o' ;; esac
done
printf 'obj-m := rig_gpio_sim.o\nrig_gpio_sim-y := %s\n' "$objects" >Kbuild
make -C "/usr/src/linux-headers-$release" M="$PWD" CONFIG_DEBUG_INFO_BTF_MODULES= modules

cd /module
dpkg-deb -x v4l2loopback-dkms_*.deb loop
loop=$(echo /module/loop/usr/src/v4l2loopback-*)
make -C "/usr/src/linux-headers-$release" M="$loop" CONFIG_DEBUG_INFO_BTF_MODULES= modules
cp "$loop/v4l2loopback.ko" /module/
