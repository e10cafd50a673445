# SPDX-License-Identifier: Apache-2.0
"""What each dashboard shows: a row a panel. `queries` is an expression or several with their names; the variables cluster, node and
camera are put into each by panels.py. `runbook` names the alerts that watch the same numbers."""

from panels import falling, rising


def row(kind, title, queries, unit, **options):
    queries = [("", queries)] if isinstance(queries, str) else list(queries.items())
    return {"title": title, "queries": queries, "options": {"kind": kind, "unit": unit, **options}}


def lines(title, queries, unit, **options):
    return row("timeseries", title, queries, unit, **options)


def stat(title, queries, unit, **options):
    return row("stat", title, queries, unit, **options)


def gauge(title, queries, unit, top=100, **options):
    return row("gauge", title, queries, unit, min=0, max=top, **options)


def quantile(share, family, by="", window="5m"):
    return f"histogram_quantile(0.{share}, sum by ({by}le) (rate({family}_bucket[{window}])))"


def quantiles(family, window="5m"):
    """{name: expression} of three quantiles of a histogram."""
    return {f"P{share}": quantile(share, family, window=window) for share in (50, 95, 99)}


def table_of_bars(title, label, query, unit, **options):
    """A bar a label's value, over the chosen time."""
    return row("barchart", title, query, unit, now=True, format="table", shape={"xField": label},
               transformations=[{"id": "organize", "options": {"excludeByName": {"Time": True}, "indexByName": {label: 0, "Value": 1},
                                                               "renameByName": {}}},
                                {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": label}]}}], **options)


PERCENT_OF_DISK = rising(70, 85, 95)
WELL = {"words": ("down", "up"), "steps": [(None, "red"), (1, "green")], "min": 0, "max": 1}
# What looks back for days is asked once an hour only: on the device itself it is dear.
DAYS = {"step": "1h"}
PASSES = WELL | {"words": ("fails", "well")}
LATENCY = {"steps": rising(0.5, 1), "exemplars": True, "runbook": "SlowAPIResponses HighResponseTime LatencySLOViolation"}
ERRORS = {"steps": rising(0.001, 0.01), "min": 0, "runbook": "HighErrorRate HighAPIErrorRate"}
DISK = {"steps": PERCENT_OF_DISK, "min": 0, "max": 100, "runbook": "DiskSpaceWarning DiskSpaceCritical"}
DATABASE = {"steps": rising(0.1, 1), "runbook": "DatabaseSlowQueries"}

REQUEST_LATENCY = quantiles("http_request_duration_seconds")
REQUESTS = "sum(rate(http_requests_total[5m]))"
ERROR_SHARE = 'sum(rate(http_requests_total{status=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))'
QUERY_P95 = "histogram_quantile(0.95, sum by (query_type, le) (rate(database_query_duration_seconds_bucket[5m])))"
CACHE_P95 = "histogram_quantile(0.95, sum by (le) (rate(redis_health_check_duration_seconds_bucket[5m])))"

DOORBELL_SYSTEM = [
    gauge("System Health Score", "min(system_health_score)", "percent", steps=falling(70, 90)),
    stat("Active Workers", "sum(pipeline_worker_health == 1) or vector(0)", "none", steps=[(None, "red"), (1, "green")], runbook="PipelineWorkerDown"),
    row("bargauge", "Disk Usage", "system_disk_usage_percent", "percent", legend="{{mount_point}}", **DISK),
    lines("CPU Usage", "system_cpu_usage_percent", "percent", legend="{{node}}", steps=rising(80, 95), min=0, max=100,
          runbook="HighCPUUsage CriticalCPUUsage"),
    lines("Memory Usage", "(system_memory_usage_bytes / system_memory_total_bytes) * 100", "percent", legend="{{node}}", steps=rising(85, 95), min=0,
          max=100, runbook="HighMemoryUsage"),
    lines("Error Rate", "sum by (component) (rate(errors_total[5m])) * 60", "opm", legend="{{component}}", steps=rising(1, 10),
          runbook="HighErrorRate"),
]
DOORBELL_PIPELINE = [
    gauge("Success Rate", 'sum(rate(pipeline_events_total{status="success"}[5m])) / sum(rate(pipeline_events_total[5m]))', "percentunit", 1,
          steps=falling(0.9, 0.99), runbook="ProcessingFailures"),
    stat("Throughput", "sum(rate(pipeline_events_total[5m]))", "eps"),
    lines("Events Processed", "sum by (event_type) (rate(pipeline_events_total[5m]))", "eps", legend="{{event_type}}"),
    row("heatmap", "Processing Duration", "sum by (le) (increase(pipeline_processing_duration_seconds_bucket[$__rate_interval]))", "s",
        format="heatmap", legend="{{le}}", exemplars=True),
    lines("Queue Sizes", "pipeline_queue_size", "short", legend="{{queue_name}}", runbook="QueueBacklog"),
    row("status-history", "Worker Health", "pipeline_worker_health", "none", legend="{{worker_id}}", runbook="PipelineWorkerDown", **PASSES),
]
FACES = [
    gauge("Recognition Rate", 'sum(increase(face_recognition_requests_total{result_type=~"known_person|blacklist_match"}[$__range])) / '
          'sum(increase(face_recognition_requests_total{result_type!~"no_face|error"}[$__range]))', "percentunit", 1, now=True,
          steps=[(None, "blue")], says="The share of the faces that were seen whose name is known. Strangers lower it; that is no fault."),
    stat("Database Size", "known_faces_database_size", "none"),
    lines("Recognition Requests", "sum by (result_type) (rate(face_recognition_requests_total[5m])) * 60", "opm", legend="{{result_type}}"),
    lines("Accuracy Trend", "avg_over_time(face_recognition_accuracy[1h])", "percent", legend="{{model_version}}", steps=falling(85, 90), min=0, max=100,
          empty="no outcome was judged yet", runbook="LowRecognitionAccuracy"),
    row("piechart", "Confidence Distribution", "sum by (confidence_bucket) (increase(face_recognition_requests_total[$__range]))", "short", now=True,
        legend="{{confidence_bucket}}"),
    table_of_bars("Result Types", "result_type", "sum by (result_type) (increase(face_recognition_requests_total[$__range]))", "short"),
]
BUSINESS = [
    stat("Rings", "sum(increase(doorbell_triggers_total[$__range]))", "short"),
    gauge("Notification Success Rate", 'sum(increase(notifications_sent_total{status="success"}[$__range])) / '
          "(sum(increase(notifications_sent_total[$__range])) > 0)", "percentunit", 1, now=True, steps=falling(0.95, 0.99), empty="nothing was sent",
          runbook="NotificationFailures"),
    lines("Doorbell Triggers", "sum by (trigger_source) (increase(doorbell_triggers_total[1h]))", "short", legend="{{trigger_source}}"),
    row("heatmap", "Triggers by Time of Day", "sum by (hour) (increase(doorbell_triggers_by_hour_total[1d]))", "none", legend="{{hour}}", **DAYS),
    lines("Notifications Sent", "sum by (channel, status) (increase(notifications_sent_total[1h]))", "short", legend="{{channel}} {{status}}",
          runbook="NotificationFailures"),
    table_of_bars("Popular Times", "hour", "sum by (hour) (increase(doorbell_triggers_by_hour_total[$__range]))", "short"),
    lines("Active Sessions", "user_sessions_active", "short", legend="{{node}}"),
]
RING_TO_TOLD, ATTEMPT = "doorbell_ring_to_notification_seconds", "notification_delivery_duration_seconds"
# Rings are few: each step of the graph has all that came since the one before, in a window of a week as in one of an hour.
SINCE, EACH = "$__rate_interval", {"step": "5m"}
RING_PATH = [
    stat("Rings", "sum(increase(doorbell_triggers_total[$__range]))", "short"),
    stat("Edges Lost", "sum(increase(button_lost_edges_total[$__range]))", "short", steps=rising(1), empty="libgpiod 1 cannot tell",
         says="Edges that the kernel dropped before the daemon took them. None may be lost."),
    stat("Told within, P95", quantile(95, RING_TO_TOLD, window="$__range"), "s", steps=rising(2, 5), empty="no ring", runbook="SlowRingNotification",
         says="From the edge to the receiver's answer, of all rings of the chosen time."),
    stat("Waiting in the Outbox", "sum(outbox_depth)", "short", steps=rising(10, 100), runbook="NotificationFailures"),
    lines("Edge to Delivered", quantiles(RING_TO_TOLD, SINCE), "s", steps=rising(2, 5), exemplars=True, runbook="SlowRingNotification", **EACH,
          says="From the edge of the button to the receiver's answer. A dot is a ring: the log's records have its trace_id, too, and once traces are "
               "exported it leads to its trace."),
    lines("Edge to Delivered by Channel P95", quantile(95, RING_TO_TOLD, "channel, ", SINCE), "s", legend="{{channel}}", steps=rising(2, 5),
          exemplars=True, runbook="SlowRingNotification", **EACH),
    lines("Stages P95", quantile(95, "pipeline_processing_duration_seconds", "stage, ", SINCE), "s", legend="{{stage}}", exemplars=True,
          runbook="QueueBacklog", **EACH),
    row("heatmap", "Edge to Delivered, each Ring", "sum by (le) (increase(doorbell_ring_to_notification_seconds_bucket[$__rate_interval]))", "s",
        format="heatmap", legend="{{le}}", exemplars=True, **EACH),
    lines("Deliveries by Channel", "sum by (channel, status) (increase(notifications_sent_total[$__rate_interval]))", "short",
          legend="{{channel}} {{status}}", runbook="NotificationFailures", says="In each step of the graph.", **EACH),
    lines("Attempts by Result", "sum by (channel, result) (increase(notification_attempts_total[$__rate_interval]))", "short",
          legend="{{channel}} {{result}}", runbook="NotificationFailures", says="In each step of the graph.", **EACH),
    lines("The Receiver's own Time P95", quantile(95, ATTEMPT, "channel, ", SINCE), "s", legend="{{channel}}", steps=rising(2, 5), exemplars=True,
          **EACH),
    lines("Button to Chime P99", quantile(99, "doorbell_chime_latency_seconds", window=SINCE), "s", legend="P99", steps=rising(0.05, 0.25), **EACH),
    lines("Outbox", {"depth {{channel}}": "outbox_depth", "given up {{channel}}": "outbox_dead_letters"}, "short", runbook="NotificationFailures"),
    lines("Oldest in the Outbox", "outbox_oldest_age_seconds or outbox_depth * 0", "s", legend="{{channel}}", steps=rising(60, 600),
          runbook="NotificationFailures"),
    lines("Lost Edges by Button", "increase(button_lost_edges_total[$__rate_interval])", "short", legend="{{button_id}}", steps=rising(1),
          empty="libgpiod 1 cannot tell", **EACH),
    lines("Waiting and Dropped", {"waiting {{queue_name}}": 'pipeline_queue_size{queue_name=~"button|event_processing|notification"}',
                                  "dropped {{queue_name}}":
                                      'increase(pipeline_queue_dropped_total{queue_name=~"button|event_processing|notification"}[$__rate_interval])'},
          "short", runbook="QueueBacklog"),
]

VMS_SYSTEM = [
    stat("Camera Status Grid", "sum(camera_connection_status) / count(camera_connection_status) * 100", "percent", steps=falling(50, 100),
         runbook="CameraOffline"),
    stat("Active Live Viewers", "sum(stream_viewers_count)", "short"),
    gauge("Storage Capacity", "100 - (disk_space_free_bytes / disk_space_total_bytes * 100)", "percent", legend="{{mount_point}}",
          steps=PERCENT_OF_DISK, runbook="DiskSpaceWarning DiskSpaceCritical"),
    gauge("System Health Score", "((sum(camera_connection_status) / count(camera_connection_status) * 40) or vector(40)) + "
          '(((sum(rate(http_requests_total{status!~"5.."}[5m])) / (sum(rate(http_requests_total[5m])) > 0)) * 30) or vector(30)) + '
          "((100 - avg(disk_space_used_percent)) * 0.2) + ((clamp_min(1 - sum(rate(camera_frames_dropped_total[5m])) / "
          "(sum(rate(camera_frames_received_total[5m])) > 0), 0) * 10) or vector(10))", "percent", steps=falling(70, 90)),
    lines("Total Bandwidth Usage", 'sum(rate(network_bytes_received_total{interface!~"lo|veth.*|docker.*|br-.*"}[5m])) * 8 / 1000000', "Mbits",
          legend="received"),
]
VMS_RECORDING = [
    lines("Recording FPS by Camera", "camera_fps", "suffix:fps", legend="{{camera_id}}", runbook="LowCameraFPS"),
    lines("Frame Drops Rate", "rate(camera_frames_dropped_total[5m]) / (rate(camera_frames_received_total[5m]) + rate(camera_frames_dropped_total[5m]))",
          "percentunit", legend="{{camera_id}}", steps=rising(0.01), min=0, runbook="HighFrameDropRate"),
    lines("Disk Write Throughput", "rate(disk_io_write_bytes_total[5m])", "Bps", legend="{{device}}"),
    lines("FFmpeg Process Memory", "ffmpeg_process_memory_mb", "decmbytes", legend="{{camera_id}}", steps=rising(1000), runbook="IngestWorkerRestartLoop"),
    lines("Storage Write Latency P99", 'histogram_quantile(0.99, sum by (instance, device, le) (rate(disk_io_latency_ms_bucket{operation="write"}[5m])))',
          "ms", legend="{{device}} ({{instance}})", steps=rising(50), runbook="HighDiskLatency"),
]
VMS_STREAMING = [
    stat("Active Streams", "active_streams_total", "short"),
    stat("WebRTC Connection Success Rate",
         "sum(rate(webrtc_connections_success_total[5m])) / sum(rate(webrtc_connections_attempts_total[5m])) * 100", "percent",
         steps=falling(90, 99), empty="no WebRTC", runbook="WebRTCConnectionFailures"),
    lines("Stream Latency by Protocol", {"WebRTC": "avg(stream_latency_ms{protocol='webrtc'})", "HLS": "avg(stream_latency_ms{protocol='hls'})"}, "ms",
          runbook="HighStreamLatency"),
    lines("Concurrent Viewers", "sum(stream_viewers_count) by (camera_id)", "short", legend="{{camera_id}}"),
    lines("Streaming Bandwidth", "sum(rate(stream_bytes_sent_total[5m])) * 8 / 1000000", "Mbits", legend="sent"),
]
VMS_AI = [
    stat("LPR Processing Rate", "sum(rate(ai_jobs_processed_total{job_type='lpr'}[5m]))", "ops"),
    gauge("License Plate Detection Accuracy", "avg(lpr_detection_accuracy)", "percent", steps=falling(80, 95), empty="no number plates"),
    lines("AI Job Queue Depth", "ai_jobs_queued_total", "short", legend="{{job_type}}", runbook="AnalyticsJobFailures"),
    lines("AI Processing Latency", "histogram_quantile(0.95, sum by (job_type, le) (rate(ai_processing_duration_seconds_bucket[5m])))", "s",
          legend="{{job_type}}", exemplars=True),
]

SERVICE_OVERVIEW = [
    stat("Status", 'up{job="doorbell"}', "none", legend="{{node}}", runbook="ServiceDown APIDown", **WELL),
    stat("Uptime", 'time() - process_start_time_seconds{job="doorbell"}', "dtdurations", legend="{{node}}", runbook="VersionChanged"),
    stat("Request volume", "sum(increase(http_requests_total[$__range]))", "short"),
    lines("Request Rate", "sum by (method, endpoint) (rate(http_requests_total[5m]))", "reqps", legend="{{method}} {{endpoint}}"),
]
SERVICE_PERFORMANCE = [
    stat("Throughput", REQUESTS, "reqps"),
    stat("Predictions per minute", "sum(rate(ml_predictions_total[5m])) * 60", "opm"),
    lines("Latency", REQUEST_LATENCY, "s", **LATENCY),
    lines("Error rate", ERROR_SHARE, "percentunit", legend="5xx", **ERRORS),
]
SERVICE_MODEL = [
    lines("Accuracy trend", "avg_over_time(ml_model_accuracy[1h])", "percentunit", legend="{{node}}", steps=falling(0.85, 0.9), min=0, max=1,
          empty="too few outcomes were judged", runbook="ModelAccuracyDrop"),
    lines("Inference time P95", "histogram_quantile(0.95, sum by (le) (rate(ml_inference_duration_seconds_bucket[5m])))", "s", legend="P95"),
    row("bargauge", "Confidence distribution", "sum by (le) (increase(ml_prediction_confidence_bucket[$__range]))", "short", now=True,
        format="heatmap", legend="{{le}}"),
]
SERVICE_INFRASTRUCTURE = [
    lines("CPU", "system_cpu_usage_percent", "percent", legend="{{node}}", steps=rising(80, 95), min=0, max=100, runbook="HighCPUUsage CriticalCPUUsage"),
    lines("Memory", "container_memory_usage_bytes / container_spec_memory_limit_bytes", "percentunit", legend="{{node}}", steps=rising(0.9), min=0,
          empty="no limit of memory", runbook="HighMemoryUsage"),
    lines("GPU", "gpu_utilization_percent", "percent", legend="{{device}}", min=0, max=100, empty="no GPU"),
    lines("Network", "sum by (interface) (rate(network_bytes_received_total[5m]))", "Bps", legend="{{interface}}"),
]
TO_RUNBOOK = [{"matcher": {"id": "byName", "options": "alertname"}, "properties": [{"id": "links", "value": [
    {"title": "Runbook", "url": "${public_url}/runbooks/${__data.fields.alertname}", "targetBlank": True}]}]}]
SERVICE_ALERTS = [
    row("table", "Active alerts", 'ALERTS{alertstate="firing"}', "none", now=True, format="table", overrides=TO_RUNBOOK,
        says="An alert's name leads to its runbook.",
        transformations=[{"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True, "__name__": True, "alertstate": True, "job": True},
                                                        "indexByName": {"alertname": 0, "severity": 1, "component": 2, "node": 3}, "renameByName": {}}}]),
    lines("Alert history", 'sum by (alertname) (count_over_time(ALERTS{alertstate="firing"}[1d]))', "short", legend="{{alertname}}", **DAYS,
          says="How many evaluations of the last day found it firing."),
    # Asked once a minute: how often Prometheus writes ALERTS is the interval of each group, 30 s or 60 s.
    row("bargauge", "Resolution times", 'sum by (alertname, severity) (count_over_time(ALERTS{alertstate="firing"}[7d:1m])) * 60', "s", now=True,
        legend="{{alertname}} {{severity}}", steps=rising(3600, 86400),
        says="How long it fired in the last 7 days, to the minute; what fired for two cameras at a time counts twice."),
]
AVAILABLE = "instance:http_availability:avg30d"
BURN = {f"{window}": f"slo:http_errors:ratio_rate{window} / 0.001" for window in ("5m", "30m", "1h", "6h", "3d")}
KEPT = " Over 30 days, or what Prometheus keeps: 200 hours on the device."
SLO = [
    stat("Availability, 30 days", AVAILABLE, "percentunit", legend="{{node}}", decimals=3, steps=falling(0.999, 0.9995), runbook="SLOViolation",
         says="Objective: 99.9 % of the requests without a server error." + KEPT),
    stat("Error Budget Left", f"1 - (1 - {AVAILABLE}) / 0.001", "percentunit", legend="{{node}}", steps=falling(0, 0.25), runbook="SLOViolation",
         says="Of the 0.1 % that may fail." + KEPT),
    stat("Requests within 500 ms", "slo:http_latency_under_500ms:ratio_rate1h", "percentunit", legend="{{node}}", decimals=2, steps=falling(0.95, 0.97),
         runbook="LatencySLOViolation", says="Objective: 95 %."),
    stat("Scraped, 30 days", "instance:up:avg30d", "percentunit", legend="{{node}}", decimals=3, steps=falling(0.999, 0.9995), runbook="ServiceDown",
         says="The share of scrapes that were answered." + KEPT),
    stat("Rings Notified within 2 s, 30 days", "slo:ring_notified_within_2s:avg30d", "percentunit", legend="{{node}}", decimals=2,
         steps=falling(0.95, 0.97), empty="no ring", runbook="SlowRingNotification", says="Objective: 95 %." + KEPT),
    stat("Rings Notified within 5 s, 30 days", "slo:ring_notified_within_5s:avg30d", "percentunit", legend="{{node}}", decimals=2,
         steps=falling(0.99, 0.995), empty="no ring", runbook="SlowRingNotification", says="Objective: 99 %." + KEPT),
    stat("Planned Time Recorded, 30 days", "slo:recording_completeness:avg30d", "percentunit", legend="{{node}}", decimals=2,
         steps=falling(0.995, 0.999), runbook="RecordingGap", says="Objective: 99.5 % of the time that should be recorded." + KEPT),
    stat("Planned Time Recorded, by Camera", "1 - rate(recording_gap_seconds_total[$__range])", "percentunit", legend="{{camera_id}}", decimals=2,
         steps=falling(0.995, 0.999), runbook="RecordingGap", says="In the chosen time."),
    lines("Burn Rate", BURN, "none", steps=[(None, "green"), (1, "yellow"), (6, "orange"), (14.4, "red")], min=0,
          runbook="ErrorBudgetBurnFast ErrorBudgetBurnSlow ErrorBudgetBurnTicket",
          says="How many times faster than it lasts for 30 days the budget is spent. Critical at 14.4 (1 h and 5 min), high at 6 (6 h and 30 min), "
               "warning at 1 (3 d and 6 h)."),
    lines("Availability", {"5 minutes": "instance:http_availability:ratio_rate5m", "30 days": AVAILABLE}, "percentunit", steps=falling(0.999, 0.9995),
          max=1, runbook="SLOViolation"),
    lines("Rings Notified, 1 day", {"within 2 s": "slo:ring_notified_within_2s:ratio_rate1d", "within 5 s": "slo:ring_notified_within_5s:ratio_rate1d"},
          "percentunit", steps=falling(0.95, 0.99), max=1, runbook="SlowRingNotification"),
    lines("Requests within 500 ms, 1 hour", "slo:http_latency_under_500ms:ratio_rate1h", "percentunit", legend="{{node}}", steps=falling(0.95, 0.97),
          max=1, runbook="LatencySLOViolation"),
    lines("Time not Recorded by Camera", "increase(recording_gap_seconds_total[1h])", "s", legend="{{camera_id}}", steps=rising(18), min=0,
          runbook="RecordingGap", says="In the hour before. 18 s are 0.5 %."),
]

API_OVERVIEW = [
    stat("Request rate", REQUESTS, "reqps"),
    stat("Active connections", "active_connections", "short", legend="{{node}}"),
    lines("Error rate", ERROR_SHARE, "percentunit", legend="5xx", **ERRORS),
    lines("Latency", REQUEST_LATENCY, "s", **LATENCY),
]
SYSTEM_METRICS = [
    lines("CPU", '100 - (avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])) * 100)', "percent", legend="{{instance}}", steps=rising(80, 90),
          min=0, max=100, runbook="HighNodeCPU"),
    lines("Memory", "(1 - (node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)) * 100", "percent", legend="{{instance}}", steps=rising(85, 90),
          min=0, max=100, runbook="HighNodeMemory"),
    lines("Disk", "disk_space_used_percent", "percent", legend="{{mount_point}}", **DISK),
    lines("Network", "sum by (interface) (rate(network_bytes_received_total[5m])) * 8", "bps", legend="{{interface}}"),
]
DATABASE_PERFORMANCE = [
    stat("Slow queries", "sum(increase(database_slow_queries_total[1h]))", "short", steps=rising(1, 10), runbook="DatabaseSlowQueries"),
    stat("Size", "database_size_bytes", "bytes", legend="{{node}}"),
    lines("Query P95 by type", QUERY_P95, "s", legend="{{query_type}}", **DATABASE),
    lines("Queries per second", "sum by (query_type) (rate(database_query_duration_seconds_count[5m]))", "ops", legend="{{query_type}}"),
    lines("Connections", "database_connections", "short", legend="{{state}}", runbook="DatabaseUnavailable"),
]
CACHE_PERFORMANCE = [
    lines("Hit rate", 'sum by (cache) (rate(cache_requests_total{result="hit"}[5m])) / sum by (cache) (rate(cache_requests_total[5m]))', "percentunit",
          legend="{{cache}}", min=0, max=1),
    lines("Evictions", "sum by (cache) (increase(cache_evictions_total[1h]))", "short", legend="{{cache}}"),
    lines("Memory", "cache_size_bytes", "bytes", legend="{{cache}}"),
    lines("Check duration P95", CACHE_P95, "s", legend="P95", steps=rising(0.1, 1)),
]
OF_ERRORS = '{job="doorbell"} | json | level=~"(?i)error|critical"'
OF_ALL = "Of every machine whose log comes to this Loki: its streams have the labels job, level and component. Cluster, node and camera narrow nothing here."
APPLICATION_LOGS = [
    lines("Error Lines per Second", {"errors": f"sum(rate({OF_ERRORS} [5m]))"}, "cps", logql=True, runbook="HighErrorRate LogMessagesLost", says=OF_ALL),
    row("logs", "Errors", OF_ERRORS, "none", logql=True, runbook="HighErrorRate", says=OF_ALL),
    row("logs", "All Log Lines", '{job="doorbell"}', "none", logql=True, says=OF_ALL),
]

MICROSERVICES = [
    row("status-history", "Service health", "up", "none", legend="{{job}} {{instance}}", runbook="ServiceDown NodeDown", **WELL),
    lines("Request rate", "sum by (instance) (rate(http_requests_total[5m]))", "reqps", legend="{{instance}}"),
    lines("Response time P95", "histogram_quantile(0.95, sum by (instance, le) (rate(http_request_duration_seconds_bucket[5m])))", "s",
          legend="{{instance}}", **LATENCY),
    lines("Error rate", 'sum by (instance) (rate(http_requests_total{status=~"5.."}[5m])) / sum by (instance) (rate(http_requests_total[5m]))',
          "percentunit", legend="{{instance}}", **ERRORS),
    lines("System resources", "system_cpu_usage_percent", "percent", legend="{{instance}}", steps=rising(80, 95), min=0, max=100,
          runbook="HighCPUUsage CriticalCPUUsage"),
]
AUTH = [
    stat("Logins", "sum(increase(successful_logins_total[1h]))", "short"),
    stat("Registrations", "sum(increase(successful_registrations_total[1h]))", "short"),
    stat("Registration conflicts", "sum(increase(registration_conflicts_total[1d]))", "short", **DAYS),
    stat("Active sessions", "user_sessions_active", "short", legend="{{node}}"),
    stat("Database health", 'health_check_status{check="database"}', "none", legend="{{node}}", runbook="DatabaseUnavailable", **PASSES),
    stat("Redis health", 'health_check_status{check="cache"}', "none", legend="{{node}}", runbook="RedisDown", **PASSES),
    stat("User counts", "sum by (state) (user_accounts)", "short", legend="{{state}}"),
    lines("Login success rate",
          "sum(rate(successful_logins_total[5m])) / (sum(rate(successful_logins_total[5m])) + sum(rate(failed_logins_total[5m])))", "percentunit",
          legend="logins that succeeded", min=0, max=1, steps=falling(0.5, 0.9), runbook="HighFailedLoginRate FailedLoginSpike"),
    lines("Login response time", "histogram_quantile(0.95, sum by (le) (rate(user_login_duration_seconds_bucket[5m])))", "s", legend="P95",
          steps=rising(1, 3)),
]
RESOURCES = [
    lines("CPU", "system_cpu_core_usage_percent", "percent", legend="core {{cpu}}", steps=rising(80, 95), min=0, max=100, runbook="HighCPUUsage"),
    lines("Memory", "system_memory_available_bytes", "bytes", legend="{{node}}", runbook="HighMemoryUsage"),
    lines("Disk", "disk_space_used_percent", "percent", legend="{{mount_point}}", **DISK),
    lines("Network I/O", "sum by (interface) (rate(network_bytes_sent_total[5m])) * 8", "bps", legend="{{interface}}"),
    lines("System load", 'system_load_average{window="5m"}', "short", legend="{{node}}"),
    lines("Database performance", QUERY_P95, "s", legend="{{query_type}}", **DATABASE),
    lines("Cache performance", CACHE_P95, "s", legend="P95", steps=rising(0.1, 1)),
]

# (folder, what titles begin with, title, panels, options of the dashboard). A folder is an audience: who lives there, who looks
# after cameras, who answers for the service, who works on it, who runs the machines.
DASHBOARDS = [
    ("doorbell", "Doorbell", "System Overview", DOORBELL_SYSTEM, {}),
    ("doorbell", "Doorbell", "Pipeline Performance", DOORBELL_PIPELINE, {}),
    ("doorbell", "Doorbell", "Face Recognition", FACES, {"span": "now-24h"}),
    ("doorbell", "Doorbell", "Business Metrics", BUSINESS, {"span": "now-7d"}),
    ("doorbell", "Doorbell", "Ring Path", RING_PATH, {}),
    ("vms", "VMS", "System Overview", VMS_SYSTEM, {}),
    ("vms", "VMS", "Recording Performance", VMS_RECORDING, {}),
    ("vms", "VMS", "Live Streaming", VMS_STREAMING, {}),
    ("vms", "VMS", "AI Processing", VMS_AI, {}),
    ("service", "Service", "Service Overview", SERVICE_OVERVIEW, {}),
    ("service", "Service", "Performance Metrics", SERVICE_PERFORMANCE, {}),
    ("service", "Service", "Model Metrics", SERVICE_MODEL, {}),
    ("service", "Service", "Infrastructure", SERVICE_INFRASTRUCTURE, {}),
    ("service", "Service", "Alerts", SERVICE_ALERTS, {"span": "now-24h"}),
    ("service", "Service", "SLO", SLO, {"span": "now-24h"}),
    ("application", "Application", "API Overview", API_OVERVIEW, {}),
    ("application", "Application", "System Metrics", SYSTEM_METRICS, {}),
    ("application", "Application", "Database Performance", DATABASE_PERFORMANCE, {}),
    ("application", "Application", "Cache Performance", CACHE_PERFORMANCE, {}),
    ("application", "Application", "Application Logs", APPLICATION_LOGS, {"span": "now-1h"}),
    ("platform", "Platform", "Microservices Overview", MICROSERVICES, {}),
    ("platform", "Platform", "Auth Service", AUTH, {}),
    ("platform", "Platform", "System Resources", RESOURCES, {}),
]
