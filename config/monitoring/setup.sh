#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Prometheus, Alertmanager and their exporters beside the daemon, of Debian's packages and the files of this folder.
set -Eeuo pipefail
trap 'printf "setup.sh: stopped at %s, line %s\n" "${BASH_SOURCE[0]##*/}" "$LINENO" >&2' ERR
shopt -s lastpipe # what `… | lay` remembers is remembered here
umask 022 # the services are other users; what is secret gets its mode by itself
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)

usage() {
  cat <<'EOF'
setup.sh setup|start|stop|restart|status|logs [SERVICE] [OPTIONS]

  setup      installs the packages, lays the files, starts the services. Again: changes what is not as it should be.
  start, stop, restart, status, logs: all services of it, or one (prometheus, alertmanager, node-exporter, …)

  --admin NAME          the administrator in whose name Alertmanager sends the daemon its alerts; the first time only
  --public-url URL      where runbooks are (the daemon's server.public_url)
  --daemon URL          where the daemon listens, for probes from outside (as last time, else
                        https://localhost:8000); behind a proxy with tls: off http://localhost:8000
  --with LIST           also, between commas: postgres, redis, pushgateway
  --password-file FILE  the password of Prometheus' and Alertmanager's pages; without it one is made
  --replace             take our files also where you changed them; yours are kept beside
  --config FILE         the daemon's configuration (/etc/porchlight/porchlight.yaml)
  --state DIR           its storage.path (/var/lib/porchlight)
  --porchlight PROGRAM  (porchlight)
  --no-install          no packages are installed
  --root DIR            lay everything under DIR: nothing is installed, and no service touched
EOF
}

# shellcheck source=config/monitoring/setup-lib.sh
. "$here/setup-lib.sh"
# shellcheck source=config/monitoring/setup-files.sh
. "$here/setup-files.sh"

action='' service='' root='' admin='' public_url='' daemon='' password_file='' replace='' install=1
config=/etc/porchlight/porchlight.yaml state=/var/lib/porchlight porchlight=porchlight
with=()

read_arguments() {
  local value
  while [ $# -gt 0 ]; do
    case $1 in
      --admin|--public-url|--daemon|--with|--password-file|--config|--state|--porchlight|--root)
        [ $# -gt 1 ] || die "$1 wants a value"
        value=$2
        case $1 in
          --admin) admin=$value ;;
          --public-url) public_url=${value%/} ;;
          --daemon) daemon=${value%/} ;;
          --with) IFS=, read -ra with <<<"$value" ;;
          --password-file) password_file=$value ;;
          --config) config=$value ;;
          --state) state=$value ;;
          --porchlight) porchlight=$value ;;
          --root) root=$(readlink -m "$value") ;;
        esac
        shift 2 ;;
      --replace) replace=1; shift ;;
      --no-install) install=''; shift ;;
      -h|--help) usage; exit 0 ;;
      -*) die "unknown option $1; --help lists them" ;;
      *)
        if [ -z "$action" ]; then action=$1
        elif [ -z "$service" ]; then service=$1
        else die "too many words: $1"
        fi
        shift ;;
    esac
  done
}

check_arguments() {
  local one
  for one in "${with[@]}"; do
    [ -f "$here/jobs/$one.yml" ] || die "--with knows postgres, redis and pushgateway, not '$one'"
  done
  for one in "$public_url" "$daemon"; do [ -z "$one" ] || check_address "$one"; done
}

# Nothing in it may mean something to sed or YAML.
check_address() {
  [[ $1 =~ ^https?://[][A-Za-z0-9.:_/~%-]+$ ]] || die "'$1' is no http:// or https:// address"
}

units() {
  local one
  echo prometheus prometheus-alertmanager prometheus-node-exporter prometheus-blackbox-exporter
  for one in postgres redis; do
    is_chosen "$one" "prometheus-$one-exporter" && echo "prometheus-$one-exporter"
  done
  if is_chosen pushgateway prometheus-pushgateway; then echo prometheus-pushgateway; fi
}

# Named by --with, or laid by an earlier run.
is_chosen() { # NAME UNIT
  local one
  for one in "${with[@]}"; do [ "$one" != "$1" ] || return 0; done
  is_recorded "/etc/default/$2"
}

# The units meant by SERVICE: all without one.
meant() {
  local unit known
  read -ra known <<<"$(units | tr '\n' ' ')"
  for unit in "${known[@]}"; do
    if [ -z "$service" ] || [ "$unit" = "$service" ] || [ "$unit" = "prometheus-$service" ]; then echo "$unit"; fi
  done
}

control() {
  local -a chosen
  [ -z "$root" ] || die "$action: --root has files only; there is no service in it"
  mapfile -t chosen < <(meant)
  [ ${#chosen[@]} -gt 0 ] || die "no service '$service'; there are: $(units | tr '\n' ' ')"
  case $action in
    start|stop|restart) systemctl "$action" "${chosen[@]}" ;;
    logs) journalctl --no-pager -n 200 "${chosen[@]/#/--unit=}" ;;
    status) status_of "${chosen[@]}" || exit 1 ;;
  esac
}

# One line each; fails when one does not run.
status_of() {
  local unit state_of bad=0
  for unit in "$@"; do
    state_of=$(systemctl is-active "$unit" || true)
    printf '%-32s %s\n' "$unit" "$state_of"
    [ "$state_of" = active ] || bad=1
  done
  return $bad
}

install_packages() {
  local -a wanted missing=()
  local package
  read -ra wanted <<<"$(units | tr '\n' ' ') openssl python3-bcrypt curl"
  for package in "${wanted[@]}"; do
    [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" ||
    die "apt-get could not install ${missing[*]}; 'apt-get update' may help"
}

run_services() {
  local -a all
  if [ -n "$root" ]; then say "--root: no service was started"; return; fi
  mapfile -t all < <(meant)
  [ ! -e "$(pending)" ] || systemctl daemon-reload
  systemctl enable -q "${all[@]}"
  if [ ! -e "$(pending)" ]; then systemctl start "${all[@]}"; return; fi
  systemctl restart "${all[@]}"
  if grep -qF /40-monitoring.yaml "$(pending)" && systemctl is-active -q porchlight; then
    say "restarting porchlight: it reads metrics.listen at its start"
    systemctl restart porchlight
  fi
  rm "$(pending)"
}

setup() {
  [ -z "$service" ] || die "setup knows no single service"
  [ -n "$root" ] || [ "$(id -u)" = 0 ] || die "setup needs root: sudo $0 setup …"
  check_daemon
  if [ -n "$install" ] && [ -z "$root" ]; then install_packages; fi
  check_tools
  lay_all
  check_laid
  run_services
  report
}

read_arguments "$@"
check_arguments
case $action in
  setup) setup ;;
  start|stop|restart|status|logs) control ;;
  '') usage >&2; exit 2 ;;
  *) die "unknown action '$action'; --help lists them" ;;
esac
