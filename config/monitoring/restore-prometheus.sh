#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Data of backup-prometheus.sh for a Prometheus that is stopped and has none.
set -euo pipefail

usage() {
  cat <<'EOF'
restore-prometheus.sh ARCHIVE.tar.gz DIRECTORY
  DIRECTORY  Prometheus' --storage.tsdb.path, such as /var/lib/prometheus/metrics2: empty, or not there yet
Exit: 0 done, 1 not done, 2 wrong use.
EOF
}

die() { echo "restore-prometheus: $*" >&2; exit 1; }

case ${1:-} in --help) usage; exit 0 ;; esac
[ $# -eq 2 ] || { usage >&2; exit 2; }
archive=$1 data=${2%/}
[ -r "$archive" ] || die "cannot read $archive"
mkdir -p -- "$(dirname -- "$data")"
if [ -d "$data" ]; then
  [ -z "$(ls -A -- "$data")" ] || die "$data is not empty: stop Prometheus and move what is there aside"
  owner=$(stat -c %u:%g -- "$data")
else
  owner=$(stat -c %u:%g -- "$(dirname -- "$data")")
fi

# Beside the place it is for, so that the last step is a rename.
unpacked=$(mktemp -d -- "$data.restore.XXXXXX")
trap 'rm -rf -- "$unpacked"' EXIT
tar -C "$unpacked" --no-same-owner -xzf "$archive" || die "$archive cannot be unpacked"
shopt -s nullglob
found=("$unpacked"/*)
[ ${#found[@]} -eq 1 ] || die "$archive is none of backup-prometheus.sh: it has ${#found[@]} directories"
snapshot=${found[0]}
compgen -G "$snapshot/*/meta.json" >/dev/null || die "$archive has no blocks of Prometheus"
chmod 0755 -- "$snapshot"
[ "$(id -u)" -ne 0 ] || chown -R -- "$owner" "$snapshot"
[ ! -d "$data" ] || rmdir -- "$data"
mv -T -- "$snapshot" "$data"
echo "$data: $(find "$data" -mindepth 2 -maxdepth 2 -name meta.json | wc -l) blocks of ${archive##*/}"
