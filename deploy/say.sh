# Sentences for people in both languages, by the rule of callbot/language.py. Sourced by the other scripts.

chinese() {
    case "${CALLBOT_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-zh}}}}" in
    zh* | ZH* | Zh*) return 0 ;;
    *) return 1 ;;
    esac
}

say() { # $1: Chinese, $2: English
    if chinese; then printf '%s\n' "$1"; else printf '%s\n' "$2"; fi
}

fail() {
    say "$1" "$2" >&2
    exit 1
}
