#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What recording costs: processor time a camera-minute, memory a camera, writes to the device, and how long the network
waits for a slow disk.

A real RTSP server plays a clip over TCP on loopback to so many readers: `porchlight` (record only: no faces, no motion,
no sound), one `ffmpeg -c copy -f segment` a camera, and a copy of the socket into a file, one after the other in the same
run. Nobody's decoder is in the figures of ffmpeg and the copy; porchlight's whole process is in its own.

RECORD_SECONDS: how long each is watched (60). RECORD_ONLY=yardsticks: ffmpeg and the copy alone.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

import harness  # noqa: E402

SECONDS = int(os.environ.get("RECORD_SECONDS", "60"))
ONLY_YARDSTICKS = os.environ.get("RECORD_ONLY") == "yardsticks"
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


def tree(pid):
    """A process and what it started."""
    children = [int(c) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() for c in (task / "children").read_text().split()]
    return [pid] + [p for child in children for p in tree(child)]


def cpu_seconds(pids):
    """By the scheduler's own account, of all threads that live."""
    return sum(int((task / "schedstat").read_text().split()[0]) for pid in pids
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def pss_mb(pids):
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


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


def make_clip(path, size, fps, kbps):
    """Ten seconds that cost what they are said to cost, a keyframe every two."""
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={fps},noise=alls=12:allf=t", "-t", "10",
                    "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", str(2 * fps), "-b:v", f"{kbps}k",
                    "-minrate", f"{kbps}k", "-maxrate", f"{kbps}k", "-bufsize", f"{kbps}k", "-x264-params", "nal-hrd=cbr:scenecut=0", path],
                   check=True, stdin=subprocess.DEVNULL)


def watch(pids):
    """(processor seconds, passed seconds, PSS in MB) of processes over SECONDS."""
    begun, cpu = time.monotonic(), cpu_seconds(pids)
    time.sleep(SECONDS)
    return cpu_seconds(pids) - cpu, time.monotonic() - begun, pss_mb(pids)


def size_of(folder):
    return sum(p.stat().st_size for p in pathlib.Path(folder).rglob("*") if p.is_file())


@contextlib.contextmanager
def running(*commands):
    processes = [subprocess.Popen(c, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
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


def settings(server, count, recordings, **camera):
    return {
        "cameras": [{"id": f"camera{i}", "url": server.url, "record": "continuous", "audio": False, "motion": False, **camera} for i in range(count)],
        "buttons": [], "faces": {"enabled": False},
        "recording": {"segment": "60s", "reserve": "1MiB", "keep": {"space": "100%"}},
        "storage_recordings": recordings,
    }


@contextlib.contextmanager
def recording(server, count, recordings, preload=None, environment=None, **camera):
    wanted = settings(server, count, recordings, **camera)
    place = wanted.pop("storage_recordings")
    daemon = harness.Daemon(wanted, wait=None, preload=preload, environment=environment)
    daemon.write_config({**wanted, "storage": {"path": str(daemon.state), "recordings": str(place)}})
    try:
        daemon.start()
        harness.wait_until(lambda: len({p.parent.parent.name for p in pathlib.Path(place).rglob("*.mp4.part")}) >= count, 60,
                           f"{count} cameras to be recorded")
        time.sleep(8)
        yield daemon
    finally:
        daemon.close()


def porchlight_figures(server, count, folder):
    with recording(server, count, folder / "porchlight") as daemon:
        return watch(tree(daemon.process.pid))


def show(name, count, figures):
    cpu, passed, pss = figures
    a_minute = cpu / count / (passed / 60)
    print(f"  {name:24} {a_minute:8.3f} CPU-s a camera-minute   {100 * cpu / passed:6.1f} % of a core   {pss / count:7.2f} MB PSS a camera", flush=True)
    return a_minute, pss / count


def compare(count, size, fps, kbps, folder):
    print(f"-- {count} cameras of {size}, {fps} frames/s, {kbps} kbit/s, {SECONDS} s each", flush=True)
    clip = folder / "clip.mp4"
    make_clip(clip, size, fps, kbps)
    with Server(clip) as server:
        raw, _ = show("socket to file", count, copy_figures(server, count, folder))
        theirs, their_pss = show("ffmpeg -f segment", count, ffmpeg_figures(server, count, folder))
        if ONLY_YARDSTICKS:
            say("ffmpeg, of the copy", theirs / raw, " ×")
            return
        ours, our_pss = show("porchlight", count, porchlight_figures(server, count, folder))
    bound("porchlight's processor time, of ffmpeg's", ours / theirs, CPU_OF_FFMPEG, " ×")
    bound("porchlight's memory, of ffmpeg's", our_pss / their_pss, PSS_OF_FFMPEG, " ×")
    say("porchlight's processor time, of the copy's", ours / raw, " ×")


@contextlib.contextmanager
def loop_disk(folder):
    """A file system on a device of its own: (mount point, reader of the bytes written to it), or None."""
    if os.geteuid() != 0:
        print("  SKIPPED: writes to a device of our own need root", flush=True)
        yield None
        return
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    with open(image, "wb") as file:
        file.truncate(1 << 30)
    device = None
    try:
        made = subprocess.run(["losetup", "-f", "--show", image], capture_output=True, text=True)
        device = made.stdout.strip()
        if made.returncode == 0:
            subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", device], check=True)
            made = subprocess.run(["mount", device, place], capture_output=True, text=True)
        if made.returncode != 0:
            print(f"  SKIPPED: no loop device here: {made.stderr.strip()}", flush=True)
            yield None
            return
        statistics = pathlib.Path("/sys/block") / pathlib.Path(device).name / "stat"
        yield place, lambda: int(statistics.read_text().split()[6]) * 512
        subprocess.run(["umount", "-l", place], check=False)
    finally:
        if device:
            subprocess.run(["losetup", "-d", device], check=False)


def writes(folder):
    print("-- what reaches the device, 4 cameras of 1280x720, ext4 on a loop device", flush=True)
    clip = folder / "writes.mp4"
    make_clip(clip, "1280x720", 15, 2000)
    with loop_disk(folder) as disk, Server(clip) as server:
        if disk is None:
            return
        place, written = disk
        with recording(server, 4, place / "recordings") as daemon:
            os.sync()
            before, media = written(), size_of(place)
            time.sleep(SECONDS)
            daemon.stop()
            os.sync()
            device, media = written() - before, size_of(place) - media
    say("media written", media / 1e6, " MB")
    bound("bytes to the device, of the media's", device / media, WRITTEN, " ×")


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
            environment = {"IO_SHIM_DIR": str(place), "IO_SHIM_SYNC_MS": str(slow)}
            with recording(server, 4, place, str(harness.IO_SHIM), environment):
                longest, blind = longest_wait(server.port)
            text = f"longest time that bytes lay unread, disk {name}"
            if slow:
                bound(text, longest, STALL_MS, " ms")
            else:
                say(text, longest, " ms")
            say("  (we looked away for at most)", blind, " ms")


def motions(folder):
    print("-- recording and motion gate against Motion, 4 cameras of 640x360", flush=True)
    if not shutil.which("motion"):
        print("  SKIPPED: motion is not installed (Debian's package `motion`, 4.5)", flush=True)
        return
    clip = folder / "motions.mp4"
    make_clip(clip, "640x360", 15, 800)
    with Server(clip) as server:
        config = folder / "motion.conf"
        config.write_text("daemon off\nlog_level 4\nwebcontrol_port 0\nstream_port 0\nmovie_passthrough on\nmovie_output on\n"
                          "emulate_motion on\npicture_output off\nwidth 640\nheight 360\nframerate 15\n" +
                          "".join(f"camera {folder}/motion{i}.conf\n" for i in range(4)))
        for i in range(4):
            (folder / f"motion{i}.conf").write_text(f"camera_id {i + 1}\nnetcam_url {server.url}\nnetcam_params rtsp_transport=tcp\n"
                                                    f"target_dir {folder}/motion{i}\n")
        with running(["motion", "-c", config]) as pids:
            time.sleep(10)
            theirs, _ = show("motion", 4, watch(pids))
        with recording(server, 4, folder / "gate", motion=True) as daemon:
            ours, _ = show("porchlight", 4, watch(tree(daemon.process.pid)))
    bound("porchlight's processor time, of Motion's", ours / theirs, CPU_OF_MOTION, " ×")


def main():
    for needed in (SERVER, COPY):
        if not needed.exists():
            sys.exit(f"record_bench: {needed} was not built")
    if not shutil.which("ffmpeg"):
        sys.exit("record_bench: no ffmpeg here to measure against")
    for house in HOUSES:
        with tempfile.TemporaryDirectory(prefix="porchlight-bench-") as folder:
            compare(*house, pathlib.Path(folder))
    if not ONLY_YARDSTICKS:
        for part in (writes, stalls, motions):
            with tempfile.TemporaryDirectory(prefix="porchlight-bench-") as folder:
                part(pathlib.Path(folder))
    for line in missed:
        print("missed: " + line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
