# SPDX-License-Identifier: Apache-2.0
"""Chime, lights and doors through the whole daemon, over chips that a preloaded library answers for
(tests/gpio/gpiofake.c)."""

import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

import harness
import mqtt_client
import test_alerts
import visitors
from accounts_client import Client, first_run_code
from gpio_chips import FAKE, ChipsCase, fake_environment

PASSWORD = "a long phrase of theirs"
CHIME = {"id": "chime", "line": "GPIO27", "on": "ring", "pulse": "300ms"}


class OutputsCase(ChipsCase):
    backend = "auto"

    def config(self, *outputs, **more):
        return harness.config(self.hook, **{
            "buttons": [{"id": "front", "kind": "gpio", "line": "GPIO17", "backend": self.backend, "debounce": "0ms"}],
            "outputs": [{"backend": self.backend, **output} for output in outputs], **more})

    def start(self, *outputs, **more):
        self.daemon = self.on_chips(self.config(*outputs, **more))
        self.chips.do("await GPIO17")
        for output in outputs:
            if output.get("enabled", True):
                self.chips.do(f"await {output['line']}")
                self.chips.trace(output["line"])  # what the opening left
        return self.daemon

    def press(self):
        self.chips.do("GPIO17=0")
        self.chips.do("GPIO17=1")

    def output(self, name):
        return next(o for o in self.daemon.status()["outputs"] if o["id"] == name)

    def wait_for_state(self, name, state):
        harness.wait_until(lambda: self.output(name)["state"] == state, 30, f"{name} {state}")


class ChimeTest(OutputsCase):
    def test_press_sounds_the_chime_for_its_length(self):
        self.start(CHIME)
        self.chips.trace("GPIO17")
        self.press()
        (edge_level, edge), *_ = self.chips.wait_for("GPIO17", 2)
        (on, begun), (off, ended) = self.chips.wait_for("GPIO27", 2)
        self.assertEqual((edge_level, on, off), (0, 1, 0))
        self.assertGreaterEqual(begun, edge)
        self.assertLess((begun - edge) / 1e9, 0.5)  # the bench has the figure
        self.assertGreaterEqual((ended - begun) / 1e9, 0.3)
        self.assertLess((ended - begun) / 1e9, 1.5)
        self.assertEqual(self.daemon.metric("doorbell_chime_latency_seconds_count"), 1)
        self.assertLess(self.daemon.metric("doorbell_chime_latency_seconds_sum"), 0.5)
        self.assertEqual(self.daemon.metric("output_active", output_id="chime"), 0)
        self.assertEqual(self.daemon.metric("pipeline_worker_health", worker_id="output"), 1)

    def test_rings_by_command_sound_it_too(self):
        self.start({**CHIME, "pulse": "20ms"})
        self.daemon.cli("ring", "--button", "front")
        self.assertEqual([level for level, _ in self.chips.wait_for("GPIO27", 2)], [1, 0])
        self.daemon.control("POST", "/api/v1/buttons/front/ring?source=api")
        self.assertEqual([level for level, _ in self.chips.wait_for("GPIO27", 2)], [1, 0])

    def test_ring_over_mqtt_sounds_it_and_opens_no_door(self):
        broker = mqtt_client.Broker()
        self.addCleanup(broker.close)
        self.start({**CHIME, "pulse": "20ms"}, {"id": "door", "line": "GPIO22", "door": {"role": "admin"}},
                   mqtt={"host": "127.0.0.1", "port": broker.port})
        harness.wait_until(lambda: mqtt_client.retained(broker.port, "porchlight/available").get("porchlight/available")
                           == b"online", 20, "the house online")
        hand = mqtt_client.MqttClient(broker.port)
        self.addCleanup(hand.close)
        for command in ("open", "set", "door/set"):
            hand.publish(f"porchlight/door/{command}", "OPEN")
        hand.publish("porchlight/front/ring/set", "PRESS")
        self.assertEqual([level for level, _ in self.chips.wait_for("GPIO27", 2)], [1, 0])
        self.assertEqual(self.chips.trace("GPIO22"), [])

    def test_neither_model_nor_events_nor_disk_hold_it_up(self):
        self.start({**CHIME, "pulse": "20ms"}, faces={"enabled": True})
        for worker in ("vision", "event", "store", "library", "accounts", "http", "log", "notify-hook"):
            harness.hold(self, self.daemon, worker)
        for _ in range(20):
            self.chips.trace("GPIO17")
            self.press()
            edge = self.chips.wait_for("GPIO17", 2)[0][1]
            begun = self.chips.wait_for("GPIO27", 2)[0][1]
            self.assertLess((begun - edge) / 1e9, 0.5)
        self.assertEqual(self.hook.messages, [], "the message does wait for the event lane")

    def test_chip_that_goes_is_told_and_used_again(self):
        self.start(CHIME)
        errors = {"component": "hardware", "error_type": "io", "severity": "error"}
        self.chips.do("gone gpiochip0")
        self.wait_for_state("chime", "degraded")
        self.assertIn("not there", self.output("chime")["text"])
        self.assertIsNone(self.daemon.metric("output_active", output_id="chime"))
        harness.wait_until(lambda: self.daemon.metric("errors_total", **errors) == 2, 30, "a button and an output")
        refused = self.daemon.cli("outputs", "test", "chime", check=False)
        self.assertEqual((refused.returncode, "switch 'chime' on" in refused.stderr), (3, True), refused.stderr)
        self.chips.do("back gpiochip0")
        self.wait_for_state("chime", "off")
        self.chips.trace("GPIO27")
        self.daemon.ring("front")
        self.assertEqual([level for level, _ in self.chips.wait_for("GPIO27", 2)], [1, 0])

    def test_line_of_another_program_is_told(self):
        self.daemon = self.on_chips(self.config(CHIME), GPIOFAKE_BEGIN="busy GPIO27")
        self.wait_for_state("chime", "degraded")
        self.assertIn("used by another program", self.output("chime")["text"])
        self.chips.do("free GPIO27")
        self.wait_for_state("chime", "off")

    def test_quiet_hours_are_kept_and_a_trial_is_heard(self):
        self.start({**CHIME, "pulse": "20ms", "quiet": "00:00-24:00"})
        ring = self.daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring, 30, "the message")
        self.assertEqual(self.chips.trace("GPIO27"), [])
        self.daemon.cli("outputs", "test", "chime")
        self.assertEqual(len(self.chips.wait_for("GPIO27", 2)), 2)

    def test_reload_applies_live_and_keeps_what_stayed(self):
        self.start({**CHIME, "pulse": "20ms"})
        lamp = {"id": "lamp", "line": "GPIO5", "on": "idle"}
        self.daemon.write_config(self.config({**CHIME, "pulse": "20ms"}, lamp))
        self.assertIn("rebuilt: outputs", self.daemon.cli("reload").stdout)
        self.wait_for_state("lamp", "on")
        self.assertEqual(self.chips.trace("GPIO27"), [], "the chime's line was let go")
        self.assertEqual(self.daemon.metric("output_active", output_id="lamp"), 1)
        self.daemon.write_config(self.config())
        self.daemon.cli("reload")
        harness.wait_until(lambda: "used=0" in self.chips.ask("info GPIO5"), 30, "the lamp's line")
        self.assertFalse(self.chips.is_high("GPIO5"))
        self.assertEqual(self.daemon.status()["outputs"], [])
        self.assertIsNone(self.daemon.metric("output_active", output_id="lamp"))
        self.assertIsNone(self.daemon.metric("pipeline_worker_health", worker_id="output"))
        self.daemon.write_config(self.config(CHIME))
        self.daemon.cli("reload")
        self.wait_for_state("chime", "off")
        self.daemon.ring("front")
        self.chips.wait_for("GPIO27", 2)

    def test_commands_list_and_try(self):
        self.start({**CHIME, "pulse": "20ms"}, {"id": "door", "line": "GPIO22", "door": {"role": "admin"}})
        listed = self.daemon.cli("outputs", "list").stdout
        self.assertRegex(listed, r"chime: off, on ring, \S.*, switched on 0 times\n")
        self.assertIn("door: off, a door for administrators", listed)
        as_json = json.loads(self.daemon.cli("outputs", "list", "--json").stdout)
        self.assertEqual([o["id"] for o in as_json], ["chime", "door"])
        self.daemon.cli("outputs", "test", "chime")
        self.chips.wait_for("GPIO27", 2)
        for name, said in (("door", "it opens for a session only"), ("chine", "did you mean 'chime'?")):
            refused = self.daemon.cli("outputs", "test", name, check=False)
            self.assertEqual((refused.returncode, said in refused.stderr), (1, True), refused.stderr)
        self.assertEqual(self.chips.trace("GPIO22"), [])


class UapiChimeTest(ChimeTest):
    backend = "uapi"


LAMPS = [{"id": state, "line": f"GPIO{line}", "on": state}
         for line, state in enumerate(("idle", "processing", "known", "unknown", "alert", "error"), 5)]


class LightsTest(OutputsCase):
    def lit(self):
        return [o["id"] for o in self.daemon.status()["outputs"] if o["state"] == "on"]

    def wait_for_light(self, *lit):
        harness.wait_until(lambda: self.lit() == list(lit), 20, f"{lit}")

    def test_idle_then_a_ring_then_idle(self):
        self.start(*LAMPS)
        self.wait_for_light("idle")
        self.daemon.ring("front")
        self.wait_for_light("processing")
        self.wait_for_light("idle")

    def test_a_fault_shows_until_it_is_over(self):
        self.start(*[{**lamp, "chip": "auto"} for lamp in LAMPS],
                   cameras=[{"id": "front", "url": "rtsp://127.0.0.1:1/none"}])
        self.wait_for_light("error")
        settings = json.loads(self.daemon.config.read_text())
        settings["cameras"] = []
        self.daemon.write_config(settings)
        self.daemon.cli("reload")
        self.wait_for_light("idle")

    def test_a_program_that_ends_at_once_is_a_lost_camera(self):
        """Between its attempts it is `connecting`; the light does not go by that."""
        self.start(*LAMPS, cameras=[{"id": "front", "url": "exec:sh -c 'exit 7'"}])
        self.wait_for_light("error")
        seen = set()
        for _ in range(30):
            seen.add(tuple(self.lit()))
            time.sleep(0.1)
        self.assertEqual(seen, {("error",)})

    def test_a_critical_alert_shows(self):
        self.start(*LAMPS)
        harness.wait_until(lambda: self.daemon.metric("outbox_depth", channel="webhook") is not None, 20, "the database")
        self.daemon.control("POST", "/api/v1/alerts/webhook", body=test_alerts.NOTIFICATION)
        self.wait_for_light("alert")


class VisitorLightTest(OutputsCase):
    """Who is seen shows, by pictures that the daemon looks at."""

    PICTURES = ("known_enrol.jpg", "known_door.jpg", "stranger.jpg")

    @classmethod
    def setUpClass(cls):
        cls.clips = visitors.clips(cls.PICTURES, visitor="known_door.jpg", stranger="stranger.jpg")

    def lights_after_a_ring(self, scene):
        """What was lit from the ring on, in order, until the ring was answered."""
        self.daemon = self.on_chips(
            self.config(*LAMPS, buttons=[{"id": "front", "kind": "virtual", "camera": "front"}], faces={"enabled": True},
                        cameras=[{"id": "front", "url": f"file:{self.clips}/{scene}.mp4"}]),
            wait=None)
        self.daemon.cli("faces", "enrol", "Anna", harness.PICTURES / "known_enrol.jpg")
        self.daemon.start()
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1
                           and self.daemon.get("/health/ready")[0] == 200, 30, "camera and models")
        for lamp in LAMPS:
            self.chips.trace(lamp["line"])
        ring = self.daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring and "result" in m.event, 30, "who it is")
        driven = []

        def lit():
            driven.extend((at, lamp["id"]) for lamp in LAMPS for level, at in self.chips.trace(lamp["line"]) if level)
            names = [name for _, name in sorted(driven)]
            return names[names.index("processing"):] if "processing" in names else []
        harness.wait_until(lambda: len(lit()) >= 2, 30, lambda: f"two lights, seen {driven}")
        return lit()

    def test_known_person_shows_behind_the_ring(self):
        self.assertEqual(self.lights_after_a_ring("visitor")[:2], ["processing", "known"])

    def test_stranger_shows_behind_the_ring(self):
        self.assertEqual(self.lights_after_a_ring("stranger")[:2], ["processing", "unknown"])


class DoorTest(OutputsCase):
    DOORS = [{"id": "door", "line": "GPIO22", "pulse": "20ms", "door": {"role": "admin"}},
             {"id": "gate", "line": "GPIO23", "pulse": "20ms", "door": {"role": "user"}}]

    def setUp(self):
        super().setUp()
        self.start({**CHIME, "pulse": "20ms"}, *self.DOORS)
        code = harness.wait_until(lambda: first_run_code(self.daemon), 30, "the first-run code")
        self.admin = Client(self.daemon)
        self.assertEqual(self.admin.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(self.admin.login("anna", PASSWORD), 200)

    def open(self, client, name):
        return client.ask("POST", f"/api/v1/outputs/{name}/open")[0]

    def shut(self):
        return self.chips.trace("GPIO22") == [] and self.chips.trace("GPIO23") == []

    def account(self, name, role):
        status, _, made = self.admin.ask("POST", "/api/v1/users",
                                         {"name": name, "role": role, "cameras": [], "all_cameras": False})
        self.assertEqual(status, 201)
        client = Client(self.daemon)
        self.assertEqual(client.register(made["invitation"], name, PASSWORD)[0], 201)
        self.assertEqual(client.login(name, PASSWORD), 200)
        return client

    def test_who_was_told_no_does_not_see_it_open(self):
        release = harness.hold(self, self.daemon, "output")
        self.assertEqual(self.open(self.admin, "door"), 503)
        release()
        harness.wait_until(lambda: self.daemon.cli("outputs", "test", "chime", check=False).returncode == 0, 20, "the lane")
        self.chips.wait_for("GPIO27", 2)
        self.assertTrue(self.shut())

    def test_session_of_its_role_opens_it_on_record(self):
        self.assertEqual(self.open(self.admin, "door"), 200)
        self.assertEqual([level for level, _ in self.chips.wait_for("GPIO22", 2)], [1, 0])
        _, _, audit = self.admin.ask("GET", "/api/v1/audit?audit_type=data_modification&user=anna")
        opened = [r for r in audit["records"] if r["resource"] == "/api/v1/outputs/door/open"]
        self.assertEqual([r["result"] for r in opened], ["success", "begun"])
        done = self.daemon.cli("audit", "verify")
        self.assertEqual(done.returncode, 0)

    def test_nobody_else_opens_it(self):
        self.assertEqual(self.open(Client(self.daemon), "door"), 401)
        user = self.account("bert", "user")
        self.assertEqual(self.open(user, "door"), 403)
        self.assertEqual(self.open(self.account("vera", "viewer"), "gate"), 403)
        status, _, made = self.admin.ask("POST", "/api/v1/tokens", {"name": "hass", "scopes": ["manage", "ring", "view"]})
        self.assertEqual(status, 201)
        script = Client(self.daemon)
        script.bearer = made["token"]
        self.assertEqual(self.open(script, "door"), 403)
        self.admin.csrf, csrf = None, self.admin.csrf
        self.assertEqual(self.open(self.admin, "door"), 403)
        self.admin.csrf = csrf
        self.assertEqual(self.open(self.admin, "chime"), 404)
        with self.assertRaisesRegex(AssertionError, ": 403 "):
            self.daemon.control("POST", "/api/v1/outputs/door/open")
        self.daemon.ring("front")
        self.chips.wait_for("GPIO27", 2)
        self.assertTrue(self.shut())
        self.assertEqual(self.open(user, "gate"), 200)
        self.chips.wait_for("GPIO23", 2)

    def test_ring_over_the_network_sounds_the_chime(self):
        self.assertEqual(self.admin.ask("POST", "/api/v1/buttons/front/ring")[0], 200)
        self.assertEqual([level for level, _ in self.chips.wait_for("GPIO27", 2)], [1, 0])

    def test_seventh_opening_of_a_minute_is_refused(self):
        self.assertEqual([self.open(self.admin, "gate") for _ in range(7)], [200] * 6 + [429])

    def test_missing_line_is_told(self):
        self.chips.do("gone gpiochip0")
        self.assertEqual(self.open(self.admin, "door"), 503)


class OutputFaultsTest(OutputsCase):
    def program(self, *arguments, config, begin=""):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-outputs-")
        self.addCleanup(folder.cleanup)
        file = pathlib.Path(folder.name) / "porchlight.yaml"
        base = {"server": {"listen": "127.0.0.1:0"}, "storage": {"path": folder.name}, "faces": {"enabled": False}}
        file.write_text(json.dumps({**base, **config}, indent=1))
        environment = {**os.environ, "LD_PRELOAD": str(FAKE), **fake_environment(self.chips, GPIOFAKE_BEGIN=begin)}
        return subprocess.run([harness.PROGRAM, *arguments, "--config", file], capture_output=True, text=True,
                              timeout=60, env=environment)

    def test_check_refuses_a_line_that_is_taken(self):
        done = self.program("check", config={"buttons": [{"id": "front", "line": 17}],
                                             "outputs": [{"id": "chime", "line": 17, "on": "ring"}]})
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"porchlight\.yaml:\d+:\d+: outputs\[0\]\.line: button 'front' has this line already")

    def test_doctor_says_what_is_wrong_with_a_line(self):
        def verdict(begin="", buttons=(), **output):
            config = {"outputs": [{**CHIME, **output}], "buttons": list(buttons)}
            done = self.program("doctor", "--json", config=config, begin=begin)
            checks = {c["check"]: c["findings"][0] for c in json.loads(done.stdout)["checks"]}
            finding = checks["output chime"]
            return finding["verdict"], finding["found"]
        good = verdict()
        self.assertEqual(good[0], "good", good)
        self.assertIn("line 27 'GPIO27', free", good[1])
        for words, arguments in (("in use by", {"begin": "busy GPIO27"}), ("has 58 lines", {"line": 99}),
                                 ("GPIO99", {"line": "GPIO99"}), ("no GPIO chip", {"begin": "gone gpiochip0"}),
                                 ("the line of the button 'front'",
                                  {"buttons": [{"id": "front", "chip": "gpiochip0", "line": 27}]})):
            said = verdict(**arguments)
            self.assertEqual((said[0], words in said[1]), ("bad", True), said)

    def test_rest_switches_off_what_was_left_on(self):
        config = {"outputs": [CHIME]}
        self.assertEqual(self.program("outputs", "rest", config=config, begin="GPIO27=1").returncode, 0)
        busy = self.program("outputs", "rest", config=config, begin="busy GPIO27")
        self.assertEqual((busy.returncode, "in use by" in busy.stderr), (1, True), busy.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
