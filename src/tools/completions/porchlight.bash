# SPDX-License-Identifier: Apache-2.0
# Completion of porchlight for bash. The words are the program's own: it is asked for its help.

_porchlight_words() {  # COMMAND…: the subcommands and options that the help of these names
  "${COMP_WORDS[0]}" "$@" --help 2>/dev/null |
    sed -nE '/^(Subcommands|Options):/,$ { s/^  ([a-z][a-z-]*)(,? .*)?$/\1/p; s/^  (-[a-z],)?(--[a-z-]+).*$/\2/p }'
}

_porchlight() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local -a given=()
  local word
  case $previous in
    -c|--config|--pairs|--token-file|--ca-file|--secrets-dir|--yaml|--out|--key) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
  esac
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == [a-z]* && ${#given[@]} -lt 2 ]] && given+=("$word")
  done
  [[ $previous == --role ]] && { mapfile -t COMPREPLY < <(compgen -W 'admin user viewer monitor' -- "$current"); return; }
  [[ $previous == --state ]] && { mapfile -t COMPREPLY < <(compgen -W 'dead pending all' -- "$current"); return; }
  [[ $previous == --kind ]] && { mapfile -t COMPREPLY < <(compgen -W 'scrape alerts' -- "$current"); return; }
  case ${given[*]} in
    'faces enrol'|'faces enroll'|'faces identify'|'footage verify')
      mapfile -t COMPREPLY < <(compgen -f -W "$(_porchlight_words "${given[@]}")" -- "$current"); return ;;
    'people list-as')
      mapfile -t COMPREPLY < <(compgen -W "known blacklisted $(_porchlight_words "${given[@]}")" -- "$current"); return ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$(_porchlight_words "${given[@]}")" -- "$current")
}

complete -o filenames -o bashdefault -F _porchlight porchlight
