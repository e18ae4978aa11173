#!/bin/sh
# callbot's own build of PJSIP, for lines of hundreds of legs: a wheel in place of the one from the index, which carries 4.
#
#   deploy/pjsua2.sh            build (once) and install in .venv
#   deploy/pjsua2.sh --wheel    build (once) and print where the wheel is; .venv keeps what it has
#   deploy/pjsua2.sh --index    back to the wheel of the lock file
#
# The source is pjproject as Debian ships it inside its asterisk source package, from the mirror this machine is
# configured for, checked by sha256. Source, wheels and the choice are kept in var/cache/pjsua2; deploy/setup.sh installs
# what was chosen, so that a new lock file or environment does not undo it.
set -eu
cd "$(dirname "$0")/.."
. deploy/say.sh

. deploy/pjsua2/recipe.sh

cache=var/cache/pjsua2
python=$PWD/.venv/bin/python
source_file=$cache/pjproject-$VERSION.tar.xz

sum_of() { sha256sum "$1" | cut -d ' ' -f 1; }

key() { # what a wheel depends on: recipe, source, Python, compiler, and the system whose libraries it is linked to
    { cat deploy/pjsua2/* && "$python" -VV && cat /etc/os-release && uname -m; } |
        sha256sum | cut -c 1-12
}

fetch_source() {
    [ -f "$source_file" ] && [ "$(sum_of "$source_file")" = "$SOURCE_SHA256" ] && return
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
        head -n 1)
    [ -n "$mirror" ] || fail \
        "这台机器的 apt 没有配置 Debian 主软件源，取不到 PJSIP 的源码。请在 Debian 上编译，或继续用软件包自带的版本（每条线路 4 路）。" \
        "apt on this machine has no Debian main archive to take PJSIP's source from. Build on Debian, or stay with the packaged library (4 calls a line)."
    say "正在从本机配置的 Debian 软件源下载 PJSIP $VERSION 的源码…" \
        "Fetching the source of PJSIP $VERSION from the Debian mirror of this machine ..."
    apt=$work/apt
    mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/source"
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    {
        printf 'Types: deb-src\nURIs: %s\nSuites: unstable\nComponents: main\n' "$mirror"
        [ ! -f "$keyring" ] || printf 'Signed-By: %s\n' "$keyring"
    } >"$apt/sources/unstable.sources"
    private_apt() {
        apt-get -qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$apt/sources" -o Dir::Cache="$apt/cache" \
            -o Dir::State::Lists="$apt/lists" -o APT::Sandbox::User="$(id -un)" "$@" >>"$work/log" 2>&1
    }
    private_apt update || true # hooks of the system may fail in private folders; what counts is the download
    (cd "$apt/source" && private_apt source --download-only asterisk) || give_up \
        "PJSIP 的源码没有下载成功。请检查网络和 apt 的软件源设置。" \
        "PJSIP's source could not be fetched. Check the network and apt's mirror."
    found=
    for file in "$apt"/source/*.orig-Xpjproject.tar.*; do
        [ -f "$file" ] && [ "$(sum_of "$file")" = "$SOURCE_SHA256" ] && found=$file
    done
    [ -n "$found" ] || fail \
        "Debian 的 asterisk 源码包已经更新，里面不再是核对过的 PJSIP $VERSION，因此没有编译。请更新 callbot；在此之前继续用软件包自带的版本（每条线路 4 路）。" \
        "Debian's asterisk source has moved on and no longer carries the PJSIP $VERSION that was checked, so nothing was built. Update callbot; until then stay with the packaged library (4 calls a line)."
    mv "$found" "$source_file"
}

give_up() { # $1: Chinese, $2: English; the end of the log comes first
    tail -n 20 "$work/log" >&2
    fail "$1" "$2"
}

capacity() { # $1: a wheel; prints how many calls it carries
    "$python" -m pip --disable-pip-version-check install --quiet --no-index --no-deps --target "$work/try" "$1" >>"$work/log" 2>&1 &&
        (cd / && PYTHONPATH="$work/try" "$python" -c '
import ctypes, pjsua2
endpoint = pjsua2.Endpoint()
config = pjsua2.EpConfig()
config.logConfig.level = config.logConfig.consoleLevel = 0
config.uaConfig.maxCalls = 10_000
endpoint.libCreate()
endpoint.libInit(config)
print(ctypes.CDLL(pjsua2._pjsua2.__file__).pjsua_call_get_max_count())
endpoint.libDestroy()' 2>>"$work/log" | grep -xE '[0-9]+' | tail -n 1) # PJSIP writes its log to the same place
}

build() {
    missing_headers=$("$python" -c 'import pathlib, sysconfig
print("" if pathlib.Path(sysconfig.get_path("include"), "Python.h").exists() else "python3-dev")')
    # shellcheck disable=SC2086  # lists of words
    sh deploy/debian.sh $BUILD_PACKAGES $missing_headers || exit 1 # it has said why
    mkdir -p "$cache"
    work=$(mktemp -d "${TMPDIR:-/tmp}/callbot-pjsua2.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM
    fetch_source
    say "正在编译 PJSIP $VERSION，约需几分钟…" "Compiling PJSIP $VERSION, some minutes ..."
    compile >>"$work/log" 2>&1 || give_up "PJSIP 编译失败，原因见上。软件包自带的版本（每条线路 4 路）不受影响。" \
        "PJSIP does not compile, see above. The packaged library (4 calls a line) stays as it was."
    calls=$(capacity "$work"/wheel/*.whl) && [ "$calls" -ge 512 ] || give_up \
        "编译出的 PJSIP 不能使用，原因见上。软件包自带的版本（每条线路 4 路）不受影响。" \
        "The PJSIP that was built does not work, see above. The packaged library (4 calls a line) stays as it was."
    mv "$work"/wheel/*.whl "$cache/"
    say "已编译：每条线路最多 $calls 路。" "Built: up to $calls legs a line."
}

wheel() { ls "$cache"/pjsua2_python-*"$key"-*.whl 2>/dev/null | head -n 1; }

if [ "${1:-}" = --index ]; then
    rm -f "$cache/chosen"
    exec sh deploy/setup.sh run
fi
key=$(key)
[ -n "$(wheel)" ] || build >&2
if [ "${1:-}" = --wheel ]; then
    wheel
    exit 0
fi
basename "$(wheel)" >"$cache/chosen"
sh deploy/setup.sh run
say "这台机器的线路现在使用自行编译的 PJSIP。恢复原来的版本：make pjsua2 ARGS=--index" \
    "Lines on this machine now use callbot's own build of PJSIP. To go back: make pjsua2 ARGS=--index"
