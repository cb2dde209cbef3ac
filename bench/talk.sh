#!/bin/sh
# bench/talk.sh [-y] [OPTION]... [JOB]... - `fsock talk` beside nc, ncat, socat and openssl.
#
# Installs what is missing (-y: without asking), builds, and prints a table with ratios. --help
# names the jobs and the options. With FSOCK_BUILD set it takes that Meson build as it is.
set -eu
cd "$(dirname "$0")/.."

yes=
[ "${1-}" != -y ] || { yes=-y; shift; }
tools/setup $yes build test bench
if [ -z "${FSOCK_BUILD-}" ]; then
    tools/build $yes
    FSOCK_BUILD=$PWD/build
fi
export FSOCK_BUILD
exec python3 bench/talk.py "$@"
