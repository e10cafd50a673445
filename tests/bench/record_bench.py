#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What recording costs: processor time a camera-minute, memory a camera, writes to the device, and how long the network
waits for a slow disk.

A real RTSP server plays a clip over TCP on loopback to so many readers: `porchlight` (record only: no faces, no motion,
no sound), one `ffmpeg -c copy -f segment` a camera, and a copy of the socket into a file, one after the other in the same
run. Nobody's decoder is in the figures of ffmpeg and the copy; porchlight's whole process is in its own.

RECORD_SECONDS: how long each is watched (60). RECORD_PARTS: of houses, writes, stalls, motion (all of them).
"""

import contextlib
import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

import harness  # noqa: E402
from device_writes import loop_disk, media_bytes, sync  # noqa: E402
from process_cost import Cost, tree  # noqa: E402

SECONDS = int(os.environ.get("RECORD_SECONDS", "60"))
PARTS = os.environ.get("RECORD_PARTS", "houses,writes,stalls,motion").split(",")
SERVER = harness.BUILD / "rtsp_test_server"
COPY = harness.BUILD / "record_raw_copy"
# cameras, size, pictures a second, kbit/s
HOUSES = ((8, "1920x1080", 30, 4000), (32, "1280x720", 15, 1000))
CPU_OF_FFMPEG, PSS_OF_FFMPEG = 0.75, 0.2
CPU_OF_MOTION = 0.6
WRITTEN = 1.10  # bytes to the device, of the media's
STALL_MS = 5
missed = []


def bound(what, value, most, unit=""):
    print(f"  {what:60} {value:8.2f}{unit}   (bound {most}{unit})", flush=True)
    if value > most:
        missed.append(f"{what}: {value:.2f}{unit} > {most}{unit}")


def say(what, value, unit=""):
    print(f"  {what:60} {value:8.2f}{unit}", flush=True)


class Server:
    """One stream for all of them."""

    def __init__(self, clip):
        self.process = subprocess.Popen([SERVER, "--clip", clip], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=harness.end_with_us)
        self.url = self.process.stdout.readline().strip()
        if not self.url.startswith("rtsp://"):
            sys.exit(f"record_bench: the RTSP server does not start: {self.url}")
        self.port = int(self.url.rpartition(":")[2].partition("/")[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def size_of(folder):
    return sum(p.stat().st_size for p in pathlib.Path(folder).rglob("*") if p.is_file())


def make_clip(path, size, fps, kbps):
    """Ten seconds that cost what they are said to cost, a keyframe every two."""
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={fps},noise=alls=12:allf=t", "-t", "10",
                    "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", str(2 * fps), "-b:v", f"{kbps}k",
                    "-minrate", f"{kbps}k", "-maxrate", f"{kbps}k", "-bufsize", f"{kbps}k", "-x264-params", "nal-hrd=cbr:scenecut=0", path],
                   check=True, stdin=subprocess.DEVNULL)


def watch(pids):
    cost = Cost(pids)
    time.sleep(SECONDS)
    return cost.end()


@contextlib.contextmanager
def running(*commands, environment=None):
    processes = [subprocess.Popen(c, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
                                  preexec_fn=harness.end_with_us) for c in commands]
    try:
        yield [p.pid for p in processes]
        ended = [c[0] for c, p in zip(commands, processes) if p.poll() is not None]
        if ended:
            sys.exit(f"record_bench: {len(ended)} of {len(commands)} '{ended[0]}' ended by themselves")
    finally:
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.wait()


def ffmpeg_figures(server, count, folder):
    commands = []
    for i in range(count):
        place = folder / f"ffmpeg{i}"
        place.mkdir()
        commands.append(["ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", server.url, "-c", "copy", "-an", "-f", "segment",
                         "-segment_time", "60", "-reset_timestamps", "1", place / "%d.mp4"])
    with running(*commands) as pids:
        time.sleep(8)
        figures = watch(pids)
    return figures


def copy_figures(server, count, folder):
    with running([COPY, str(server.port), "cam", *(folder / f"raw{i}" for i in range(count))]) as pids:
        time.sleep(4)
        figures = watch(pids)
    return figures


def settings(server, count, state, **camera):
    return {
        "cameras": [{"id": f"camera{i}", "url": server.url, "record": "continuous", "audio": False, "motion": False, **camera} for i in range(count)],
        "buttons": [], "faces": {"enabled": False},
        "recording": {"segment": "60s", "reserve": "1MiB", "keep": {"space": "100%"}},
        "storage": {"path": str(state)},
    }


@contextlib.contextmanager
def recording(server, count, state=None, preload=None, environment=None, **camera):
    """Everything of it lies in `state`, its index, too."""
    daemon = harness.Daemon({}, wait=None, preload=preload, environment=environment)
    if state:
        state.mkdir()
        daemon.state = state
    daemon.write_config(settings(server, count, daemon.state, **camera))
    try:
        daemon.start()
        harness.wait_until(lambda: len({p.parent.parent.name for p in daemon.state.rglob("*.mp4.part")}) >= count, 60,
                           f"{count} cameras to be recorded")
        time.sleep(8)
        yield daemon
    finally:
        daemon.close()


def porchlight_figures(server, count):
    with recording(server, count) as daemon:
        return watch(tree(daemon.process.pid))


def show(name, count, cost):
    a_minute, pss = cost.cpu / count / (cost.passed / 60), cost.pss / count
    print(f"  {name:24} {a_minute:8.3f} CPU-s a camera-minute   {100 * cost.cpu / cost.passed:6.1f} % of a core   {pss:7.2f} MB PSS a camera", flush=True)
    if len(cost.kinds) > 2:
        print(f"  {'':24} {cost.parts()}", flush=True)
    return a_minute, pss


def compare(count, size, fps, kbps, folder):
    print(f"-- {count} cameras of {size}, {fps} frames/s, {kbps} kbit/s, {SECONDS} s each", flush=True)
    clip = folder / "clip.mp4"
    make_clip(clip, size, fps, kbps)
    with Server(clip) as server:
        raw, _ = show("socket to file", count, copy_figures(server, count, folder))
        theirs, their_pss = show("ffmpeg -f segment", count, ffmpeg_figures(server, count, folder))
        ours, our_pss = show("porchlight", count, porchlight_figures(server, count))
    bound("porchlight's processor time, of ffmpeg's", ours / theirs, CPU_OF_FFMPEG, " ×")
    bound("porchlight's memory, of ffmpeg's", our_pss / their_pss, PSS_OF_FFMPEG, " ×")
    say("porchlight's processor time, of the copy's", ours / raw, " ×")


def writes_of(count, size, fps, kbps, folder):
    clip = folder / "writes.mp4"
    make_clip(clip, size, fps, kbps)
    with loop_disk(folder) as (place, written), Server(clip) as server:
        if place is None:
            print(f"  SKIPPED: {written}", flush=True)
            return None
        with recording(server, count, place / "state") as daemon:
            sync(place)
            device, media = written(), media_bytes(place)
            time.sleep(SECONDS)
            daemon.stop()
            sync(place)
            device, media = written() - device, media_bytes(place) - media
    say(f"media of {count} cameras of {kbps} kbit/s", media / 1e6, " MB")
    return device / media


def writes(folder):
    print("-- what reaches the device: segments and index on an ext4 of their own", flush=True)
    for place, house in ((folder / "large", (4, *HOUSES[0][1:])), (folder / "small", (4, *HOUSES[1][1:]))):
        place.mkdir()
        factor = writes_of(*house, place)
        if factor is None:
            return
        bound(f"bytes to the device, of the media's, {house[3]} kbit/s", factor, WRITTEN, " ×")


def waiting(port):
    """Of the connections to this port: those with bytes that nobody has read yet."""
    held = set()
    remote = f":{port:04X}"
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[2].endswith(remote) and words[3] == "01" and int(words[4].partition(":")[2], 16) > 0:
            held.add(words[1])
    return held


def longest_wait(port):
    """The longest time in ms that bytes lay in a connection without its queue ever being seen empty, over SECONDS."""
    since, longest, end = {}, 0.0, time.monotonic() + SECONDS
    looked, blind = time.monotonic(), 0.0
    while (now := time.monotonic()) < end:
        blind = max(blind, now - looked)
        looked = now
        held = waiting(port)
        since = {key: since.get(key, now) for key in held}
        longest = max([longest] + [now - begun for begun in since.values()])
        time.sleep(0.0005)
    return 1000 * longest, 1000 * blind


def stalls(folder):
    print("-- how long the network waits while each sync takes 2 s, 4 cameras of 1280x720", flush=True)
    clip = folder / "stalls.mp4"
    make_clip(clip, "1280x720", 15, 2000)
    with Server(clip) as server:
        for name, slow in (("as it is", 0), ("slow", 2000)):
            place = folder / f"stalls-{name}"
            environment = {"IO_SHIM_DIR": str(place / "recordings"), "IO_SHIM_SYNC_MS": str(slow)}
            with recording(server, 4, place, str(harness.IO_SHIM), environment):
                longest, blind = longest_wait(server.port)
            text = f"longest time that bytes lay unread, disk {name}"
            if slow:
                bound(text, longest, STALL_MS, " ms")
            else:
                say(text, longest, " ms")
            say("  (we looked away for at most)", blind, " ms")


def motion_program():
    """(Motion's program, its environment), or (None, why it is not measured)."""
    tree_of_it = harness.SOURCE / "build" / "motion" / "tree" / "usr"
    program = shutil.which("motion") or tree_of_it / "bin" / "motion"
    environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(str(p) for p in (tree_of_it / "lib").glob("*-linux-gnu"))}
    try:
        said = subprocess.run([program, "-h"], capture_output=True, text=True, env=environment, check=False).stdout
    except OSError:
        return None, "Motion is not here (Debian's package `motion`; ./dev bench record fetches it)"
    version = re.search(r"(\d+)\.(\d+)", said)
    if not version or (int(version[1]), int(version[2])) < (4, 5):
        return None, f"{program} is no Motion of 4.5 or later: {said[:60]!r}"
    return program, environment


def motions(folder):
    print("-- recording and motion gate against Motion, 4 cameras of 640x360, something moves always", flush=True)
    program, environment = motion_program()
    if program is None:
        print(f"  SKIPPED: {environment}", flush=True)
        return
    clip = folder / "motions.mp4"
    make_clip(clip, "640x360", 15, 800)
    with Server(clip) as server:
        config = folder / "motion.conf"
        config.write_text("daemon off\nlog_level 4\nwebcontrol_port 0\nstream_port 0\nmovie_passthrough on\nmovie_output on\n"
                          "emulate_motion on\npicture_output off\nwidth 640\nheight 360\nframerate 15\n" +
                          "".join(f"camera {folder}/motion{i}.conf\n" for i in range(4)))
        for i in range(4):
            (folder / f"motion{i}").mkdir()
            (folder / f"motion{i}.conf").write_text(f"camera_id {i + 1}\nnetcam_url {server.url}\nnetcam_params rtsp_transport=tcp\n"
                                                    f"target_dir {folder}/motion{i}\n")
        with running([program, "-n", "-c", config], environment=environment) as pids:
            time.sleep(15)
            theirs, _ = show("motion", 4, watch(pids))
            films = [i for i in range(4) if size_of(folder / f"motion{i}") > 100_000]
        if len(films) < 4:
            print(f"  SKIPPED: Motion recorded {len(films)} of 4 cameras", flush=True)
            return
        with recording(server, 4, motion=True) as daemon:
            ours, _ = show("porchlight", 4, watch(tree(daemon.process.pid)))
    bound("porchlight's processor time, of Motion's", ours / theirs, CPU_OF_MOTION, " ×")


def main():
    for needed in (SERVER, COPY):
        if not needed.exists():
            sys.exit(f"record_bench: {needed} was not built")
    if not shutil.which("ffmpeg"):
        sys.exit("record_bench: no ffmpeg here to measure against")
    measures = {"houses": [functools.partial(compare, *house) for house in HOUSES], "writes": [writes], "stalls": [stalls], "motion": [motions]}
    for measure in [m for part in PARTS for m in measures[part]]:
        with tempfile.TemporaryDirectory(prefix="porchlight-bench-") as folder:
            measure(pathlib.Path(folder))
    for line in missed:
        print("missed: " + line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
