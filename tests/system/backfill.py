# SPDX-License-Identifier: Apache-2.0
"""A past for Prometheus, made of what a daemon shows now: windows longer than a test need one."""

import re

HOUR = 3600
DAY = 24 * HOUR

# What queries with windows of more than an hour read.
FAMILIES = {
    "known_faces_database_size", "doorbell_triggers_total", "doorbell_triggers_by_hour_total", "notifications_sent_total",
    "user_sessions_active", "http_requests_total", "face_recognition_accuracy", "ml_model_accuracy",
    "database_slow_queries_total", "cache_evictions_total", "failed_logins_total", "successful_logins_total",
    "successful_registrations_total", "registration_conflicts_total",
}


def moments(end):
    """Unix seconds: twice a day for 31 days, and every ten minutes of the last two hours."""
    coarse = [end - 31 * DAY + step * 12 * HOUR for step in range(62)]
    fine = [end - 2 * HOUR + step * 600 for step in range(13)]
    return [at for at in coarse if at < fine[0]] + fine


def series_of(text, families):
    """[(family, labels as they stand, value, type)] of a scrape in the classic format."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    found = re.findall(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$", text, re.M)
    return [(name, labels, float(value), types.get(name, "untyped")) for name, labels, value in found if name in families]


def made_of(text, target, end, families=FAMILIES):
    """OpenMetrics text: the scrape's series on their way to where they are now, and the target's `up`. Counters grow evenly
    from 0 to their value, gauges stay. `target`: the labels that a scrape adds; `end`: the last moment, Unix seconds."""
    when = moments(end)
    extra = ",".join(f'{name}="{value}"' for name, value in sorted(target.items()))
    lines = [f"up{{{extra}}} 1 {at:.3f}" for at in when]
    for name, labels, value, kind in series_of(text, families):
        inside = f"{labels},{extra}" if labels else extra
        for number, at in enumerate(when):
            then = value * number / (len(when) - 1) if kind == "counter" else value
            lines.append(f"{name}{{{inside}}} {then!r} {at:.3f}")
    return "\n".join([*lines, "# EOF", ""])
