# SPDX-License-Identifier: Apache-2.0
"""The events of the database, as a JSON list."""

import contextlib
import json
import sqlite3

with contextlib.closing(sqlite3.connect("file:/var/lib/porchlight/porchlight.db?mode=ro", uri=True)) as db:
    print(json.dumps([json.loads(row[0]) for row in db.execute("SELECT json FROM events ORDER BY id")]))
