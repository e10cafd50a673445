#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A backup of Prometheus' data while it runs: a snapshot, an archive of that, and the snapshot is deleted. The live directory is
# no backup: it changes while tar reads it.
set -euo pipefail

usage() {
  cat <<'EOF'
backup-prometheus.sh [--url URL] [--data DIRECTORY] [--curl-config FILE] ARCHIVE.tar.gz
  --url          of Prometheus, http://127.0.0.1:9090. It must run with --web.enable-admin-api
  --data         its --storage.tsdb.path on this machine, /var/lib/prometheus/metrics2
  --curl-config  options for curl, such as `user = "name:password"` and `cacert = "…"`; a password belongs here, not above
Exit: 0 done, 1 not done, 2 wrong use.
EOF
}

die() { echo "backup-prometheus: $*" >&2; exit 1; }
wrong() { echo "backup-prometheus: $*" >&2; usage >&2; exit 2; }

url=http://127.0.0.1:9090 data=/var/lib/prometheus/metrics2 archive='' curl_config=/dev/null
while [ $# -gt 0 ]; do
  case $1 in
    --url | --data | --curl-config)
      [ $# -ge 2 ] || wrong "$1 wants a value"
      case $1 in --url) url=$2 ;; --data) data=$2 ;; *) curl_config=$2 ;; esac
      shift 2 ;;
    --help) usage; exit 0 ;;
    -*) wrong "no option $1" ;;
    *) [ -z "$archive" ] || wrong "one archive, not two"; archive=$1; shift ;;
  esac
done
[ -n "$archive" ] || wrong "no archive is named"
[ ! -e "$archive" ] || die "$archive is there already"
[ -d "$data" ] || die "no directory $data: --data is Prometheus' --storage.tsdb.path on this machine"
command -v curl >/dev/null || die "curl is not installed"
umask 077

answer=$(curl -q --config "$curl_config" --silent --show-error --max-time 600 -X POST "${url%/}/api/v1/admin/tsdb/snapshot") ||
  die "no answer from $url"
case $answer in
  *'admin APIs disabled'*) die "Prometheus refuses: it runs without --web.enable-admin-api" ;;
esac
name=$(sed -nE 's/.*"status": *"success".*"name": *"([0-9A-Za-z-]+)".*/\1/p' <<<"$answer")
[ -n "$name" ] || die "Prometheus made no snapshot: ${answer:0:300}"
snapshot=$data/snapshots/$name
[ -d "$snapshot" ] || die "snapshot $name is not in $data/snapshots: is $data the directory of this Prometheus?"

unfinished=$archive.unfinished
trap 'rm -rf -- "$snapshot" "$unfinished"' EXIT
compgen -G "$snapshot/*/meta.json" >/dev/null || die "the snapshot is empty: Prometheus has no data yet"
tar -C "$data/snapshots" -czf "$unfinished" -- "$name" || die "cannot write $archive"
tar -tzf "$unfinished" >/dev/null || die "$archive cannot be read back"
sync -- "$unfinished"
mv -- "$unfinished" "$archive"
echo "$archive: $(du -h -- "$archive" | cut -f1), snapshot $name"
