#!/bin/sh
# bench/get.sh [-y] [OPTION]... [JOB]... - `fsock get` beside curl, wget2, aria2, h2load and ab.
#
# Prints a table with ratios. --help names the jobs and the options; bench/run.sh the rest.
exec "$(dirname "$0")/run.sh" get "$@"
