#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The secrets of a central stack, made new in a folder: secrets.sh DIR [NAME…]; NAMEs go into the certificate. What is there
# stays. Files are 0644 in a folder 0700: a container is handed single files, and reads those as a user of its own.
set -Eeuo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
[ $# -gt 0 ] || { echo "secrets.sh DIR [NAME…]" >&2; exit 2; }
root='' folder=$1 certificate_is_new='' no_group='' replace=''
shift
# shellcheck source=config/monitoring/setup-lib.sh
. "$here/setup-lib.sh"

mkdir -p "$folder"
chmod 0700 "$folder"
for name in web.password grafana-admin.password grafana-secret.key; do
  [ -s "$folder/$name" ] || make_password | tr -d '\n' >"$folder/$name"
done
make_certificate "$folder/web.crt" "$folder/web.key" prometheus alertmanager grafana "$@"
hash=$(web_hash "$folder/web.password" "$folder/web.yml")
fill_web_yml "$hash" >"$folder/web.yml.part"
mv "$folder/web.yml.part" "$folder/web.yml"
# As Loki reads a login: what stands behind "Authorization: Basic".
printf 'monitor:%s' "$(<"$folder/web.password")" | base64 -w 0 >"$folder/alertmanager.login"
# Alertmanager refuses to start with an authority that is none.
if [ ! -s "$folder/porchlight-ca.crt" ]; then cp "$folder/web.crt" "$folder/porchlight-ca.crt"; fi
if cmp -s "$folder/web.crt" "$folder/porchlight-ca.crt"; then
  say "$folder/porchlight-ca.crt is a stand-in: put the device's /ca.crt in its place, or nothing reaches the device"
fi
# What only you know. Compose starts nothing while a file is missing, so an empty one stands in.
for name in porchlight.token porchlight-smtp.password porchlight-slack.url porchlight-pagerduty.key postgres.password \
  redis.password; do
  [ -e "$folder/$name" ] || : >"$folder/$name"
  [ -s "$folder/$name" ] || say "empty $folder/$name: fill it where it is needed (compose.yml says for what)"
done
chmod 0644 "$folder"/*
say "Grafana: user admin, password in $folder/grafana-admin.password; Prometheus and Alertmanager: user monitor, password in $folder/web.password"
