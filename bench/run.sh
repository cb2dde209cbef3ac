#!/bin/sh
# bench/run.sh NAME [-y] ... - what bench/get.sh, dns.sh and talk.sh have in common: installs what is
# missing (-y: without asking), builds what is worth measuring, and runs bench/NAME.py. With FSOCK_BUILD set it takes that
# Meson build as it is.
set -eu
cd "$(dirname "$0")/.."

name=$1
shift
yes=
[ "${1-}" != -y ] || { yes=-y; shift; }
tools/setup $yes build test bench
if [ -z "${FSOCK_BUILD-}" ]; then
    tools/build --release $yes
    FSOCK_BUILD=$PWD/build-release
fi
export FSOCK_BUILD
exec python3 "bench/$name.py" "$@"
