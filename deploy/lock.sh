#!/bin/sh
# Locks all dependencies with hashes: dev.lock first, the others with its versions. Options go to `uv pip compile`,
# such as --upgrade. No index is written into the lock files, so that any mirror serves.
set -eu
cd "$(dirname "$0")/.."

compile() {
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-emit-index-url --no-emit-find-links "$@"
}
compile --extra test --extra dev "$@" -o requirements/dev.lock pyproject.toml
compile -c requirements/dev.lock -o requirements/run.lock pyproject.toml
grep -o '"setuptools[^"]*"' pyproject.toml | head -n 1 | tr -d '"' |
    compile -c requirements/dev.lock -o requirements/build.lock -
