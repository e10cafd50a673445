# SPDX-License-Identifier: Apache-2.0
"""Grafana's panels and dashboards as JSON has them, from what a row of dashboard_table.py says."""

import re

# The label of a camera is on these families; the variable `camera` chooses among them.
OF_A_CAMERA = re.compile(r"(camera_(?!id)\w+|ffmpeg_\w+|recording_(active|bytes_written_total|gap_seconds_total|oldest_segment_timestamp_seconds)"
                         r"|stream_(viewers_count|latency_ms|bitrate)|segment_processing_seconds\w*|motion_events_detected_total"
                         r"|lpr_detection_accuracy)")
TOKENS = re.compile(r"\"[^\"]*\"|'[^']*'|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)|\{[^}]*\}|\[[^\]]*\]|\d[\w.]*"
                    r"|[a-zA-Z_:][\w:]*|\s+|.")
OPERATORS = {"and", "or", "unless", "bool", "offset"}

GREEN, YELLOW, ORANGE, RED, BLUE = "green", "yellow", "orange", "red", "blue"

PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
LOKI = {"type": "loki", "uid": "${logs}"}

# Where runbooks are read: as server.public_url, and as external_labels.public_url of prometheus.yml.
PUBLIC_URL = "https://doorbell.local"


def matchers_of(family):
    chosen = ['cluster=~"$cluster"', 'node=~"$node"']
    if OF_A_CAMERA.fullmatch(family):
        chosen.append('camera_id=~"$camera"')
    return ", ".join(chosen)


def scoped(expression):
    """With the dashboard's variables as matchers in each selector."""
    tokens, made = TOKENS.findall(expression), []
    place = 0
    while place < len(tokens):
        word, following = tokens[place], tokens[place + 1] if place + 1 < len(tokens) else ""
        after = next((token for token in tokens[place + 1:] if not token.isspace()), "")
        called = after == "(" or re.match(r"(by|without)\b", after)
        if not re.fullmatch(r"[a-zA-Z_:][\w:]*", word) or called or word in OPERATORS:
            made.append(word)
        elif following.startswith("{"):
            made.append(f"{word}{following[:-1]}, {matchers_of(word)}}}")
            place += 1
        else:
            made.append(f"{word}{{{matchers_of(word)}}}")
        place += 1
    return "".join(made)


def rising(*values):
    """The higher the worse: green below the first, red from the last on."""
    colours = {1: (RED,), 2: (YELLOW, RED), 3: (YELLOW, ORANGE, RED)}[len(values)]
    return [(None, GREEN), *zip(values, colours)]


def falling(bad, poor):
    """The lower the worse: red below `bad`, yellow below `poor`."""
    return [(None, RED), (bad, YELLOW), (poor, GREEN)]


def keeps_node(expression):
    """Whether each node has a series of its own: nothing adds them up."""
    return re.search(r"\b(sum|avg|min|max|count)\b\s*(by\b|\()", expression) is None


def legend(query, name, options):
    """What a series is called. Where each node has one, it says which: two machines have a disk "/" each."""
    said = name or options.get("legend", "")
    if options.get("format") == "table" or not keeps_node(query) or re.search(r"{{(node|instance)}}", said):
        return said or "__auto"
    return f"{said} ({{{{node}}}})" if said else "{{node}}"


def target(query, name, place, options):
    """A query of a panel; its reference is A, B, C by its place."""
    made = {"refId": "ABCDEFGH"[place], "datasource": LOKI if options.get("logql") else PROMETHEUS}
    if options.get("logql"):
        return made | {"expr": query, "queryType": "range", "editorMode": "code"} | ({"legendFormat": name} if name else {})
    made |= {"expr": scoped(query), "editorMode": "code", "legendFormat": legend(query, name, options)}
    made |= {"instant": True, "range": False} if options.get("now") else {"instant": False, "range": True}
    made["format"] = options.get("format", "time_series")
    if options.get("exemplars"):
        made["exemplar"] = True
    return made


def mappings(options):
    """0 and 1 in words where the panel has words for them; 0 / 0 is nothing that happened."""
    made = [{"type": "special", "options": {"match": "nan", "result": {"text": "nothing happened", "color": BLUE}}}]
    if words := options.get("words"):
        made.insert(0, {"type": "value", "options": {"0": {"text": words[0], "color": RED, "index": 0},
                                                     "1": {"text": words[1], "color": GREEN, "index": 1}}})
    return made


def field_config(options, custom, queries):
    steps = options.get("steps") or [(None, BLUE if options["kind"] in ("stat", "piechart", "barchart") else GREEN)]
    defaults = {
        "unit": options["unit"],
        # By name: what has the same name has the same colour on each dashboard.
        "color": {"mode": "thresholds" if options["kind"] in ("stat", "gauge", "bargauge", "status-history", "table") else "palette-classic-by-name"},
        "thresholds": {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in steps]},
        "mappings": mappings(options),
    }
    for key in ("min", "max", "decimals"):
        if key in options:
            defaults[key] = options[key]
    # increase() reckons up to the window's edges: of one ring it makes 1.02.
    if options["unit"] in ("short", "none") and any("increase(" in query for _, query in queries):
        defaults["decimals"] = 0
    if "empty" in options:
        defaults["noValue"] = options["empty"]
    if custom:
        defaults["custom"] = custom
    return {"defaults": defaults, "overrides": options.get("overrides", [])}


# Of a stat's trend each point of a long window is dear; a status history shows words about too many points instead of them.
FEW_POINTS = {"stat", "gauge", "bargauge", "status-history"}

SMALL = 6  # the height up to which a panel shows a number rather than a graph

LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}
LEGEND = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
TOOLTIP = {"mode": "multi", "sort": "desc"}

# {type: (width, height, its own options, the options of its fields)}
SHAPES = {
    "timeseries": (12, 8, {"legend": LEGEND | {"calcs": ["lastNotNull", "max"]}, "tooltip": TOOLTIP},
                   {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "auto", "spanNulls": False,
                    "thresholdsStyle": {"mode": "line"}}),
    "stat": (6, 4, {"reduceOptions": LAST, "orientation": "auto", "textMode": "auto", "colorMode": "value", "graphMode": "area",
                    "justifyMode": "auto"}, None),
    "gauge": (6, 6, {"reduceOptions": LAST, "orientation": "auto", "showThresholdLabels": False, "showThresholdMarkers": True}, None),
    "bargauge": (12, 6, {"reduceOptions": LAST, "orientation": "horizontal", "displayMode": "gradient", "showUnfilled": True}, None),
    "heatmap": (12, 8, {"calculate": False, "cellGap": 1, "legend": {"show": True}, "showValue": "never",
                        "tooltip": {"mode": "single", "yHistogram": True}, "exemplars": {"color": "rgba(255,0,255,0.7)"},
                        "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "fill": "dark-orange", "reverse": False}},
                None),
    "piechart": (6, 8, {"reduceOptions": LAST, "pieType": "donut", "displayLabels": ["percent"], "tooltip": TOOLTIP | {"mode": "single"},
                        "legend": LEGEND | {"displayMode": "table", "placement": "right", "values": ["value", "percent"]}}, None),
    "barchart": (12, 8, {"orientation": "auto", "showValue": "auto", "stacking": "none", "barWidth": 0.9, "groupWidth": 0.7,
                         "legend": LEGEND | {"showLegend": False}, "tooltip": TOOLTIP | {"mode": "single"}}, {"fillOpacity": 80, "lineWidth": 1}),
    "status-history": (12, 8, {"rowHeight": 0.9, "showValue": "never", "legend": LEGEND, "tooltip": TOOLTIP | {"mode": "single"}},
                       {"fillOpacity": 80, "lineWidth": 1}),
    "table": (24, 9, {"showHeader": True, "cellHeight": "sm"}, {"align": "auto", "filterable": True, "cellOptions": {"type": "auto"}}),
    "logs": (24, 10, {"showTime": True, "showLabels": False, "showCommonLabels": False, "wrapLogMessage": True, "prettifyLogMessage": False,
                      "enableLogDetails": True, "dedupStrategy": "none", "sortOrder": "Descending"}, None),
}


def runbook(alert):
    return {"type": "link", "title": f"Runbook: {alert}", "url": f"${{public_url}}/runbooks/{alert}", "icon": "doc", "tooltip": "", "tags": [],
            "targetBlank": True, "asDropdown": False, "includeVars": False, "keepTime": False}


def panel(row, number, grid):
    """One panel of a dashboard; `row` as dashboard_table.row made it."""
    options = row["options"]
    _, _, shape, custom = SHAPES[options["kind"]]
    shape = shape | options.get("shape", {})
    if options["kind"] == "heatmap":
        shape["yAxis"] = {"unit": options["unit"], "axisPlacement": "left"}
        shape["cellValues"] = {"unit": "short"}
    made = {"id": number, "type": options["kind"], "title": row["title"], "datasource": LOKI if options.get("logql") else PROMETHEUS,
            "gridPos": grid, "fieldConfig": field_config(options, custom, row["queries"]), "options": shape,
            "targets": [target(query, name, place, options) for place, (name, query) in enumerate(row["queries"])]}
    if options["kind"] in FEW_POINTS:
        made["maxDataPoints"] = 100
    if "step" in options or options["kind"] == "heatmap":
        made["interval"] = options.get("step", "1m")  # a heatmap's windows hardly overlap then: one ring is in one column
    if "says" in options:
        made["description"] = options["says"]
    if "runbook" in options:
        made["links"] = [runbook(alert) for alert in options["runbook"].split()]
    if "transformations" in options:
        made["transformations"] = options["transformations"]
    return made


def in_lines(rows):
    """The rows in lines of at most 24 columns, small panels and large ones apart."""
    lines, width = [], 24
    for row in rows:
        wide, high, _, _ = SHAPES[row["options"]["kind"]]
        if width + wide > 24 or (high > SMALL) != (SHAPES[lines[-1][-1]["options"]["kind"]][1] > SMALL):
            lines.append([])
            width = 0
        lines[-1].append(row)
        width += wide
    return lines


def placed(rows):
    """[(row, its place)]: left to right. A line is as high as its highest and as wide as the page: no holes."""
    y = 0
    for line in in_lines(rows):
        widths = [SHAPES[row["options"]["kind"]][0] for row in line]
        height = max(SHAPES[row["options"]["kind"]][1] for row in line)
        edges = [24 * sum(widths[:place]) // sum(widths) for place in range(len(line) + 1)]
        for row, left, right in zip(line, edges, edges[1:]):
            yield row, {"x": left, "y": y, "w": right - left, "h": height}
        y += height


def of_labels(name, label, family):
    """A variable with the values of a label; All stands for those that have no such label, too."""
    return {"name": name, "label": label, "type": "query", "datasource": PROMETHEUS, "refresh": 2, "sort": 1, "regex": "", "multi": True,
            "includeAll": True, "allValue": ".*", "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
            "query": {"query": f"label_values({family}, {name if name != 'camera' else 'camera_id'})", "refId": f"variable-{name}"}}


def source(name, label, kind, uid):
    return {"name": name, "label": label, "type": "datasource", "query": kind, "refresh": 1, "regex": "", "multi": False, "includeAll": False,
            "current": {"selected": False, "text": label, "value": uid}}


def variables(with_logs):
    made = [source("datasource", "Prometheus", "prometheus", "prometheus"), of_labels("cluster", "Cluster", 'up{job="doorbell"}'),
            of_labels("node", "Node", 'up{job="doorbell", cluster=~"$cluster"}'),
            of_labels("camera", "Camera", 'camera_connection_status{cluster=~"$cluster", node=~"$node"}'),
            {"name": "public_url", "label": "Address of the runbooks", "type": "constant", "query": PUBLIC_URL, "hide": 2, "skipUrlSync": True,
             "current": {"selected": False, "text": PUBLIC_URL, "value": PUBLIC_URL}}]
    return made + ([source("logs", "Loki", "loki", "loki")] if with_logs else [])


def uid(folder, title):
    return f"{folder}-{re.sub('[^a-z0-9]+', '-', title.lower())}"


def dashboard(folder, prefix, title, rows, span="now-6h"):
    """The whole file."""
    return {
        "uid": uid(folder, title), "title": f"{prefix} / {title}", "tags": ["porchlight", folder], "schemaVersion": 39, "version": 1,
        "editable": True, "graphTooltip": 1, "refresh": "30s", "timezone": "browser", "time": {"from": span, "to": "now"}, "timepicker": {},
        "annotations": {"list": [{"builtIn": 1, "name": "Annotations & Alerts", "type": "dashboard", "enable": True, "hide": True,
                                  "iconColor": "rgba(0, 211, 255, 1)", "datasource": {"type": "grafana", "uid": "-- Grafana --"}}]},
        "links": [{"type": "dashboards", "title": "Porchlight", "tags": ["porchlight"], "asDropdown": True, "icon": "external link", "tooltip": "",
                   "targetBlank": False, "includeVars": True, "keepTime": True}],
        "templating": {"list": variables(any(row["options"].get("logql") for row in rows))},
        "panels": [panel(row, number, grid) for number, (row, grid) in enumerate(placed(rows), 1)],
    }
