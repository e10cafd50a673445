#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh FUZZER SEEDS: fuzzes for FUZZ_SECONDS (60); new inputs are kept beside the program. With FUZZ_SEED the walk is
# the same one each time, from the seeds alone: what runs with every change must not fail by chance.
set -eu
found=$1.corpus
if [ -n "${FUZZ_SEED:-}" ]; then
  found=$1.walk
  rm -rf "$found"
fi
mkdir -p "$found"
exec "$1" -seed="${FUZZ_SEED:-0}" -max_total_time="${FUZZ_SECONDS:-60}" -max_len=16384 -timeout=5 -rss_limit_mb=512 \
  -print_final_stats=1 -artifact_prefix="$1." "$found" "$2"
