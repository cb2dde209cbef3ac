#!/bin/sh
# bench/talk.sh [-y] [OPTION]... [JOB]... - `fsock talk` beside nc, ncat, socat and openssl.
#
# Prints a table with ratios. --help names the jobs and the options; bench/run.sh the rest.
exec "$(dirname "$0")/run.sh" talk "$@"
