#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh FUZZER SEEDS: fuzzes for FUZZ_SECONDS (60); new inputs are kept beside the program.
set -eu
found=$1.corpus
mkdir -p "$found"
exec "$1" -max_total_time="${FUZZ_SECONDS:-60}" -max_len=16384 -timeout=5 -rss_limit_mb=512 -print_final_stats=1 \
  -artifact_prefix="$1." "$found" "$2"
