# SPDX-License-Identifier: Apache-2.0
"""Kinds of cameras through the whole program: programs, a second stream, and `cameras test`."""

import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import tempfile
import unittest

import harness

RTSP_SERVER = next(iter(harness.BUILD.glob("**/rtsp_test_server")), None)


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class CamerasTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        if not shutil.which("ffmpeg"):
            raise unittest.SkipTest("no ffmpeg here")
        cls.clips = tempfile.TemporaryDirectory(prefix="porchlight-")
        cls.addClassCleanup(cls.clips.cleanup)
        cls.clip("b_frames.mp4", "libx264", "-bf", "2", "-g", "20")
        cls.clip("h265.mp4", "libx265", "-x265-params", "log-level=none:bframes=0", "-g", "10")
        cls.clip("small.mp4", "libx264", "-bf", "0", "-g", "10", size="320x180")

    @classmethod
    def clip(cls, name, encoder, *options, size="640x360"):
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc=size={size}:rate=10", "-t", "4", "-c:v", encoder, "-preset",
                        "veryfast", "-pix_fmt", "yuv420p", *options, cls.path(name)], check=True, stdin=subprocess.DEVNULL)

    @classmethod
    def path(cls, name):
        return f"{cls.clips.name}/{name}"

    def daemon(self, **camera):
        daemon = harness.Daemon({"cameras": [{"id": "front", **camera}], "buttons": [], "faces": {"enabled": False}})
        self.addCleanup(daemon.stop)
        return daemon

    def connected(self, daemon):
        harness.wait_until(lambda: daemon.status()["cameras"][0]["state"] == "connected", 30, "the camera to be connected")

    def look(self, *arguments, status=0):
        """`cameras test` on a configuration that only names a folder."""
        with tempfile.TemporaryDirectory(prefix="porchlight-") as folder:
            config = pathlib.Path(folder, "porchlight.yaml")
            config.write_text(json.dumps({"storage": {"path": folder}, "cameras": [
                {"id": "both", "url": f"file:{self.path('b_frames.mp4')}", "detect_url": f"file:{self.path('small.mp4')}"},
                {"id": "hidden", "url": "rtsp://cam/x", "user": "a", "password": "${credential:cam}"},
                {"id": "program", "url": f"exec:sh -c 'touch {self.path('was_started')}; exit 7'"}]}))
            done = subprocess.run([harness.PROGRAM, "cameras", "test", *arguments, "--config", config], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, done)
        return done

    def test_program_of_the_configuration_is_not_started_as_root(self):
        as_root = os.geteuid() == 0
        done = self.look("program", status=3 if as_root else 1)
        self.assertEqual(os.path.exists(self.path("was_started")), not as_root)
        if as_root:
            self.assertIn("is not started as root", done.stderr)

    # -- programs --------------------------------------------------------------------------------------

    def test_program_is_a_camera_and_goes_with_the_daemon(self):
        with tempfile.TemporaryDirectory(prefix="porchlight-") as folder:
            script = (f"echo $$ >{folder}/leader; sleep 1000 & echo $! >{folder}/child; "
                      f"exec ffmpeg -v error -re -stream_loop -1 -i {self.path('small.mp4')} -c copy -f mpegts -")
            daemon = self.daemon(url=f"exec:sh -c {shlex.quote(script)}", stall="5s")
            self.connected(daemon)
            leader, child = (int(pathlib.Path(folder, name).read_text()) for name in ("leader", "child"))
            self.assertEqual(os.getpgid(leader), leader)
            self.assertNotEqual(leader, os.getpgid(daemon.process.pid))
            self.assertTrue(alive(leader) and alive(child))
            code, took = daemon.signal_and_time()
            self.assertEqual(code, 0)
            self.assertLess(took, 5)
            harness.wait_until(lambda: not alive(leader) and not alive(child), 30, "the end of the program's group")

    def test_program_that_dies_is_started_again_and_said_once(self):
        daemon = self.daemon(url="exec:sh -c 'echo the lens is gone >&2; exit 7'", enabled=True)
        harness.wait_until(lambda: (daemon.metric("camera_reconnects_total", camera_id="front", reason="eof") or 0) >= 2, 60, "two more starts")
        warnings = [json.loads(line) for line in harness.whole_lines(daemon.log) if "camera lost" in line]
        self.assertEqual(len(warnings), 1, warnings)
        self.assertIn("run 'sh': exit status 7: the lens is gone", json.dumps(warnings[0]))
        self.assertEqual(daemon.metric("camera_connection_status", camera_id="front"), 0)

    def test_killed_program_is_another_one_soon(self):
        program = f"ffmpeg -v error -re -stream_loop -1 -i {self.path('small.mp4')} -c copy -bsf:v h264_mp4toannexb -f h264 -"
        daemon = self.daemon(url=f"exec:{program}", stall="5s")
        self.connected(daemon)
        [pid] = [int(p.name) for p in pathlib.Path("/proc").iterdir() if p.name.isdigit() and self.parent(p) == daemon.process.pid]
        os.kill(pid, signal.SIGKILL)
        harness.wait_until(lambda: (daemon.metric("camera_reconnects_total", camera_id="front", reason="eof") or 0) >= 1, 30, "a new start")
        self.connected(daemon)
        self.assertFalse(alive(pid))

    @staticmethod
    def parent(process):
        try:
            return int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            return None

    # -- two streams -----------------------------------------------------------------------------------

    def test_detection_stream_is_the_one_that_is_decoded(self):
        daemon = self.daemon(url=f"file:{self.path('absent.mp4')}", detect_url=f"file:{self.path('small.mp4')}")
        self.connected(daemon)
        status, _, _ = daemon.get("/metrics")
        self.assertEqual(status, 200)
        self.assertEqual(daemon.metric("camera_connection_status", camera_id="front"), 1)
        said = daemon.cli("reload").stdout
        self.assertNotIn("cameras.front", said, "an unchanged camera was rebuilt")

    # -- cameras test ----------------------------------------------------------------------------------

    def test_look_names_what_is_sent_and_advises(self):
        seen = json.loads(self.look("both", "--json").stdout)["streams"]
        self.assertEqual([s["stream"] for s in seen], ["main", "detect"])
        main, detect = seen
        self.assertEqual((main["codec"], main["width"], main["height"]), ("h264", 640, 360))
        self.assertEqual((main["b_frames"], main["gop_pictures"], main["damaged"]), (True, 20, 0))
        self.assertAlmostEqual(main["fps"], 10, delta=2)
        self.assertAlmostEqual(main["gop_seconds"], 2, delta=0.4)
        self.assertGreater(main["bitrate_bps"], 1000)
        self.assertTrue(any("B-frames" in advice for advice in main["advice"]), main)
        self.assertEqual((detect["width"], detect["b_frames"], detect["gop_pictures"]), (320, False, 10))
        self.assertTrue(any("320x180 is small" in advice for advice in detect["advice"]), detect)

    def test_look_at_a_url_is_for_people_too(self):
        text = self.look(f"file:{self.path('h265.mp4')}").stdout
        for words in ("hevc 640x360", "every 10 pictures", "B-frames       no", "not played by browsers over WebRTC"):
            self.assertIn(words, text)

    def test_look_at_a_program_hides_its_arguments(self):
        done = self.look(f"exec:sh -c 'cat {self.path('small.mp4')}; echo oh no >&2; exit 4'", "--json", status=1)
        [seen] = json.loads(done.stdout)["streams"]
        self.assertEqual((seen["ok"], seen["url"]), (False, "exec:sh"))
        done = self.look("exec:sh -c 'echo oh no >&2; exit 4' secret", "--json", status=1)
        self.assertIn("exit status 4: oh no", done.stdout)
        self.assertNotIn("secret", done.stdout + done.stderr)

    def test_look_at_a_real_server(self):
        if RTSP_SERVER is None:
            self.skipTest("the RTSP test server was not built")
        server = subprocess.Popen([RTSP_SERVER, "--user", "viewer", "--password", "right", "--gop", "75"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        url = server.stdout.readline().strip()
        if url.startswith("missing"):
            self.skipTest(url)
        [seen] = json.loads(self.look(url.replace("//", "//viewer:right@"), "--json").stdout)["streams"]
        self.assertEqual((seen["url"], seen["gop_pictures"], seen["fps_announced"]), (url, 75, 15))
        self.assertTrue(any("keyframe comes every" in advice for advice in seen["advice"]), seen)
        done = self.look(url.replace("//", "//viewer:wrong@"), "--json", status=3)
        [seen] = json.loads(done.stdout)["streams"]
        self.assertEqual(seen["code"], "auth")
        self.assertNotIn("wrong", done.stdout + done.stderr)

    def test_look_says_why_there_is_nothing_to_look_at(self):
        self.assertIn("no camera 'bot' (did you mean 'both'?)", self.look("bot", status=2).stderr)
        self.assertIn("unknown scheme 'rstp' (did you mean 'rtsp'?)", self.look("rstp://cam/x", status=2).stderr)
        self.assertIn("credential 'cam'", self.look("hidden", status=3).stderr)
        self.assertIn("No such file", self.look("file:/absent.mp4", status=3).stdout)
        self.assertIn("No such file", self.look("v4l2:/dev/video99", status=3).stdout)
        self.assertIn("No such file", self.look("exec:no-such-program-at-all", status=3).stdout)
        pathlib.Path(self.path("noise.mp4")).write_text("no pictures here")
        self.look(f"file:{self.path('noise.mp4')}", status=1)
        done = subprocess.run([harness.PROGRAM, "cameras", "test", "x", "--config", "/absent.yaml"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 3, done)


if __name__ == "__main__":
    unittest.main()
