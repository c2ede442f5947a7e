#!/usr/bin/env bash
# Installs what the tests need besides pip's packages and is not here yet: build tools, a browser with its driver, tmux, wrk
# and Go's pprof, by apt (Debian, Ubuntu; with sudo unless root), and CPython 3.14 and 3.15 under .pythons/.
#
#     tools/get_test_tools.sh
#
# PYTHON is the Python of the environment that has gilprof's development packages (python if not set). With
# --system-only the interpreters are left out, and that environment is not needed yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing=()
for need in cc:gcc c++:g++ cmake:cmake make:make taskset:util-linux \
    chromium:chromium chromedriver:chromium-driver go:golang-go tmux:tmux wrk:wrk; do
    command -v "${need%%:*}" >/dev/null || missing+=("${need#*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get -qq update
    "${as_root[@]}" apt-get -qq install --yes "${missing[@]}"
fi

if [ "${1:-}" != --system-only ]; then
    "${PYTHON:-python}" tools/get_pythons.py 3.14 3.15
fi
