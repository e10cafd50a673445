# SPDX-License-Identifier: Apache-2.0
"""Takes the stopped daemon's state back to what 0.1.0's first database had: events, outbox and gallery, nothing later."""

import contextlib
import pathlib
import shutil
import sqlite3

DATA = pathlib.Path("/var/lib/porchlight")
OF_VERSION_1 = {"events", "outbox", "outbox_pending", "persons", "faces", "gallery_revision"}

with contextlib.closing(sqlite3.connect(DATA / "porchlight.db")) as db:
    # Tables that refer to each other go in any order when nothing is checked meanwhile.
    db.execute("PRAGMA foreign_keys = OFF")
    for kind in ("index", "table"):
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE 'sqlite%'", (kind,))}
        for name in names - OF_VERSION_1:
            db.execute(f"DROP {kind} {name}")
    db.execute("PRAGMA user_version = 1")
    db.commit()
for file in (DATA / "audit.head", DATA / "audit.key", DATA / "accounts.key"):
    file.unlink(missing_ok=True)
shutil.rmtree(DATA / "audit", ignore_errors=True)
