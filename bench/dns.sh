#!/bin/sh
# bench/dns.sh [-y] [OPTION]... [JOB]... - `fsock dns` beside dnsperf, massdns, dig and others.
#
# Prints a table with ratios. --help names the jobs and the options; bench/run.sh the rest.
exec "$(dirname "$0")/run.sh" dns "$@"
