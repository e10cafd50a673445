# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
# Of setup.sh: what is laid where. Variables: see setup.sh.

no_group='' certificate_is_new='' authority=''

# The short list of channels may stand in the service's environment alone (`systemctl edit porchlight`), where the command
# below would not see it: its receivers would be missing, and nothing would say so.
use_environment_of_service() {
  local pid found
  [ -z "$root" ] && [ -z "${NOTIFICATION_CHANNELS:-}" ] || return 0
  pid=$(systemctl show -p MainPID --value porchlight 2>/dev/null) || return 0
  [ "${pid:-0}" -gt 0 ] && [ -r "/proc/$pid/environ" ] || return 0
  found=$(tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^NOTIFICATION_CHANNELS=//p') || return 0
  [ -z "$found" ] || export NOTIFICATION_CHANNELS="$found"
}

check_daemon() {
  command -v "$porchlight" >/dev/null ||
    die "no program '$porchlight': install the package porchlight first, or name it with --porchlight"
  [ -r "$config" ] || die "cannot read the daemon's configuration $config; --config names another"
  use_environment_of_service
  "$porchlight" check --config "$config" >"$work/check" || die "the daemon's configuration has faults:
$(cat "$work/check")"
  "$porchlight" config alertmanager --config "$config" >"$work/alertmanager.yml" 2>"$work/errors" ||
    die "porchlight config alertmanager: $(cat "$work/errors")"
  find_authority
}

# The house's own; where the daemon has a certificate of yours, or a proxy before it, there is none: then whom everybody trusts.
find_authority() {
  authority=$state/tls/ca.pem
  [ ! -s "$authority" ] || return 0
  ! grep -qF porchlight-ca.crt "$work/alertmanager.yml" ||
    die "no $state/tls/ca.pem: start the daemon once (systemctl start porchlight), or name its storage.path with --state"
  authority=/etc/ssl/certs/ca-certificates.crt
  [ -s "$authority" ] || die "no $authority: apt install ca-certificates"
}

check_tools() {
  command -v openssl >/dev/null || die "no openssl: apt install openssl"
  /usr/bin/python3 -c 'import bcrypt' 2>/dev/null || die "no bcrypt: apt install python3-bcrypt"
}

# The daemon's public_url is where Alertmanager finds it, unless there is none.
find_public_url() {
  [ -z "$public_url" ] || return 0
  public_url=$(sed -nE '/\/api\/v1\/alerts\/webhook/ {s|.*url: "?(https?://[^"]*)/api/v1/alerts/webhook.*|\1|p; q}' "$work/alertmanager.yml")
  [ -n "$public_url" ] || public_url=$daemon
  check_address "$public_url"
  [[ ! $public_url =~ ^https?://localhost ]] ||
    say "links to runbooks lead to $public_url and work on this machine only; server.public_url is for that"
}

# As the last run had it, unless it is named.
find_daemon() {
  local laid=$root/etc/prometheus/prometheus.yml
  [ -n "$daemon" ] || [ ! -f "$laid" ] || daemon=$(sed -nE 's|^ *- (https?://[^ ]+)/health/live *$|\1|p' "$laid" | head -n 1)
  [ -n "$daemon" ] || daemon=https://localhost:8000
  check_address "$daemon"
}

lay_all() {
  find_daemon
  find_public_url
  lay_secrets
  lay_rules
  lay_prometheus
  lay /etc/prometheus/blackbox.yml 0644 <"$here/blackbox.yml"
  lay_clients
  lay /etc/prometheus/alertmanager.yml 0640 <"$work/alertmanager.yml"
  lay_arguments
  lay_metrics_listen
  lay_dashboards
}

lay_secrets() {
  local etc=$root/etc/prometheus hash
  mkdir -p "$etc"
  lay /etc/prometheus/porchlight-ca.crt 0644 <"$authority"
  lay_token
  if [ -n "$password_file" ]; then
    [ -r "$password_file" ] || die "cannot read $password_file"
    check_password "$password_file"
    tr -d '\n' <"$password_file" | lay /etc/prometheus/porchlight-web.password 0640
  elif [ ! -s "$etc/porchlight-web.password" ]; then
    make_password | tr -d '\n' | lay /etc/prometheus/porchlight-web.password 0640
  fi
  make_certificate "$etc/porchlight-web.crt" "$etc/porchlight-web.key" "$(uname -n)"
  [ -z "$certificate_is_new" ] || note_change /etc/prometheus/porchlight-web.crt
  hash=$(web_hash "$etc/porchlight-web.password" "$etc/web.yml")
  fill_web_yml "$hash" | lay /etc/prometheus/web.yml 0640
}

# Made once: it does not expire, and each call would make another.
lay_token() {
  local token
  [ ! -s "$root/etc/prometheus/porchlight.token" ] || return 0
  [ -n "$admin" ] || die "Alertmanager needs a token for the daemon: name an administrator with --admin
(porchlight users list; porchlight users add NAME --role admin makes one)"
  token=$("$porchlight" users token "$admin" --kind alerts --for alertmanager --config "$config" 2>"$work/errors") ||
    die "no token: $(cat "$work/errors")"
  printf '%s\n' "$token" | lay /etc/prometheus/porchlight.token 0640
}

# For the one who asks: amtool finds its server and login by itself, curl by `-K`. No password on a command line.
lay_clients() {
  local password
  password=$(sed 's/[\\"]/\\&/g' "$root/etc/prometheus/porchlight-web.password")
  lay /etc/prometheus/porchlight-client.yml 0644 <"$here/central/client.yml"
  printf '%s\n' "alertmanager.url: https://localhost:9093" "http.config.file: /etc/prometheus/porchlight-client.yml" |
    lay /etc/prometheus/amtool.yml 0644
  printf '%s\n' "cacert = /etc/prometheus/porchlight-web.crt" "user = \"monitor:$password\"" | lay /etc/prometheus/porchlight-curl 0640
}

lay_rules() {
  local file
  for file in "$here"/rules/*.yml; do lay "/etc/prometheus/rules/${file##*/}" 0644 <"$file"; done
  # What an older version laid and this one has elsewhere: its alerts would be there twice.
  for file in "$root"/etc/prometheus/rules/*.yml; do
    [ -e "$here/rules/${file##*/}" ] || ! is_as_laid "/etc/prometheus/rules/${file##*/}" || take_away "/etc/prometheus/rules/${file##*/}"
  done
}

# Ours, what --with asks for, and the owner's own jobs: one file, because Debian's Prometheus reads no parts of it.
lay_prometheus() {
  local one file
  mkdir -p "$root/etc/prometheus/targets/node" "$root/etc/prometheus/targets/probe" "$root/etc/prometheus/jobs.d"
  {
    sed -e "s|public_url: .*|public_url: \"$public_url\"|" -e "s|https://localhost:8000|$daemon|" \
      -e "s|replacement: localhost}|replacement: \"$(uname -n)\"}|" "$here/prometheus.yml"
    for one in postgres:prometheus-postgres-exporter redis:prometheus-redis-exporter pushgateway:prometheus-pushgateway; do
      if is_chosen "${one%:*}" "${one#*:}"; then grep -v '^#' "$here/jobs/${one%:*}.yml"; fi
    done
    for file in "$root"/etc/prometheus/jobs.d/*.yml; do [ ! -e "$file" ] || cat "$file"; done
  } | lay /etc/prometheus/prometheus.yml 0644
}

lay_arguments() {
  local -a all
  local unit
  read -ra all <<<"$(units | tr '\n' ' ')"
  for unit in "${all[@]}"; do lay "/etc/default/$unit" 0644 <"$here/arguments/$unit"; done
}

# The daemon's second listener, by a file laid over its configuration, which is the owner's and never written. Where some
# file sets the address already, that one stays.
lay_metrics_listen() {
  local folder=$state/config.d file=$state/config.d/40-monitoring.yaml found one
  local -a files=("$config")
  [ ! -e "$file" ] || return 0
  for one in "$folder"/*.yaml; do [ ! -e "$one" ] || files+=("$one"); done
  found=$(sed 's/#.*//' "${files[@]}" |
    awk '/^[^ ]/ {inside = /^metrics:/} inside && match($0, /listen: *["\x27]?[^"\x27 }]+/) {print substr($0, RSTART, RLENGTH)}' |
    sed 's/^listen: *["\x27]*//' | tail -n 1)
  if [ -n "$found" ]; then
    [ "$found" = 127.0.0.1:9464 ] || say "the daemon's metrics.listen is $found: /etc/prometheus/prometheus.yml asks 127.0.0.1:9464; change one of them"
    return 0
  fi
  mkdir -p "$folder"
  printf '# By setup.sh of config/monitoring: where Prometheus reads the numbers.\nmetrics: {listen: "127.0.0.1:9464"}\n' >"$work/listen"
  note_change "$file"
  put "$work/listen" "$file" 0644
  [ "$(id -u)" != 0 ] || chown --reference="$state" "$folder"
}

# Grafana is not in Debian: where it is installed, its provisioning and our dashboards are laid; else they stay where they are.
# Its own grafana.ini is the owner's. It is not of the group prometheus and gets the password in a file of its own.
lay_dashboards() {
  local file own=/etc/grafana/porchlight-web.password
  [ -d "$here/grafana" ] && [ -d "$root/etc/grafana/provisioning" ] || return 0
  while IFS= read -r file; do
    sed "s|/etc/prometheus/porchlight-web.password|$own|" "$file" | lay "/etc/grafana/${file#"$here/grafana/"}" 0644
  done < <(find "$here/grafana/provisioning" -type f | sort)
  while IFS= read -r file; do
    sed "s|https://doorbell.local|$public_url|" "$file" | lay "/var/lib/grafana/${file#"$here/grafana/"}" 0644
  done < <(find "$here/grafana/dashboards" -type f -name '*.json' | sort)
  lay "$own" 0640 <"$root/etc/prometheus/porchlight-web.password"
  [ "$(id -u)" != 0 ] || ! getent group grafana >/dev/null || chgrp grafana "$root$own"
}

# By the programs themselves, before a service reads it. Under --root the paths lead elsewhere: that is for who moves it.
check_laid() {
  local etc=$root/etc/prometheus
  [ -z "$root" ] || return 0
  promtool check config "$etc/prometheus.yml" >"$work/check" 2>&1 || die "promtool refuses $etc/prometheus.yml:
$(tail -5 "$work/check")"
  promtool check web-config "$etc/web.yml" >"$work/check" 2>&1 || die "promtool refuses $etc/web.yml:
$(tail -5 "$work/check")"
  amtool check-config "$etc/alertmanager.yml" >"$work/check" 2>&1 || die "amtool refuses $etc/alertmanager.yml:
$(tail -5 "$work/check")"
}

# A name that this machine does not know (`.local` without mDNS), another port, or a proxy with a certificate of another
# authority: no alert would ever arrive at the daemon, each probe would fail, and nothing would say why.
try_ways_to_daemon() {
  local file=$root/etc/prometheus/alertmanager.yml url
  local -a trust=(--cacert "$root/etc/prometheus/porchlight-ca.crt")
  command -v curl >/dev/null || return 0
  try_way "$daemon" "where probes ask it (--daemon)" "${trust[@]}"
  url=$(sed -nE 's|.*url: "?(https?://[^"]*)/api/v1/alerts/webhook.*|\1|p' "$file" | head -n 1)
  grep -qF porchlight-ca.crt "$file" || trust=()
  [ -z "$url" ] || [ "$url" = "$daemon" ] || try_way "$url" "where Alertmanager calls it (server.public_url)" "${trust[@]}"
}

try_way() { # URL WHAT_FOR CURL_OPTION…
  local url=$1 what=$2
  shift 2
  # It may just have been restarted.
  curl -q -sS --fail -o /dev/null --max-time 10 --retry 5 --retry-connrefused --retry-delay 1 "$@" "$url/health/live" 2>"$work/errors" ||
    say "the daemon does not answer at $url, $what: $(grep '^curl: (' "$work/errors" | tail -n 1)
Does it run? A name this machine does not know wants a line in /etc/hosts: 127.0.0.1 NAME"
}

report() {
  local one
  for one in "${kept[@]}"; do
    say "kept $one, which you changed. Ours lies beside it as $one.porchlight-new: compare (diff), take over what you want, or run with --replace"
  done
  [ -z "$no_group" ] || say "there is no group prometheus here: files with secrets are for their owner only until there is one"
  if [ ${#changed[@]} -eq 0 ]; then say "nothing to change"; else say "laid: ${changed[*]}"; fi
  missing_secrets
  try_ways_to_daemon
  say "Prometheus: https://localhost:9090, Alertmanager: https://localhost:9093, user monitor, password in $root/etc/prometheus/porchlight-web.password"
  if [ -d "$root/etc/grafana/provisioning" ]; then
    say "Grafana: dashboards in /var/lib/grafana/dashboards; it reads its provisioning at its start: systemctl restart grafana-server"
  else
    say "no Grafana here: its dashboards are in $here/grafana"
  fi
}

# What alertmanager.yml reads from files and is not there yet: only its owner knows it.
missing_secrets() {
  local file
  while IFS= read -r file; do
    [ -e "$root$file" ] || say "missing $file, which alertmanager.yml names: sudo install -m 0640 -g prometheus /dev/stdin $file, paste the value, Ctrl-D"
  done < <(sed -nE 's/.*_file: "?(\/[^",}]+).*/\1/p' "$root/etc/prometheus/alertmanager.yml" | sort -u)
}
