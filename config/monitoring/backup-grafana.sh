#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each dashboard of a Grafana as a file of its own, UID.json, in the form that POST /api/dashboards/db takes. The dashboards that
# ship with Porchlight are files already; this is for those that were made or changed by hand.
set -euo pipefail

usage() {
  cat <<'EOF'
backup-grafana.sh [--url URL] [--cacert FILE] TOKEN_FILE DIRECTORY
  --url       of Grafana, http://127.0.0.1:3000
  --cacert    the authority of its certificate
  TOKEN_FILE  has the token of a service account that may view; nobody but you may read the file
Exit: 0 all dashboards are there, 1 not all (each that is not is named), 2 wrong use.
EOF
}

die() { echo "backup-grafana: $*" >&2; exit 1; }
wrong() { echo "backup-grafana: $*" >&2; usage >&2; exit 2; }

url=http://127.0.0.1:3000
trust=()
names=()
while [ $# -gt 0 ]; do
  case $1 in
    --url | --cacert)
      [ $# -ge 2 ] || wrong "$1 wants a value"
      case $1 in --url) url=${2%/} ;; *) trust=(--cacert "$2") ;; esac
      shift 2 ;;
    --help) usage; exit 0 ;;
    -*) wrong "no option $1" ;;
    *) names+=("$1"); shift ;;
  esac
done
[ ${#names[@]} -eq 2 ] || wrong "a file with the token and a directory, please"
token_file=${names[0]} folder=${names[1]}
[ -r "$token_file" ] || die "cannot read $token_file"
for tool in curl jq; do command -v $tool >/dev/null || die "$tool is not installed"; done
token=$(<"$token_file")
[[ $token =~ ^[A-Za-z0-9._=-]+$ ]] || die "$token_file has no token"
umask 077
mkdir -p -- "$folder"

# By curl's standard input: a command line can be read by everybody on the machine.
get() {
  printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl -q --config - "${trust[@]}" --fail --silent --show-error --max-time 60 "$url$1"
}

page_size=1000
all_uids() {
  local page=1 found count
  while :; do
    found=$(get "/api/search?type=dash-db&limit=$page_size&page=$page") || return 1
    count=$(jq 'length' <<<"$found") || return 1
    jq -r '.[].uid' <<<"$found" || return 1
    [ "$count" -eq $page_size ] || return 0
    page=$((page + 1))
  done
}

save() {
  local uid=$1 file=$folder/$1.json
  get "/api/dashboards/uid/$uid" |
    jq -e '{dashboard: (.dashboard | .id = null), folderUid: (.meta.folderUid // ""), overwrite: true} | select(.dashboard.uid)' \
      >"$file.unfinished" && mv -- "$file.unfinished" "$file" && return 0
  rm -f -- "$file.unfinished"
  return 1
}

uids=$(all_uids | sort -u) || die "$url gives no list of its dashboards"
saved=0 missed=0
while IFS= read -r uid; do
  [ -n "$uid" ] || continue
  # What it may be made of; anything else would be a path.
  if ! [[ $uid =~ ^[A-Za-z0-9_-]{1,40}$ ]]; then
    echo "backup-grafana: not saved: '$uid' is no uid" >&2
  elif save "$uid"; then
    saved=$((saved + 1))
    continue
  else
    echo "backup-grafana: not saved: $uid" >&2
  fi
  missed=$((missed + 1))
done <<<"$uids"
echo "$saved dashboards in $folder"
[ "$missed" -eq 0 ] || die "$missed dashboards are not saved"
