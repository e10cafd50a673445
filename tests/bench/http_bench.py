#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The listener beside Debian's nginx in the same run: both TLS with the same certificate, one thread
and one worker. Idle event streams by what they add to the resident set."""

import os
import pathlib
import re
import resource
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVER = ROOT / "build/release/http_bench_server"
STREAMS = 1000
ROUNDS = 3

missed = []


def hold(name, value, bound, least=False):
    verdict = value >= bound if least else value <= bound
    print(f"{name:52} {value:9.2f}   (bound: {'at least' if least else 'at most'} {bound})", flush=True)
    if not verdict:
        missed.append(f"{name}: {value:.2f} against {bound}")


def nginx_program():
    own = ROOT / "build/nginx/tree/usr/sbin/nginx"
    return str(own) if own.exists() else shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def start_ours(folder, mode):
    process = subprocess.Popen([SERVER, folder, mode], stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_nginx(folder, program):
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type application/octet-stream;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port} ssl; ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate {folder}/tls/server.pem; ssl_certificate_key {folder}/tls/server.pem;
    location /file/ {{ alias {folder}/files/; }}
  }}
}}
""")
    process = subprocess.Popen([program, "-c", folder / "nginx.conf", "-p", folder], stderr=subprocess.DEVNULL)
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.01)
    raise RuntimeError("nginx does not answer")


def stop(process):
    process.terminate()
    process.wait()


def requests_per_second(port):
    said = subprocess.run(["wrk", "-t1", "-c16", "-d4s", f"https://127.0.0.1:{port}/file/small"],
                          capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))


def range_mb_per_second(port):
    said = subprocess.run(["curl", "-sk", "--range", "1-1073741822", "-o", "/dev/null", "-w", "%{http_code} %{size_download} %{speed_download}",
                           f"https://127.0.0.1:{port}/file/large"], capture_output=True, text=True, check=True).stdout
    code, size, speed = said.split()
    if code != "206" or int(size) != 1073741822:
        raise RuntimeError(said)
    return float(speed) / 1e6


def side_by_side(name, unit, measure, ours, nginx, bound):
    pairs = [(measure(ours), measure(nginx)) for _ in range(ROUNDS)]
    print(f"{name:52} {statistics.median(p[0] for p in pairs):9.0f} {unit}, nginx {statistics.median(p[1] for p in pairs):.0f} {unit}")
    hold(f"{name}: ours / nginx", statistics.median(p[0] / p[1] for p in pairs), bound, least=True)


def open_streams(port, context):
    streams = []
    for _ in range(STREAMS):
        stream = socket.create_connection(("127.0.0.1", port))
        if context:
            stream = context.wrap_socket(stream)
        stream.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        streams.append(stream)
    for stream in streams:
        seen = b""
        while b"event: hello" not in seen:
            seen += stream.recv(4096)
    return streams


def idle_streams(folder, mode, bound):
    process, port = start_ours(folder, mode)
    context = None
    if mode == "tls":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port)) as probe:
        probe.sendall(b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n")
        probe.recv(4096)
    before = resident_mib(process.pid)
    streams = open_streams(port, context)
    time.sleep(1)
    hold(f"{STREAMS} idle event streams, {mode}, MiB", resident_mib(process.pid) - before, bound)
    threads = len(os.listdir(f"/proc/{process.pid}/task"))
    hold(f"threads with {STREAMS} streams, {mode}", threads, 1)
    del streams
    stop(process)


def main():
    program = nginx_program()
    if not program or not shutil.which("wrk"):
        sys.exit("http_bench: needs nginx and wrk; ./dev bench http brings them")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="porchlight-bench-") as name:
        folder = pathlib.Path(name)
        (folder / "files").mkdir()
        (folder / "files/small").write_bytes(os.urandom(4096))
        with open(folder / "files/large", "wb") as large:
            large.truncate(1 << 30)
        idle_streams(folder, "plain", 20)
        idle_streams(folder, "tls", 60)
        ours, ours_port = start_ours(folder, "tls")
        nginx, nginx_port = start_nginx(folder, program)
        try:
            side_by_side("4 KiB file", "requests/s", requests_per_second, ours_port, nginx_port, 0.5)
            side_by_side("range read of 1 GiB", "MB/s", range_mb_per_second, ours_port, nginx_port, 0.7)
        finally:
            stop(ours)
            stop(nginx)
    for line in missed:
        print("MISSED", line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
