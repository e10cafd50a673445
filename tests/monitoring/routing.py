# SPDX-License-Identifier: Apache-2.0
"""The alertmanager.yml that the command writes: from the documented configuration, and from parts of it."""

import json
import os
import pathlib
import re
import subprocess
import tempfile

import shipped
import alertmanager
import harness

FILE = shipped.FOLDER / "alertmanager.yml"
HEAD = "# SPDX-License-Identifier: Apache-2.0\n"
SECRETS = {"slack": "https://hooks.slack.com/services/T0/B0/s3cret", "pagerduty": "5ec2e7" * 5 + "aa", "smtp": "s3cret-of-the-post"}


def documented():
    """The text of the configuration in docs/notifications.md that has everything."""
    page = (shipped.SOURCE / "docs/notifications.md").read_text()
    return re.search(r"\n### Routes\n.*?```yaml\n(.*?)```", page, re.S)[1]


def as_yaml(value):
    """JSON that a reader of YAML takes: signs beyond U+FFFF as they are, control characters not."""
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def made(configuration, arguments=(), channels=None):
    """What `porchlight config alertmanager` prints for a configuration (its text, or what stands in it)."""
    with tempfile.TemporaryDirectory(prefix="porchlight-routing-") as folder:
        folder = pathlib.Path(folder)
        for name, value in SECRETS.items():
            (folder / name).write_text(value)
        file = folder / "porchlight.yaml"
        # A folder of its own: the usual one may hold the config.d of a Porchlight that is installed here.
        storage = {"storage": {"path": str(folder)}}
        is_text = isinstance(configuration, str)
        file.write_text(f"{configuration}storage: {{path: {folder}}}\n" if is_text else as_yaml(storage | configuration))
        environment = {**os.environ, "CREDENTIALS_DIRECTORY": str(folder), "NOTIFICATION_CHANNELS": channels or ""}
        done = subprocess.run([harness.PROGRAM, "config", "alertmanager", "--config", file, *arguments], capture_output=True, text=True,
                              timeout=60, env=environment)
    if done.returncode != 0:
        raise AssertionError(f"porchlight config alertmanager: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def checked(file):
    """What amtool says of the file, and whether it is content."""
    done = subprocess.run([alertmanager.AMTOOL, "check-config", file], capture_output=True, text=True, timeout=60)
    return done.returncode == 0, done.stdout + done.stderr


def route(file, **labels):
    """The receivers that amtool says an alert with these labels goes to."""
    done = subprocess.run([alertmanager.AMTOOL, "config", "routes", "test", f"--config.file={file}",
                           *(f"{name}={value}" for name, value in labels.items())], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(f"amtool config routes test {labels}: {done.stdout}{done.stderr}")
    return done.stdout.strip().split(",")


def soon(text, pagerduty):
    """The command's own text but for its times, and where PagerDuty stands. The escalation's quarter of an hour stays."""
    text, count = re.subn(r"group_wait: (0s|10s|30s|5m)\b", "group_wait: 200ms", text)
    assert count == 4, count
    text, count = re.subn(r"group_interval: 5m\b", "group_interval: 1s", text)
    assert count == 1, count
    text, count = re.subn(r"group_interval: 30s, repeat_interval: 5m\b", "group_interval: 300ms, repeat_interval: 1s", text)
    assert count == 1, count
    return text.replace("global:\n", f"global:\n  pagerduty_url: {pagerduty}\n", 1)
