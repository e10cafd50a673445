# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
# Of setup.sh and secrets.sh: messages, files that are laid and remembered, certificates and passwords.

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
changed=() kept=()

# What was laid, so that a file its owner changed is told from one of an older version of ours.
record() { printf '%s' "$root/etc/prometheus/porchlight.laid"; }

sum_of() { sha256sum <"$1" | cut -d' ' -f1; }

is_recorded() { [ -r "$(record)" ] && awk -v path="$1" '$2 == path {found = 1} END {exit !found}' "$(record)"; }

is_as_laid() { [ -r "$(record)" ] && grep -qxF "$(sum_of "$root$1")  $1" "$(record)"; }

# As its Debian package brought it.
is_debians() {
  local sum
  sum=$(md5sum <"$root$1" | cut -d' ' -f1)
  dpkg-query -W -f='${Conffiles}\n' 'prometheus*' 2>/dev/null | grep -F " $1 $sum" >/dev/null  # all of it is read: a broken pipe would count
}

remember() { # PATH
  local lines
  mkdir -p "$(dirname "$(record)")"
  lines=$(awk -v path="$1" '$2 != path' "$(record)" 2>/dev/null || true)
  printf '%s\n' "$lines" "$(sum_of "$root$1")  $1" | sed '/^$/d' >"$work/laid"
  put "$work/laid" "$(record)" 0600 # from the checksum of a password that somebody thought up it can be guessed
}

# The services read it at their next start. On the disk, too: a set-up that ends early (no network, a file that promtool refuses)
# leaves them with what they read before, and the next one changes nothing but has to restart them.
pending() { printf '%s' "$root/etc/prometheus/porchlight.pending"; }

note_change() { # PATH
  changed+=("$1")
  [ -n "$root" ] || printf '%s\n' "$1" >>"$(pending)"
}

# lay PATH MODE <CONTENT: 0640 is root:prometheus. What the owner changed stays, and ours lies beside.
lay() {
  local target=$root$1 fresh=$work/fresh
  cat >"$fresh"
  if [ -e "$target" ]; then
    if cmp -s "$fresh" "$target"; then
      is_as_laid "$1" || remember "$1"
      place_rights "$target" "$2"
      return 0
    fi
    if ! is_as_laid "$1"; then
      if [ -z "$replace" ] && ! is_debians "$1"; then
        put "$fresh" "$target.porchlight-new" "$2"
        kept+=("$1")
        return 0
      fi
      cp -p "$target" "$target.before-porchlight"
    fi
  fi
  note_change "$1"
  put "$fresh" "$target" "$2"
  remember "$1"
}

# By a rename: a service never reads half a file.
put() { # FROM TO MODE
  mkdir -p "$(dirname "$2")"
  install -m 0600 "$1" "$2.part"
  place_rights "$2.part" "$3"
  mv -f "$2.part" "$2"
}

# Only root and the services may read what is 0640.
place_rights() { # FILE MODE
  if [ "$2" = 0640 ] && [ "$(id -u)" = 0 ]; then
    if getent group prometheus >/dev/null; then chown root:prometheus "$1"; else no_group=1; fi
  fi
  chmod "$2" "$1"
}

# ---- secrets ----------------------------------------------------------------------------------

make_password() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }

# A self-signed pair, made anew when it ends within 30 days. make_certificate CERT KEY NAME…
make_certificate() {
  local cert=$1 key=$2 names=DNS:localhost,IP:127.0.0.1 name
  shift 2
  if [ -s "$cert" ] && [ -s "$key" ] && openssl x509 -in "$cert" -noout -checkend 2592000 >/dev/null 2>&1; then return 0; fi
  for name in "$@"; do names+=,DNS:$name; done
  mkdir -p "$(dirname "$cert")"
  (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -sha256 \
    -subj "/CN=Porchlight monitoring" -addext "subjectAltName=$names" -addext "extendedKeyUsage=serverAuth" \
    -keyout "$work/key" -out "$work/cert" 2>"$work/openssl.log") || die "openssl made no certificate: $(tail -1 "$work/openssl.log")"
  put "$work/cert" "$cert" 0644
  put "$work/key" "$key" 0640
  certificate_is_new=1
}

# The bcrypt hash of a password; the one that stands in a web.yml already if that fits. web_hash PASSWORD_FILE WEB_YML
web_hash() {
  /usr/bin/python3 - "$1" "$2" <<'EOF'
import bcrypt, pathlib, re, sys
password = pathlib.Path(sys.argv[1]).read_bytes().strip()
web = pathlib.Path(sys.argv[2])
found = re.search(rb'monitor: "?(\$2[aby]\$[^"\s]+)', web.read_bytes()) if web.exists() else None
try:
    fits = found and bcrypt.checkpw(password, found[1])
except ValueError:
    fits = False
print((found[1] if fits else bcrypt.hashpw(password, bcrypt.gensalt(10))).decode())
EOF
}

# web.yml with the hash, which no other program's command line shows.
fill_web_yml() { # HASH
  local text
  text=$(<"$here/web.yml")
  printf '%s\n' "${text//@HASH@/"$1"}"
}

# As good as no password: empty, short, or what bcrypt would cut off.
check_password() { # FILE
  local length
  length=$(tr -d '\n' <"$1" | wc -c)
  [ "$length" -ge 12 ] || die "the password in $1 has $length characters; at least 12 are wanted"
  [ "$length" -le 72 ] || die "the password in $1 has $length bytes; bcrypt reads 72"
}
