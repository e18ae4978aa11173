#!/bin/sh
# Installs the Debian packages named on the command line that are missing. Fails, with the reason, when it cannot.
set -eu
cd "$(dirname "$0")/.."
. deploy/say.sh

missing=
for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null 2>&1 ||
    fail "这台机器没有 apt-get，请自行安装：$missing" "There is no apt-get on this machine; please install:$missing"
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    fail "没有安装系统软件包的权限，请管理员执行：apt-get install$missing" \
        "No right to install system packages. Ask the administrator for: apt-get install$missing"
fi

say "正在安装系统软件包：$missing" "Installing system packages:$missing"
install() {
    # shellcheck disable=SC2086  # both are lists of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing </dev/null >/dev/null
}
install 2>/dev/null || { $as_root apt-get update -qq && install; } ||
    fail "系统软件包没有装上，原因见上：$missing" "System packages could not be installed, see above:$missing"
