# SPDX-License-Identifier: Apache-2.0
"""The houses in which six things really break, each on an address of loopback of its own: `node` is made of it."""

import harness
import prometheus
import footage_truth
from accounts_client import Client, first_run_code
from harness import free_port
from sink import Sink

import fault_programs

PASSWORD = "a long phrase of theirs"
GUESSES = 12        # more than FailedLoginSpike allows in its window
RINGS = 4           # more than NotificationFailures allows in its window
MANY_CAMERAS = 170  # times the reasons of a reconnect: more than the 1,000 series that a family may have


class House:
    """A daemon with its administrator, and what Prometheus scrapes of it."""

    def __init__(self, cleanup, node, **settings):
        self.node = node
        self.metrics = f"{node}:{free_port(node)}"
        self.settings = {"metrics": {"listen": self.metrics}, "faces": {"enabled": False},
                         "buttons": [{"id": "front", "kind": "virtual"}], **settings}
        self.daemon = harness.Daemon(self.settings)
        cleanup(self.daemon.close)

    def reload(self, **settings):
        self.daemon.write_config({**self.settings, **settings})
        self.daemon.cli("reload")

    def metric(self, name, **labels):
        """The sum of a family's series that have these labels; None without one."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        found = [float(line.rpartition(" ")[2]) for line in self.daemon.scrape().splitlines()
                 if line.startswith((name + "{", name + " ")) and all(label in line for label in wanted)]
        return sum(found) if found else None


class FrontHouse(House):
    """Has a camera, a channel that can be broken, people who log in, and hears of every alert; node_exporter beside it."""

    def __init__(self, cleanup, folder, listeners):
        self.yard = footage_truth.NumberedCamera(folder, "yard")
        cleanup(lambda: self.yard.process.poll() is None and self.yard.kill())
        self.wall = Sink()
        cleanup(self.wall.close)
        super().__init__(cleanup, "127.0.0.2", cameras=[{"id": "yard", "url": self.yard.url, "motion": False}], notifications={
            "channels": [{"id": "wall", "type": "webhook", "url": self.wall.url},
                         {"id": "owner", "type": "webhook", "url": listeners.house.url},
                         {"id": "mailbox", "type": "email", "server": f"smtp://{listeners.mail.address}", "starttls": "none",
                          "from": "door@example.org", "to": [fault_programs.OWNER]}],
            "rules": [{"when": "ring", "to": ["wall"]}, {"when": "alert", "to": ["owner", "mailbox"]}]})
        code = harness.wait_until(lambda: first_run_code(self.daemon), 60, "the first-run code")
        self.anna = Client(self.daemon)
        if self.anna.register(code, "anna", PASSWORD)[0] != 201 or self.anna.login("anna", PASSWORD) != 200:
            raise AssertionError("anna has no account")
        self.token = self.daemon.cli("users", "token", "anna", "--kind", "alerts").stdout.strip()
        # Their first sample must be from before the fault.
        harness.wait_until(self.camera_is_there, 60, "the camera")
        self.address = f"{self.node}:{free_port(self.node)}"
        self.exporter = prometheus.Server("node_exporter", folder, [prometheus.NODE_EXPORTER, f"--web.listen-address={self.address}"],
                                          self.address, "/metrics")
        cleanup(lambda: self.exporter.close())

    def camera_is_there(self):
        return self.metric("camera_connection_status", camera_id="yard") == 1

    def camera_is_lost(self):
        return self.metric("camera_connection_status", camera_id="yard") == 0

    def break_the_channel(self):
        self.wall.mode = "reject"
        for _ in range(RINGS):
            self.daemon.ring("front")

    def messages_failed(self):
        return (self.metric("notifications_sent_total", status="failure") or 0) >= RINGS

    def mend_the_channel(self):
        self.wall.mode = "take"
        ring = self.daemon.ring("front")
        self.wall.wait(lambda arrivals: any(a.event["id"] == ring and a.status == 200 for a in arrivals), 60, "a ring after the repair")

    def storm_the_login(self):
        """Four guesses at each name, from one address: below what either is locked for."""
        stranger = Client(self.daemon)
        for guess in range(GUESSES):
            if stranger.login(f"guest{guess // 4}", f"guess number {guess}") != 401:
                raise AssertionError("a guess was not refused as one")

    def logins_failed(self):
        return self.metric("failed_logins_total") >= GUESSES


class BackHouse(House):
    """Is restarted, and then given more cameras than there are places for their series."""

    def __init__(self, cleanup):
        super().__init__(cleanup, "127.0.0.3")

    def restart(self):
        self.begun = self.metric("process_start_time_seconds")
        self.daemon.stop()
        self.daemon.start()

    def is_another(self):
        return self.metric("process_start_time_seconds") > self.begun

    def overflow_a_label(self):
        self.reload(cameras=[{"id": f"camera_{number}", "url": "file:/nothing.mp4", "enabled": False} for number in range(MANY_CAMERAS)])

    def labels_overflow(self):
        return self.metric("metrics_label_overflow_total") > 0
