#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# disk.sh TREE IMAGE: a sparse ext4 disk with the tree's files, made without mounting anything.
set -euo pipefail
truncate -s 4G "$2"
mkfs.ext4 -q -F -L rigroot -E lazy_itable_init=0,lazy_journal_init=0 -d "$1" "$2"
