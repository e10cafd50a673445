# SPDX-License-Identifier: Apache-2.0
# Completion of porchlight for bash. The words are the program's own: it is asked for its help.

_porchlight_words() {  # COMMAND…: the subcommands and options that the help of these names
  "${COMP_WORDS[0]}" "$@" --help 2>/dev/null |
    sed -nE '/^(Subcommands|Options):/,$ { s/^  ([a-z][a-z-]*)(,? .*)?$/\1/p; s/^  (-[a-z],)?(--[a-z-]+).*$/\2/p }'
}

_porchlight() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local -a path=()
  local word
  case $previous in
    -c|--config|--pairs) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
  esac
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == [a-z]* && ${#path[@]} -lt 2 ]] && path+=("$word")
  done
  case ${path[*]} in
    'faces enrol'|'faces enroll'|'faces identify')
      mapfile -t COMPREPLY < <(compgen -f -W "$(_porchlight_words "${path[@]}")" -- "$current"); return ;;
    'people list-as')
      mapfile -t COMPREPLY < <(compgen -W "known blacklisted $(_porchlight_words "${path[@]}")" -- "$current"); return ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$(_porchlight_words "${path[@]}")" -- "$current")
}

complete -o filenames -o bashdefault -F _porchlight porchlight
