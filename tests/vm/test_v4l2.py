# SPDX-License-Identifier: Apache-2.0
"""Cameras of the machine itself through the installed service: raw pictures by the kernel's `vivid`, Motion JPEG and H.264, made
by ffmpeg on the host, by `v4l2loopback`."""

import json
import shutil
import subprocess

import rig

METRICS = "python3 -c \"import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/metrics').read().decode())\""


def settings(**camera):
    whole = json.loads(rig.configuration())
    whole["cameras"] = [{"id": "usb", "stall": "5s", **camera}]
    return json.dumps(whole)


def access_units(stream):
    """A byte stream of H.264 cut where its delimiters stand."""
    mark = b"\0\0\0\1\x09"
    return [mark + unit for unit in stream.split(mark)[1:]]


class DeviceTest(rig.MachineTest):

    def camera_state(self):
        return next(c["state"] for c in self.status()["cameras"] if c["id"] == "usb")

    def wait_for_camera(self, state, seconds=90):
        self.wait_for(lambda: self.camera_state() == state, seconds, f"the camera to be {state}")

    def metric(self, name):
        for line in self.machine.out(METRICS).splitlines():
            if line.startswith(name + '{camera_id="usb"'):
                return float(line.split()[-1])
        return None

    def plug_in(self):
        self.machine.run("modprobe vivid n_devs=1 node_types=0x1 && udevadm settle")
        self.addCleanup(self.machine.run, "systemctl stop porchlight; modprobe -r vivid", check=False)
        return self.machine.out("for d in /sys/class/video4linux/video*; do grep -q vivid $d/name && echo /dev/$(basename $d); done").split()[0]

    def test_raw_pictures_of_the_kernels_camera(self):
        device = self.plug_in()
        self.configure(settings(url=f"v4l2:{device}", size="320x180", fps=5))
        self.wait_for_camera("connected")
        received = self.metric("camera_frames_received_total")
        self.wait_for(lambda: self.metric("camera_frames_received_total") > received + 10, 60, "ten more pictures")
        self.assertGreater(self.metric("camera_fps"), 0)
        busy = self.machine.run(f"porchlight cameras test v4l2:{device} --json", check=False)
        self.assertEqual(busy.returncode, 3, busy)
        self.assertIn("in use by another program", busy.stdout)
        self.machine.run("systemctl stop porchlight")
        seen = self.machine.run("porchlight cameras test usb --json", check=False, seconds=120)
        self.assertEqual(seen.returncode, 0, seen)
        [stream] = json.loads(seen.stdout)["streams"]
        self.assertEqual((stream["codec"], stream["width"], stream["height"]), ("rawvideo", 320, 180))
        self.assertEqual((stream["gop_pictures"], stream["b_frames"]), (1, False))

    def test_device_that_vanishes_is_lost_and_comes_back(self):
        device = self.plug_in()
        self.configure(settings(url=f"v4l2:{device}", size="320x180", fps=5))
        self.wait_for_camera("connected")
        pid = self.main_pid()
        driver = "/sys/bus/platform/drivers/vivid"
        self.machine.run(f"echo vivid.0 >{driver}/unbind")
        self.wait_for_camera("unreachable")
        self.assertEqual(self.metric("camera_connection_status"), 0)
        ring = self.ring()
        self.wait_for(lambda: self.messages(id=ring), 60, "the message of a ring meanwhile")
        self.machine.run(f"echo vivid.0 >{driver}/bind && udevadm settle && ls {device}")
        self.wait_for_camera("connected")
        self.assertEqual(self.main_pid(), pid, "the daemon was started again")
        faults = [(e["type"], e.get("fault")) for e in self.stored() if e["type"] in ("camera_lost", "camera_back")]
        self.assertEqual(faults[-2:], [("camera_lost", "network"), ("camera_back", None)])

    def loop_device(self, fourcc, name, pictures):
        """A device that delivers these pictures, 640×360, at 5 frames/s."""
        folder = self.machine.share / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for number, picture in enumerate(pictures):
            (folder / f"{number:03}").write_bytes(picture)
        self.machine.run("modprobe v4l2loopback video_nr=10 exclusive_caps=1 && udevadm settle")
        self.addCleanup(self.machine.run, "systemctl stop porchlight feeder; modprobe -r v4l2loopback", check=False)
        self.machine.run(f"systemd-run -q --unit=feeder python3 -B /tools/feed_video.py /dev/video10 {fourcc} 640 360 5 /rig/{name}")
        self.machine.wait_until("journalctl -u feeder -b -o cat | grep -q feeding && v4l2-ctl -d /dev/video10 --list-formats", 30, "the feeder")
        return "v4l2:/dev/video10"

    def ffmpeg(self, *arguments):
        if not shutil.which("ffmpeg"):
            self.skipTest("no ffmpeg on the host")
        return subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=10", "-t", "3", *arguments, "-"],
                              check=True, capture_output=True).stdout

    def assert_plays(self, url, **camera):
        self.configure(settings(url=url, **camera))
        self.wait_for_camera("connected")
        received = self.metric("camera_frames_received_total")
        self.wait_for(lambda: self.metric("camera_frames_received_total") > received + 10, 60, "ten more pictures")
        self.assertEqual(self.camera_state(), "connected")

    def test_motion_jpeg(self):
        mark = b"\xff\xd8\xff"
        stream = self.ffmpeg("-c:v", "mjpeg", "-q:v", "5", "-f", "mjpeg")
        pictures = [mark + one for one in stream.split(mark)[1:]]
        self.assertEqual(len(pictures), 30)
        self.assert_plays(self.loop_device("MJPG", "jpegs", pictures), format="mjpeg")

    def test_h264_of_the_device(self):
        stream = self.ffmpeg("-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-g", "10", "-bsf:v", "h264_metadata=aud=insert", "-f", "h264")
        pictures = access_units(stream)
        self.assertEqual(len(pictures), 30)
        url = self.loop_device("H264", "units", pictures)
        self.assert_plays(url)
        self.machine.run("systemctl stop porchlight")
        seen = self.machine.run("porchlight cameras test usb --json", check=False, seconds=120)
        [stream] = json.loads(seen.stdout)["streams"]
        self.assertEqual((seen.returncode, stream["codec"], stream["gop_pictures"]), (0, "h264", 10), seen)


if __name__ == "__main__":
    rig.main()
