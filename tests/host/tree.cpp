// SPDX-License-Identifier: Apache-2.0
#include "host/tree.hpp"

namespace porchlight::host {

std::string stat_of(int pid, int parent, int group, int ticks, int pages) {
  return std::to_string(pid) + " (rpicam) vid) S " + std::to_string(parent) + ' ' + std::to_string(group) +
         " 1 0 -1 4194304 100 0 0 0 " + std::to_string(ticks) + " 0 0 0 20 0 3 0 12345 99999999 " +
         std::to_string(pages) + " 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n";
}

void write_raspberry_pi(Tree& tree) {
  tree.write("proc/stat",
             "cpu  41220 310 15920 2918340 5120 0 890 0 0 0\n"
             "cpu0 10300 80 4000 729500 1300 0 600 0 0 0\n"
             "cpu1 10310 70 3980 729600 1280 0 100 0 0 0\n"
             "cpu2 10290 90 3960 729620 1270 0 100 0 0 0\n"
             "cpu3 10320 70 3980 729620 1270 0 90 0 0 0\n"
             "intr 11223344 0 0 55 0 0\nctxt 20202020\nbtime 1700000000\nprocesses 4321\nprocs_running 1\n"
             "procs_blocked 0\nsoftirq 998877 0 1 2 3 4 5 6 7 8 9\n");
  tree.write("proc/meminfo",
             "MemTotal:        3884348 kB\nMemFree:         2500000 kB\nMemAvailable:    3300000 kB\n"
             "Buffers:           50000 kB\nCached:           700000 kB\nHugePages_Total:       0\n");
  tree.write("proc/loadavg", "0.52 0.31 0.20 1/213 4321\n");
  tree.write("proc/self/mountinfo",
             "21 26 0:20 / /sys rw,nosuid - sysfs sysfs rw\n"
             "26 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw\n"
             "28 21 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n"
             "40 26 8:1 / /mnt/ssd rw,noatime - ext4 /dev/sda1 rw\n");
  tree.link("sys/dev/block/179:2", "../../devices/platform/mmc/block/mmcblk0/mmcblk0p2");
  tree.link("sys/dev/block/8:1", "../../devices/platform/usb/block/sda/sda1");
  tree.make_folder("mnt/ssd/porchlight");
  tree.write("proc/diskstats",
             "   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
             " 179       0 mmcblk0 9000 10 700000 5000 4000 20 90000 8000 0 7000 13000 0 0 0 0 0 0\n"
             " 179       2 mmcblk0p2 8000 10 600000 4500 4000 20 80000 8000 0 7000 12500 0 0 0 0 0 0\n"
             "   8       0 sda 500 0 40000 100 900 0 70000 400 0 300 500 0 0 0 0 12 90\n"
             "   8       1 sda1 480 0 39000 90 900 0 70000 400 0 300 490 0 0 0 0 0 0\n");
  tree.make_folder("sys/class/net/eth0/device");
  tree.make_folder("sys/class/net/wlan0/device");
  tree.make_folder("sys/class/net/lo");
  tree.make_folder("sys/class/net/docker0");
  tree.make_folder("sys/class/net/veth12ab34");
  tree.write("proc/self/net/dev",
             "Inter-|   Receive                                                |  Transmit\n"
             " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
             "fifo colls carrier "
             "compressed\n"
             "    lo: 5000 50 0 0 0 0 0 0 5000 50 0 0 0 0 0 0\n"
             "  eth0: 123456789 1000 3 7 0 0 0 55 987654321 2000 4 8 0 0 0 0\n"
             " wlan0:       0       0    0    0    0     0          0         0        0       0    0    0   "
             " 0     0       0 "
             "         0\n"
             "docker0: 777 7 0 0 0 0 0 0 777 7 0 0 0 0 0 0\n");
  tree.write("proc/self/net/tcp",
             "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n");
  tree.write("proc/self/net/tcp6", "  sl  local_address\n");
  tree.write("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
  tree.write("sys/class/thermal/thermal_zone0/temp", "48312\n");
  tree.make_folder("sys/class/thermal/cooling_device0");
  tree.write("sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n");
  tree.write("proc/self/cgroup", "0::/system.slice/porchlight.service\n");
  const std::string group = "sys/fs/cgroup/system.slice/porchlight.service/";
  tree.write(group + "cgroup.type", "domain\n");
  tree.write(group + "memory.current", "73400320\n");
  tree.write(group + "memory.max", "2983176192\n");
  tree.write(group + "cpu.stat", "usage_usec 12345678\nuser_usec 10000000\nsystem_usec 2345678\n");
}

}  // namespace porchlight::host
