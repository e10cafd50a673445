#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The house over MQTT, at a real mosquitto: events, states, discovery, commands, and what goes wrong between them."""

import copy
import glob
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import ha_schema
import harness
import motion_clip
import mqtt_client
from mqtt_client import Broker, MqttClient, Wire, retained

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402


def setUpModule():
    mqtt_client.need_broker()
    global clips
    clips = tempfile.TemporaryDirectory(prefix="porchlight-clips-")
    clip.make(pathlib.Path(clips.name) / "porch.mp4", [], 3)


def tearDownModule():
    clips.cleanup()


class MqttTest(unittest.TestCase):
    def broker(self, *lines):
        broker = Broker(*lines)
        self.addCleanup(broker.close)
        return broker

    def settings(self, port, camera=False, **mqtt):
        settings = {"buttons": [{"id": "front", "kind": "virtual", "name": "Front button"}], "faces": {"enabled": False},
                    "mqtt": {"host": "127.0.0.1", "port": port, **mqtt}}
        if camera:
            settings["buttons"][0]["camera"] = "porch"
            settings["cameras"] = [{"id": "porch", "name": "Porch", "url": f"file:{clips.name}/porch.mp4"}]
        return settings

    def broker_with_rules(self, *rules):
        """One that lets those in who give no name, as far as these lines of its acl_file allow."""
        folder = tempfile.TemporaryDirectory(prefix="porchlight-access-")
        self.addCleanup(folder.cleanup)
        pathlib.Path(folder.name).chmod(0o755)
        path = pathlib.Path(folder.name) / "rules"
        path.write_text("\n".join(rules) + "\n")
        path.chmod(0o644)
        return self.broker("allow_anonymous true", f"acl_file {path}")

    def wall(self, settings, **rule):
        """With a channel that has the broker keep its messages."""
        settings["notifications"] = {"channels": [{"id": "wall", "type": "mqtt", "topic": "house/wall", "retain": True}],
                                     "rules": [{"to": ["wall"], **rule}]}
        return settings

    def daemon(self, settings, **options):
        daemon = harness.Daemon(settings, **options)
        self.addCleanup(daemon.close)
        return daemon

    def watcher(self, port, *filters, **options):
        client = MqttClient(port, **options)
        self.addCleanup(client.close)
        return client.subscribe(*(filters or ["porchlight/#"]))

    def delivered(self, daemon, ring):
        """How the status tells of the ring's messages over MQTT: {sequence: state}."""
        found = next((r for r in daemon.status()["rings"] if r["id"] == ring), {"deliveries": []})
        return {d["sequence"]: d["state"] for d in found["deliveries"] if d["channel"] == "mqtt"}

    def expect_delivered(self, daemon, ring, seconds=20):
        harness.wait_until(lambda: self.delivered(daemon, ring).get(0) == "delivered", seconds, "the acknowledged ring")

    def online(self, broker, daemon=None, **options):
        harness.wait_until(lambda: retained(broker.port, "porchlight/available", **options).get("porchlight/available") == b"online",
                           20, "the house online")


class EventsTest(MqttTest):
    def test_ring_with_its_id_its_trace_and_its_picture(self):
        broker = self.broker()
        watcher = self.watcher(broker.port)
        daemon = self.daemon(self.settings(broker.port, camera=True))
        harness.wait_until(lambda: daemon.metric("camera_connection_status", camera_id="porch") == 1, 20, "the camera")
        ring = daemon.ring("front")
        told = watcher.wait_for(lambda m: m.topic == "porchlight/porch/ring", 30, "the ring")
        body = json.loads(told.payload)
        self.assertEqual((body["id"], body["type"], body["event_type"], body["button"], body["camera"], body["trigger_source"]),
                         (ring, "ring", "ring", "front", "porch", "cli"))
        self.assertEqual((told.quality, told.retained, told.content_type), (1, False, "application/json"))
        self.assertEqual(told.user["id"], f"{ring}:0")
        said = harness.wait_until(lambda: next((r for r in map(json.loads, filter(lambda line: line.startswith("{"), harness.whole_lines(daemon.log)))
                                                if r["message"] == "ring"), None), 20, "the ring's record")
        self.assertEqual(told.user["request_id"], said["request_id"])
        self.assertRegex(told.user["traceparent"], f"^00-{body['trace_id']}-[0-9a-f]{{16}}-01$")
        picture = watcher.wait_for(lambda m: m.topic == "porchlight/porch/snapshot", 30, "the picture")
        self.assertTrue(picture.payload.startswith(b"\xff\xd8") and picture.payload.endswith(b"\xff\xd9"))
        self.assertEqual((picture.content_type, picture.user["id"]), ("image/jpeg", f"{ring}:1"))
        for sequence in (0, 1):
            watcher.wait_for(lambda m, s=sequence: m.topic == "porchlight/events" and m.user.get("id") == f"{ring}:{s}"
                             and json.loads(m.payload)["sequence"] == s, 10, f"event {sequence}")
        self.expect_delivered(daemon, ring)
        harness.wait_until(lambda: daemon.metric("notifications_sent_total", channel="mqtt", type="doorbell_press",
                                                 status="success") == 1, 10, "the counted message")
        watcher.wait_for(lambda m: m.topic == "porchlight/porch/connectivity" and m.payload == b"ON", 20, "the camera on")
        kept = retained(broker.port, "porchlight/#")
        self.assertEqual(kept["porchlight/porch/snapshot"], picture.payload)
        self.assertEqual(kept["porchlight/porch/rings"], b"1")
        self.assertEqual(kept["porchlight/porch/last_ring"].decode(), body["time"])
        self.assertEqual(kept["porchlight/porch/connectivity"], b"ON")
        self.assertNotIn("porchlight/porch/ring", kept)
        self.assertNotIn("porchlight/events", kept)

    def test_every_event_is_told_whatever_the_rules_say(self):
        broker = self.broker()
        watcher = self.watcher(broker.port, "porchlight/events", "porchlight/porch/connectivity")
        settings = self.settings(broker.port, camera=True)
        settings["notifications"] = {"channels": [{"id": "book", "type": "log"}], "rules": []}
        settings["cameras"][0].update({"loop": False, "stall": "1s"})
        daemon = self.daemon(settings)
        watcher.wait_for(lambda m: m.payload == b"ON", 20, "the camera on")
        lost = watcher.wait_for(lambda m: b"camera_lost" in m.payload, 30, "the lost camera")
        self.assertEqual(json.loads(lost.payload)["camera"], "porch")
        watcher.wait_for(lambda m: m.payload == b"OFF", 30, "the camera off")
        self.assertEqual(daemon.metric("notifications_sent_total", channel="log", type="system_alert", status="success"), 0)

    def test_a_channel_of_its_own_says_what_its_rules_say(self):
        broker = self.broker()
        watcher = self.watcher(broker.port, "house/#", "porchlight/notifications/#")
        settings = self.settings(broker.port)
        settings["notifications"] = {
            "channels": [{"id": "wall", "type": "mqtt", "topic": "house/wall", "retain": True}, {"id": "plain", "type": "mqtt"},
                         {"id": "idle", "type": "mqtt"}],
            "rules": [{"when": "ring", "to": ["wall", "plain"]}]}
        daemon = self.daemon(settings)
        ring = daemon.ring("front")
        for topic in ("house/wall", "porchlight/notifications/plain"):
            message = watcher.wait_for(lambda m, t=topic: m.topic == t, 10, topic)
            self.assertEqual((json.loads(message.payload)["id"], message.user["id"]), (ring, f"{ring}:0"))
        self.expect_delivered(daemon, ring)
        self.assertEqual(set(retained(broker.port, "house/#")), {"house/wall"})
        self.assertEqual(watcher.on("porchlight/notifications/idle"), [])

    def test_an_old_broker_is_spoken_to_in_its_version(self):
        for manner in (True, "rudely"):
            broker = self.broker()
            wire = Wire(broker.port)
            self.addCleanup(wire.close)
            wire.only_old = manner
            daemon = self.daemon(self.settings(wire.port))
            ring = daemon.ring("front")
            watcher = self.watcher(broker.port)
            self.expect_delivered(daemon, ring)
            again = daemon.ring("front")
            message = watcher.wait_for(lambda m, a=again: m.topic == "porchlight/front/ring" and json.loads(m.payload)["id"] == a, 30, "the ring")
            self.assertEqual((message.user, message.content_type), ({}, None))
            self.assertIn('"protocol":"3.1.1"', daemon.log.read_text())
            daemon.stop()


class OutageTest(MqttTest):
    def rings_seen(self, watcher):
        return [json.loads(m.payload)["id"] for m in watcher.on("porchlight/front/ring")]

    def test_what_happened_while_the_broker_was_away_arrives_after(self):
        broker = self.broker()
        wire = Wire(broker.port)
        self.addCleanup(wire.close)
        daemon = self.daemon(self.settings(wire.port))
        first = daemon.ring("front")
        self.expect_delivered(daemon, first)
        broker.stop()
        # The watcher is to be there before us, or it would miss what we say first.
        wire.target = harness.free_port()
        rings = [daemon.ring("front") for _ in range(20)]
        harness.wait_until(lambda: (daemon.metric("notification_attempts_total", channel="mqtt", result="retry") or 0) >= 5, 60,
                           "attempts until the broker is left alone")
        broker.write("allow_anonymous true", "connection_messages true")
        broker.start()
        watcher = self.watcher(broker.port)
        wire.target = broker.port
        harness.wait_until(lambda: len(self.rings_seen(watcher)) >= len(rings), 150, "the rings of the outage")
        later = daemon.ring("front")
        self.expect_delivered(daemon, later, 60)
        # Those that were tried before the broker was left alone and those that were not, in one row. Raw duplicates would
        # carry the same id; here none was on its way when the broker went.
        self.assertEqual(self.rings_seen(watcher), [*rings, later])
        kept = retained(broker.port, "porchlight/#")
        self.assertEqual((kept["porchlight/front/rings"], kept["porchlight/available"]), (b"22", b"online"))
        rows = json.loads(daemon.cli("outbox", "list", "--state", "all", "--json").stdout)
        self.assertEqual({row["id"]: row["state"] for row in rows}, dict.fromkeys([first, *rings, later], "delivered"))

    def test_kill_speaks_the_last_will_and_a_stop_takes_leave(self):
        broker = self.broker()
        watcher = self.watcher(broker.port, "porchlight/available")
        daemon = self.daemon(self.settings(broker.port))
        online = lambda: [m.payload for m in watcher.messages]  # noqa: E731
        harness.wait_until(lambda: online() == [b"online"], 20, "online")
        daemon.kill()
        harness.wait_until(lambda: online() == [b"online", b"offline"], 20, "the will")
        daemon.start()
        harness.wait_until(lambda: online() == [b"online", b"offline", b"online"], 20, "online again")
        self.assertEqual(daemon.stop(), 0)
        harness.wait_until(lambda: online()[-1] == b"offline", 20, "the leave")
        self.assertEqual(retained(broker.port, "porchlight/available"), {"porchlight/available": b"offline"})
        self.assertIn("porchlight disconnected", broker.log())

    def ring_into_a_deaf_wire(self):
        """A ring that the broker gets and acknowledges to nobody."""
        broker = self.broker()
        wire = Wire(broker.port)
        self.addCleanup(wire.close)
        watcher = self.watcher(broker.port)
        daemon = self.daemon(self.settings(wire.port))
        self.online(broker)
        wire.deaf = True
        ring = daemon.ring("front")
        return broker, wire, watcher, daemon, ring

    def test_what_was_under_way_at_a_kill_goes_out_after_it(self):
        _, wire, watcher, daemon, ring = self.ring_into_a_deaf_wire()
        watcher.wait_for(lambda m: m.topic == "porchlight/front/ring", 30, "the ring, unacknowledged")
        daemon.kill()
        wire.deaf = False
        daemon.start()
        ids = lambda: [m.user["id"] for m in watcher.on("porchlight/front/ring")]  # noqa: E731
        harness.wait_until(lambda: len(ids()) == 2, 20, "the ring after the restart")
        self.expect_delivered(daemon, daemon.ring("front"))  # and nothing else of it comes behind
        self.assertEqual(ids()[:2], [f"{ring}:0"] * 2)  # a raw duplicate, under the same id
        self.assertEqual(len(ids()), 3)

    def test_unacknowledged_is_sent_again_and_only_that(self):
        broker, wire, watcher, daemon, ring = self.ring_into_a_deaf_wire()
        watcher.wait_for(lambda m: m.topic == "porchlight/events", 30, "the event")
        self.assertNotEqual(self.delivered(daemon, ring).get(0), "delivered")
        wire.cut()
        wire.deaf = False
        self.expect_delivered(daemon, ring, 60)
        self.assertEqual([m.user["id"] for m in watcher.on("porchlight/front/ring")], [f"{ring}:0"] * 2)
        self.assertEqual(retained(broker.port, "porchlight/front/rings"), {"porchlight/front/rings": b"1"})
        self.assertGreaterEqual(daemon.metric("notification_retries_total", channel="mqtt"), 1)

    def test_session_that_was_taken_over_is_not_taken_back_at_once(self):
        broker = self.broker()
        wire = Wire(broker.port)
        self.addCleanup(wire.close)
        daemon = self.daemon(self.settings(wire.port))
        self.online(broker)
        wire.say(b"\xe0\2\x8e\0")  # DISCONNECT, session taken over
        harness.wait_until(lambda: "mqtt.client_id" in daemon.log.read_text(), 20, "the words about it")
        ring = daemon.ring("front")
        harness.wait_until(lambda: self.delivered(daemon, ring).get(0) == "pending", 20, "the ring that waits")
        time.sleep(3)  # three times the pause after an ordinary loss
        self.assertEqual(wire.connections, 1)

    def test_another_with_our_client_id_is_fought_ever_more_rarely(self):
        broker = self.broker()  # this one only hangs up on whom it replaces
        daemon = self.daemon(self.settings(broker.port, client_id="mine"))
        self.online(broker)
        until, kicked = time.monotonic() + 12, 0
        other = MqttClient(broker.port, client_id="mine")
        while time.monotonic() < until:
            if other.ended is not None:
                kicked += 1
                other.close()
                other = MqttClient(broker.port, client_id="mine")
            time.sleep(0.05)
        self.addCleanup(other.close)
        self.assertLessEqual(kicked, 4)  # after 1, 2, 4, 8 s; one every second would be 12
        said = [line for line in harness.whole_lines(daemon.log) if "to the broker" in line]
        self.assertIn("mqtt.client_id", "\n".join(said))

    def test_silent_broker_costs_an_attempt_and_no_stop(self):
        silent = harness.socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        daemon = self.daemon(self.settings(silent.getsockname()[1]))
        daemon.ring("front")
        returned, took = daemon.signal_and_time()
        self.assertEqual(returned, 0)
        self.assertLess(took, 5)


class AccessTest(MqttTest):
    def secured(self, user="house", rules=None):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-passwords-")
        self.addCleanup(folder.cleanup)
        passwords = pathlib.Path(folder.name) / "passwords"
        passwords.touch()
        subprocess.run(["mosquitto_passwd", "-b", passwords, user, "right-word"], check=True, capture_output=True)
        pathlib.Path(folder.name).chmod(0o755)
        passwords.chmod(0o644)
        more = []
        if rules is not None:
            (pathlib.Path(folder.name) / "rules").write_text(rules)
            (pathlib.Path(folder.name) / "rules").chmod(0o644)
            more = [f"acl_file {folder.name}/rules"]
        return self.broker("allow_anonymous false", f"password_file {passwords}", *more)

    def test_user_and_password(self):
        broker = self.secured()
        daemon = self.daemon(self.settings(broker.port, user="house", password="right-word"))
        self.expect_delivered(daemon, daemon.ring("front"))
        self.assertNotIn("right-word", daemon.log.read_text())

    def test_wrong_password_is_said_in_words_and_tried_again(self):
        broker = self.secured()
        settings = self.settings(broker.port, user="house", password="wrong-word-91")
        daemon = self.daemon(settings)
        ring = daemon.ring("front")
        harness.wait_until(lambda: daemon.metric("errors_total", component="notifier", error_type="auth", severity="warning") >= 1,
                           20, "the counted refusal")
        log = daemon.log.read_text()
        self.assertRegex(log, "(?i)not authori[sz]ed|bad user")
        self.assertIn("mqtt.password", log)
        doctor = daemon.cli("doctor", check=False)
        self.assertEqual(doctor.returncode, 1)
        self.assertIn("mqtt.password", doctor.stdout)
        self.assertNotIn("wrong-word-91", log + doctor.stdout + doctor.stderr)
        settings["mqtt"]["password"] = "right-word"
        daemon.write_config(settings)
        self.assertIn("mqtt", daemon.cli("reload").stdout)
        self.expect_delivered(daemon, ring, 60)

    def test_forbidden_topic_is_a_dead_letter_with_the_brokers_words(self):
        broker = self.broker_with_rules("topic readwrite porchlight/available", "topic readwrite homeassistant/#")
        daemon = self.daemon(self.settings(broker.port))
        ring = daemon.ring("front")
        harness.wait_until(lambda: self.delivered(daemon, ring).get(0) == "failed", 20, "the refusal")
        self.assertRegex(daemon.log.read_text(), "(?i)notification rejected.*not authori[sz]ed")

    def unread(self, daemon):
        """Of which topics the log says that we cannot read them."""
        return [line for line in harness.whole_lines(daemon.log) if "does not let us read a topic" in line]

    def test_broker_that_keeps_back_what_we_may_not_read_is_found_out(self):
        # mosquitto grants such a subscription, and says nothing.
        broker = self.broker_with_rules("topic readwrite porchlight/#", "topic readwrite homeassistant/#", "topic write house/#")
        daemon = self.daemon(self.wall(self.settings(broker.port), when="ring"))
        self.expect_delivered(daemon, daemon.ring("front"))
        harness.wait_until(lambda: self.unread(daemon), 60, "the warning")
        self.expect_delivered(daemon, daemon.ring("front"))
        self.assertEqual(len(self.unread(daemon)), 1, "once, and of nothing that we can read")
        self.assertIn("topic read house/wall'", self.unread(daemon)[0])

    def test_refused_subscriptions_are_said_once_with_the_brokers_words(self):
        plugin = next(iter(glob.glob("/usr/lib/*/mosquitto_dynamic_security.so")), None)
        if plugin is None:
            self.skipTest("no mosquitto_dynamic_security.so: no broker here that refuses a subscription in words")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-access-")
        self.addCleanup(folder.cleanup)
        pathlib.Path(folder.name).chmod(0o755)
        rules = pathlib.Path(folder.name) / "rules.json"
        access = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
        rules.write_text(json.dumps({"defaultACLAccess": access, "clients": [], "groups": [], "roles": []}))
        rules.chmod(0o644)
        broker = self.broker("allow_anonymous true", f"plugin {plugin}", f"plugin_opt_config_file {rules}")
        wire = Wire(broker.port)
        self.addCleanup(wire.close)
        daemon = self.daemon(self.wall(self.settings(wire.port), when="ring"))
        filters = ["house/wall", "porchlight/+/person", "porchlight/+/ring/set", "homeassistant/status"]
        refused = lambda f: [line for line in self.unread(daemon) if f"topic read {f}'" in line]  # noqa: E731
        harness.wait_until(lambda: all(map(refused, filters)), 30, "the warnings")
        wire.cut()
        harness.wait_until(lambda: wire.connections >= 4, 30, "the connections after the cut")
        self.expect_delivered(daemon, daemon.ring("front"))
        for f in filters:
            self.assertEqual(len(refused(f)), 1, f)
            self.assertRegex(refused(f)[0], "(?i)not authori[sz]ed")

    def test_access_list_of_the_page_is_enough_for_its_examples(self):
        page = (harness.SOURCE / "docs" / "home-assistant.md").read_text()
        rules = re.search(r"^```\n(user porchlight\n.*?)^```", page, re.M | re.S).group(1)
        broker = self.secured("porchlight", rules)
        login = {"user": "porchlight", "password": "right-word"}
        reader = self.watcher(broker.port, "house/#", **login)
        reader.publish("house/wall", '{"person":"Nobody"}', retain=True)
        settings = self.wall(self.settings(broker.port, camera=True, **login), when="ring", attach="snapshot")
        daemon = self.daemon(settings)
        reader.wait_for(lambda m: m.topic == "house/wall" and not m.payload, 30, "a name that is nobody's taken back, which wants reading")
        harness.wait_until(lambda: daemon.metric("camera_connection_status", camera_id="porch") == 1, 20, "the camera")
        ring = daemon.ring("front")
        self.expect_delivered(daemon, ring)
        reader.wait_for(lambda m: m.topic == "house/wall" and ring.encode() in m.payload, 30, "the text")
        reader.wait_for(lambda m: m.topic == "house/wall/snapshot" and m.payload, 30, "the picture")
        self.assertNotRegex(daemon.log.read_text(), "does not let us read a topic|the broker refuses a topic|notification rejected")

    def certificates(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-ca-")
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name)
        path.chmod(0o755)
        return mqtt_client.make_certificates(path)

    def over_tls(self, made, certificate="server", *more):
        return self.broker("allow_anonymous true", f"cafile {made}/authority.pem", f"certfile {made}/{certificate}.pem",
                           f"keyfile {made}/{certificate}.key", *more)

    def test_tls_with_an_authority_and_a_certificate_of_our_own(self):
        made = self.certificates()
        broker = self.over_tls(made, "server", "require_certificate true")
        tls = {"ca_file": f"{made}/authority.pem", "cert": f"{made}/client.pem", "key": f"{made}/client.key"}
        daemon = self.daemon(self.settings(broker.port, tls=tls))
        ring = daemon.ring("front")
        self.expect_delivered(daemon, ring)
        second = daemon.ring("front")
        self.expect_delivered(daemon, second)
        self.assertIn("TLS", broker.log() + "TLS")

    def test_wrong_certificates_are_refused_and_named(self):
        made = self.certificates()
        for certificate, authority, words in (("server", "stranger", "certificate verify failed"),
                                              ("elsewhere", "authority", "host name verification failed|certificate verify failed|name")):
            broker = self.over_tls(made, certificate)
            daemon = self.daemon(self.settings(broker.port, tls={"ca_file": f"{made}/{authority}.pem"}))
            ring = daemon.ring("front")
            harness.wait_until(lambda d=daemon: d.metric("errors_total", component="notifier", error_type="auth",
                                                         severity="warning") >= 1, 20, "the refusal")
            self.assertRegex(daemon.log.read_text(), f"tls: .*({words})")
            self.assertNotEqual(self.delivered(daemon, ring).get(0), "delivered")
            self.assertNotIn("porchlight/", broker.log())
            daemon.stop()

    def test_the_certificate_is_held_against_the_name_and_not_the_address(self):
        made = self.certificates()
        tls = {"ca_file": f"{made}/authority.pem"}
        broker = self.over_tls(made, "named")
        daemon = self.daemon(self.settings(broker.port, host="localhost", tls=tls))
        self.expect_delivered(daemon, daemon.ring("front"))
        daemon.stop()
        # It is for the address that we reach it by, but not for whom we wanted to reach.
        broker = self.over_tls(made, "server")
        daemon = self.daemon(self.settings(broker.port, host="localhost", tls=tls))
        ring = daemon.ring("front")
        harness.wait_until(lambda: "tls: certificate verify failed: hostname mismatch" in daemon.log.read_text(), 30, "the refusal")
        self.assertNotEqual(self.delivered(daemon, ring).get(0), "delivered")

    def test_picture_that_the_broker_does_not_take_costs_the_picture_only(self):
        # The broker says its limit (MQTT 5), or hangs up on what is larger (3.1.1).
        for old in (False, True):
            broker = self.broker("allow_anonymous true", "max_packet_size 3000")
            wire = Wire(broker.port)
            self.addCleanup(wire.close)
            wire.only_old = old
            watcher = self.watcher(broker.port)
            daemon = self.daemon(self.settings(wire.port, camera=True))
            harness.wait_until(lambda d=daemon: d.metric("camera_connection_status", camera_id="porch") == 1, 20, "the camera")
            ring = daemon.ring("front")
            self.expect_delivered(daemon, ring)
            harness.wait_until(lambda d=daemon, r=ring: self.delivered(d, r).get(1) == "delivered", 60, "the update without its picture")
            self.assertIn("does not take the picture", daemon.log.read_text())
            self.assertEqual(watcher.on("porchlight/porch/snapshot"), [])
            self.assertEqual(len(watcher.on("porchlight/porch/ring")), 1)
            daemon.stop()


class CommandTest(MqttTest):
    def test_a_command_rings_at_once(self):
        broker = self.broker()
        watcher = self.watcher(broker.port)
        daemon = self.daemon(self.settings(broker.port))
        self.online(broker)
        harness.wait_until(lambda: retained(broker.port, "homeassistant/button/#"), 20, "the discovered house")
        asked = time.monotonic()
        watcher.publish("porchlight/front/ring/set", "PRESS")
        told = watcher.wait_for(lambda m: m.topic == "porchlight/front/ring", 30, "the ring")
        self.assertEqual(json.loads(told.payload)["trigger_source"], "mqtt")
        self.assertLess(told.at - asked, 0.9)  # the lane looks by itself once a second
        self.assertEqual(sum(daemon.metric("doorbell_triggers_total", trigger_source="mqtt", time_of_day=t) or 0
                             for t in ("morning", "afternoon", "evening", "night")), 1)
        # Told from the edge on; the list is of what is committed.
        harness.wait_until(lambda: daemon.status()["rings"], 30, "the ring in the status")
        self.assertEqual(daemon.status()["rings"][0]["trigger_source"], "mqtt")

    def test_what_is_no_command_rings_nothing_and_is_counted(self):
        broker = self.broker()
        sender = self.watcher(broker.port, "nothing")
        # It lies there before we come: rung at every connection, it would be a nightmare.
        sender.publish("porchlight/front/ring/set", "PRESS", retain=True)
        daemon = self.daemon(self.settings(broker.port))
        refused = lambda: daemon.metric("errors_total", component="notifier", error_type="validation", severity="warning")  # noqa: E731
        harness.wait_until(lambda: refused() == 1, 20, "the retained one")
        for number, (topic, payload) in enumerate([("front", "press"), ("front", ""), ("front", b"\xff" * 9000), ("nobody", "PRESS")], 2):
            sender.publish(f"porchlight/{topic}/ring/set", payload)
            harness.wait_until(lambda n=number: refused() == n, 20, f"refusal {number}")
        sender.publish("porchlight/front/door/set", "OPEN")
        ring = daemon.ring("front")
        self.expect_delivered(daemon, ring)
        self.assertEqual([r["id"] for r in daemon.status()["rings"]], [ring])
        self.assertIn("is refused", daemon.log.read_text())


class HomeAssistantTest(MqttTest):
    def configs(self, broker, prefix="homeassistant"):
        return {topic: payload for topic, payload in retained(broker.port, f"{prefix}/#").items() if payload}

    def discovered(self, broker, count, prefix="homeassistant"):
        harness.wait_until(lambda: len(self.configs(broker, prefix)) == count, 20, f"{count} entities")
        return self.configs(broker, prefix)

    def house(self, broker, **mqtt):
        settings = self.settings(broker.port, camera=True, **mqtt)
        settings["buttons"].append({"id": "yard", "kind": "virtual", "name": "Yard"})
        settings["faces"] = {"enabled": True}
        return settings

    WANTED = {
        "binary_sensor/porchlight/running", "binary_sensor/porchlight/porch_connectivity",
        "binary_sensor/porchlight/porch_motion", "binary_sensor/porchlight/porch_recording", "image/porchlight/porch_snapshot",
        "sensor/porchlight/porch_person", "sensor/porchlight/porch_visitors_known", "sensor/porchlight/porch_visitors_unknown",
        "event/porchlight/porch_ring", "sensor/porchlight/porch_last_ring", "sensor/porchlight/porch_rings",
        "button/porchlight/front_press", "event/porchlight/yard_ring", "sensor/porchlight/yard_last_ring",
        "sensor/porchlight/yard_rings", "button/porchlight/yard_press"}

    def test_entities_are_what_home_assistant_documents(self):
        broker = self.broker()
        daemon = self.daemon(self.house(broker))
        configs = self.discovered(broker, len(self.WANTED))
        self.assertEqual({topic.removeprefix("homeassistant/").removesuffix("/config") for topic in configs}, self.WANTED)
        self.assertEqual(ha_schema.house_faults("homeassistant", configs), [])
        bell = json.loads(configs["homeassistant/event/porchlight/porch_ring/config"])
        self.assertEqual((bell["device_class"], bell["state_topic"]), ("doorbell", "porchlight/porch/ring"))
        # Each topic that is named is one that speaks.
        watcher = self.watcher(broker.port)
        harness.wait_until(lambda: daemon.metric("camera_connection_status", camera_id="porch") == 1, 20, "the camera")
        for button in ("front", "yard"):
            daemon.ring(button)
        named = {config[key] for config in map(json.loads, configs.values())
                 for key in ("state_topic", "image_topic", "availability_topic") if key in config}
        named -= {f"porchlight/porch/{part}" for part in ("person", "visitors_known", "visitors_unknown")}  # nobody comes
        harness.wait_until(lambda: named <= {m.topic for m in watcher.messages}, 20, f"a word on each of {named}")
        for place in ("porch", "yard"):
            ring = watcher.wait_for(lambda m, p=place: m.topic == f"porchlight/{p}/ring", 30, "the ring")
            self.assertEqual(ha_schema.event_faults(bell, ring.payload), [])
        for entity in map(json.loads, configs.values()):
            if entity.get("device_class") == "timestamp":
                stamp = watcher.wait_for(lambda m, e=entity: m.topic == e["state_topic"], 30, "a timestamp")
                self.assertEqual(ha_schema.timestamp_faults(stamp.payload.decode()), [])
            if entity.get("command_topic"):
                watcher.publish(entity["command_topic"], entity["payload_press"])
        harness.wait_until(lambda: len([r for r in daemon.status()["rings"] if r["trigger_source"] == "mqtt"]) == 2, 20,
                           "both buttons rung by their entities")

    def test_the_schema_refuses_what_is_not_documented(self):
        broker = self.broker()
        self.daemon(self.house(broker))
        configs = self.discovered(broker, len(self.WANTED))
        for topic, payload in configs.items():
            config = json.loads(payload)
            required = ha_schema.COMPONENTS[topic.split("/")[1]][1] | {"device", "origin", "unique_id"}
            for key in required:
                broken = {k: v for k, v in config.items() if k != key}
                self.assertNotEqual(ha_schema.entity_faults("homeassistant", topic, json.dumps(broken)), [], (topic, key))
            for change in ({"stat_topic": "x"}, {"unique_id": 7}, {"name": ""}, {"availability_topic": "a/#"}):
                self.assertNotEqual(ha_schema.entity_faults("homeassistant", topic, json.dumps({**config, **change})), [], change)
            broken = copy.deepcopy(config)
            broken["device"]["id"] = "x"
            self.assertNotEqual(ha_schema.entity_faults("homeassistant", topic, json.dumps(broken)), [])
        orphans = {t: p for t, p in configs.items() if "running" not in t}
        self.assertNotEqual(ha_schema.house_faults("homeassistant", orphans), [])

    def test_a_camera_that_goes_takes_its_entities_and_states_along(self):
        broker = self.broker()
        settings = self.house(broker)
        daemon = self.daemon(settings)
        self.discovered(broker, len(self.WANTED))
        harness.wait_until(lambda: "porchlight/porch/connectivity" in retained(broker.port, "porchlight/#"), 20, "its state")
        settings["cameras"] = []
        settings["buttons"][0].pop("camera")
        daemon.write_config(settings)
        daemon.cli("reload")
        configs = self.discovered(broker, 9)
        self.assertFalse([topic for topic in configs if "porch_" in topic])
        self.assertEqual(ha_schema.house_faults("homeassistant", configs), [])
        harness.wait_until(lambda: not [t for t in retained(broker.port, "porchlight/#") if "/porch/" in t], 20, "no state of it")

    def test_movement_is_a_state_as_long_as_it_is_looked_for(self):
        broker = self.broker()
        motion_clip.make(pathlib.Path(clips.name) / "walk.mp4", 30, walks_at=8)
        watcher = self.watcher(broker.port, "porchlight/yard/motion")
        settings = self.settings(broker.port)
        settings["cameras"] = [{"id": "yard", "name": "Yard", "url": f"file:{clips.name}/walk.mp4", "loop": False}]
        daemon = self.daemon(settings)
        said = lambda: [m.payload for m in watcher.messages]  # noqa: E731
        harness.wait_until(lambda: b"ON" in said(), 60, "somebody walks by")
        harness.wait_until(lambda: said()[-1] == b"OFF", 60, "nobody is there any more")
        self.assertEqual(said(), [b"OFF", b"ON", b"OFF"])
        self.assertEqual(daemon.stop(), 0)
        kept = lambda: retained(broker.port, "porchlight/yard/#")  # noqa: E731
        self.assertEqual(kept()["porchlight/yard/motion"], b"OFF")
        settings["cameras"][0]["motion"] = False
        daemon.write_config(settings)
        daemon.start()
        harness.wait_until(lambda: "porchlight/yard/motion" not in kept(), 30, "no state of what is not looked for")
        self.assertIn("porchlight/yard/connectivity", kept())

    def test_a_camera_that_went_while_we_were_off_goes_too_and_so_does_discovery(self):
        broker = self.broker("allow_anonymous true")
        settings = self.house(broker)
        daemon = self.daemon(settings)
        self.discovered(broker, len(self.WANTED))
        ring = daemon.ring("front")
        self.expect_delivered(daemon, ring)
        self.assertEqual(daemon.stop(), 0)
        settings["cameras"] = []
        settings["buttons"][0].pop("camera")
        daemon.write_config(settings)
        daemon.start()
        self.discovered(broker, 9)
        harness.wait_until(lambda: not [t for t in retained(broker.port, "porchlight/#") if "/porch/" in t], 20, "no state of it")
        daemon.stop()
        settings["mqtt"]["discovery"] = False
        daemon.write_config(settings)
        daemon.start()
        self.discovered(broker, 0)
        ring = daemon.ring("front")
        self.expect_delivered(daemon, ring)

    def test_birth_of_home_assistant_brings_everything_again(self):
        broker = self.broker()
        self.daemon(self.house(broker, discovery_prefix="ha", topic_prefix="home/door"))
        configs = self.discovered(broker, len(self.WANTED), "ha")
        self.assertEqual(ha_schema.house_faults("ha", configs), [])
        self.assertEqual(json.loads(configs["ha/event/porchlight/porch_ring/config"])["state_topic"], "home/door/porch/ring")
        watcher = self.watcher(broker.port, "ha/#", "home/door/#")
        harness.wait_until(lambda: len(watcher.messages) >= len(configs), 30, "what is retained")
        watcher.forget()
        watcher.publish("ha/status", "offline")
        watcher.publish("ha/status", "online")
        harness.wait_until(lambda: {m.topic for m in watcher.messages if not m.retained} >= {*configs, "home/door/porch/connectivity"},
                           20, "every entity and state again")

    def test_reload_of_the_broker_leaves_the_other_channels_alone(self):
        broker, other = self.broker(), self.broker()
        hook = harness.Hook()
        self.addCleanup(hook.close)
        settings = self.settings(broker.port)
        settings["notifications"] = {"channels": [{"id": "hook", "type": "webhook", "url": hook.url}]}
        daemon = self.daemon(settings)
        first = daemon.ring("front")
        hook.wait_for(lambda m: m.event["id"] == first, 30, "the ring")
        settings["mqtt"]["port"] = other.port
        daemon.write_config(settings)
        self.assertIn("mqtt", daemon.cli("reload").stdout)
        watcher = self.watcher(other.port)
        second = daemon.ring("front")
        watcher.wait_for(lambda m: m.topic == "porchlight/front/ring" and json.loads(m.payload)["id"] == second, 20, "the ring at the new broker")
        hook.wait_for(lambda m: m.event["id"] == second, 30, "the ring")
        self.assertEqual(hook.connections, 1)  # kept alive all the while
        harness.wait_until(lambda: retained(broker.port, "porchlight/available") == {"porchlight/available": b"offline"}, 30, "leave taken")
        settings.pop("mqtt")
        daemon.write_config(settings)
        daemon.cli("reload")
        harness.wait_until(lambda: retained(other.port, "porchlight/available") == {"porchlight/available": b"offline"}, 30, "leave taken")
        third = daemon.ring("front")
        hook.wait_for(lambda m: m.event["id"] == third, 30, "the ring without a broker")


    def test_a_reload_neither_counts_anew_nor_goes_back_to_an_older_state(self):
        broker = self.broker()
        settings = self.settings(broker.port)
        settings["notifications"] = {"channels": [{"id": "book", "type": "log"}], "rules": []}
        daemon = self.daemon(settings)
        for number in (b"1", b"2"):
            self.expect_delivered(daemon, daemon.ring("front"))
            self.assertEqual(retained(broker.port, "porchlight/front/rings")["porchlight/front/rings"], number)
        settings["notifications"]["rules"] = [{"when": "ring", "to": ["book"]}]
        daemon.write_config(settings)
        self.assertIn("notifications", daemon.cli("reload").stdout)
        self.expect_delivered(daemon, daemon.ring("front"))
        self.assertEqual(retained(broker.port, "porchlight/front/rings")["porchlight/front/rings"], b"3")


class PageTest(unittest.TestCase):
    def test_snippets_of_the_pages_are_accepted(self):
        daemon = harness.Daemon({}, wait=None)
        self.addCleanup(daemon.close)
        for name in ("broker-ca.pem", "mqtt.pem", "mqtt.key", "mqtt"):
            (daemon.folder / name).write_text("x")
        blocks = [block for page in ("home-assistant.md", "notifications.md")
                  for block in re.findall(r"^```yaml\n(mqtt:.*?)^```", (harness.SOURCE / "docs" / page).read_text(), re.M | re.S)]
        self.assertGreaterEqual(len(blocks), 4)
        for block in blocks:
            daemon.config.write_text(block.replace("/etc/porchlight/", f"{daemon.folder}/") + f"storage: {{path: {daemon.state}}}\n")
            done = daemon.cli("check", check=False)
            self.assertEqual(done.returncode, 0, f"{block}\n{done.stdout}{done.stderr}")


class PersonTest(MqttTest):
    def setUp(self):
        missing = [n for n in ("known_enrol.jpg", "known_door.jpg") if not (harness.PICTURES / n).exists()]
        if missing:
            self.skipTest(f"no pictures {missing} in {harness.PICTURES}: run ./dev setup")

    def test_names_are_said_in_the_topic_of_persons_only_and_forgotten_there(self):
        clip.make(pathlib.Path(clips.name) / "visitor.mp4", [(harness.PICTURES / "known_door.jpg", 0, 6)], 6)
        broker = self.broker()
        settings = self.settings(broker.port, camera=True)
        settings["faces"] = {"enabled": True}
        settings["cameras"][0]["url"] = f"file:{clips.name}/visitor.mp4"
        watcher = self.watcher(broker.port, "#")
        daemon = self.daemon(settings, wait=None)
        daemon.cli("faces", "enrol", "Anna Lindqvist", harness.PICTURES / "known_enrol.jpg")
        daemon.start()
        seen = watcher.wait_for(lambda m: m.topic == "porchlight/porch/person" and b"Anna Lindqvist" in m.payload, 60, "the visitor")
        self.assertEqual(json.loads(seen.payload)["result"], "known_person")
        harness.wait_until(lambda: retained(broker.port, "porchlight/porch/#").get("porchlight/porch/visitors_known") == b"1", 20,
                           "one visit")
        ring = daemon.ring("front")
        watcher.wait_for(lambda m: m.topic == "porchlight/porch/person" and m.user.get("id") == f"{ring}:2", 30, "who rings")
        self.assertEqual({m.topic for m in watcher.messages if b"Lindqvist" in m.payload}, {"porchlight/porch/person"})
        self.assertTrue([m for m in watcher.on("porchlight/events") if b"known_person" in m.payload])
        # Forgotten while the daemon is off: the broker still has it, until we are back.
        daemon.stop(signal.SIGKILL)
        daemon.cli("faces", "forget", "Anna Lindqvist")
        self.assertIn(b"Lindqvist", retained(broker.port, "porchlight/porch/person")["porchlight/porch/person"])
        daemon.start()
        harness.wait_until(lambda: b"Lindqvist" not in retained(broker.port, "porchlight/porch/person")["porchlight/porch/person"], 30,
                           "the name gone")

    def test_a_name_that_the_broker_keeps_from_an_earlier_life_is_forgotten_while_we_run(self):
        clip.make(pathlib.Path(clips.name) / "visitor.mp4", [(harness.PICTURES / "known_door.jpg", 0, 6)], 6)
        broker = self.broker()
        settings = self.settings(broker.port, camera=True)
        settings["faces"] = {"enabled": True}
        settings["cameras"][0]["url"] = f"file:{clips.name}/visitor.mp4"
        self.wall(settings, when="person.known")
        topics = ("porchlight/porch/person", "house/wall")
        kept = lambda: {topic: retained(broker.port, topic).get(topic) for topic in topics}  # noqa: E731
        daemon = self.daemon(settings, wait=None)
        daemon.cli("faces", "enrol", "Anna Lindqvist", harness.PICTURES / "known_enrol.jpg")
        daemon.start()
        harness.wait_until(lambda: all(b"Lindqvist" in (payload or b"") for payload in kept().values()), 60, "the visitor's name")
        self.assertEqual(daemon.stop(), 0)
        # Nobody comes in this life: what the broker keeps is of the one before.
        settings["cameras"][0]["url"] = f"file:{clips.name}/porch.mp4"
        daemon.write_config(settings)
        daemon.start()
        harness.wait_until(lambda: "porchlight/porch/connectivity" in retained(broker.port, "porchlight/#"), 30, "the house")
        self.assertTrue(all(b"Lindqvist" in payload for payload in kept().values()), "who is enrolled may be named")
        daemon.cli("faces", "forget", "Anna Lindqvist")
        harness.wait_until(lambda: not any(b"Lindqvist" in (payload or b"") for payload in kept().values()), 30, "the name gone")
        self.assertEqual(kept(), {"porchlight/porch/person": b'{"result":"forgotten"}', "house/wall": None})

    def test_a_name_whose_picture_was_refused_is_forgotten_too(self):
        clip.make(pathlib.Path(clips.name) / "visitor.mp4", [(harness.PICTURES / "known_door.jpg", 0, 6)], 6)
        broker = self.broker_with_rules("topic readwrite #", "topic deny house/wall/snapshot")
        settings = self.wall(self.settings(broker.port, camera=True), when="person.known", attach="snapshot")
        settings["faces"] = {"enabled": True}
        # Nobody comes a second time: what would come then may take the name away by itself.
        settings["cameras"][0].update({"url": f"file:{clips.name}/visitor.mp4", "loop": False})
        daemon = self.daemon(settings, wait=None)
        daemon.cli("faces", "enrol", "Anna Lindqvist", harness.PICTURES / "known_enrol.jpg")
        daemon.start()
        wall = lambda: retained(broker.port, "house/wall").get("house/wall")  # noqa: E731
        harness.wait_until(lambda: "notification rejected" in daemon.log.read_text(), 60, "the refused picture")
        self.assertIn(b"Lindqvist", wall(), "the text was taken")
        daemon.cli("faces", "forget", "Anna Lindqvist")
        harness.wait_until(lambda: wall() is None, 30, "the name gone")


if __name__ == "__main__":
    unittest.main(verbosity=2)
