# SPDX-License-Identifier: Apache-2.0
"""`porchlight cameras discover` against a device of our own that speaks ONVIF, on loopback."""

import io
import itertools
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import harness
import mqtt_client
import netspace
import onvif_device
import onvif_schemas
from onvif_device import DEVICE, MEDIA, MEDIA2

URI = "rtsp://127.0.0.1:8554/"


class Elsewhere:
    """A TCP port, of another address of this machine or not, where nobody must knock."""

    def __init__(self, test, host="127.0.0.2"):
        self.listener = socket.create_server((host, 0))
        test.addCleanup(self.listener.close)
        self.listener.settimeout(0.2)
        self.place = f"{host}:{self.listener.getsockname()[1]}"

    def knocked(self):
        try:
            self.listener.accept()[0].close()
        except TimeoutError:
            return False
        return True


class DiscoverTest(unittest.TestCase):
    def device(self, **how):
        device = onvif_device.Device(**how)
        self.addCleanup(device.close)
        return device

    def run_it(self, *arguments, status=0, stdin="", environment=None):
        done = subprocess.run([harness.PROGRAM, "cameras", "discover", *arguments], input=stdin, capture_output=True, text=True, timeout=180,
                              env={**os.environ, **(environment or {})})
        self.assertEqual(done.returncode, status, done)
        return done

    def ask(self, device, *arguments, status=0, at=None, password=None):
        """With the device's login, or another password."""
        done = self.run_it("--json", "--at", at or device.url, "--user", device.user, *arguments, status=status, stdin=(password or device.password) + "\n")
        self.assertNotIn(device.password, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def ask_one(self, *arguments, **how):
        [device] = self.ask(*arguments, **how)["devices"]
        return device

    # -- what a device tells ---------------------------------------------------------------------------

    def test_device_tells_make_profiles_and_streams(self):
        device = self.device()
        told = self.ask_one(device)
        self.assertEqual((told["manufacturer"], told["model"], told["firmware"], told["hardware"]), ("Acme & Sons", "Eye 3", "1.2.3", "rev B"))
        self.assertLessEqual(abs(told["clock_skew_seconds"]), 2)
        self.assertEqual([(p["name"], p["codec"], p["width"], p["height"], p["fps"]) for p in told["profiles"]],
                         [("Main stream", "H264", 1920, 1080, 25), ("Sub stream", "H264", 640, 360, 15), ("Tiny", "H264", 320, 180, 5), ("Stills", "JPEG", 2560, 1440, 1)])
        self.assertEqual([p["uri"] for p in told["profiles"]], [URI + path + "?a=1&b=2" for path in ("main", "sub_co_", "tiny", "jpeg")])
        self.assertEqual([p["use"] for p in told["profiles"]], ["url", "detect_url", None, None])
        self.assertEqual((told["ok"], told["warnings"]), (True, []))

    def test_people_read_text_and_nothing_is_written(self):
        device = self.device(skew=-3600)
        with tempfile.TemporaryDirectory(prefix="porchlight-") as folder:
            before = os.getcwd()
            os.chdir(folder)
            self.addCleanup(os.chdir, before)
            done = self.run_it("--at", device.url, "--user", "porch", stdin=device.password)
            self.assertEqual(os.listdir(folder), [])
            os.chdir(before)
        for words in ("Acme & Sons Eye 3, firmware 1.2.3", "s behind ours", "'Sub stream': H264 640x360, 15 frames/s", "(detect_url)", "give it a time server",
                      "nothing was written"):
            self.assertIn(words, done.stdout)
        self.assertNotIn("hidden", done.stdout)

    def test_snippet_is_a_configuration(self):
        device = self.device()
        with tempfile.TemporaryDirectory(prefix="porchlight-") as folder:
            config, secret, place = (pathlib.Path(folder, name) for name in ("porchlight.yaml", "secret", "new.yaml"))
            secret.write_text(device.password)
            done = self.run_it("--at", device.probe_url, "--user", "porch", "--password", f"${{file:{secret}}}", "--yaml", place)
            self.assertEqual(done.stdout.count("cameras:"), 1)
            snippet = place.read_text()
            self.assertIn(snippet, done.stdout)
            self.assertEqual(snippet, 'cameras:\n  - id: "front_door"\n    name: "Front Door"\n    url: "rtsp://127.0.0.1:8554/main?a=1&b=2"\n'
                             f'    detect_url: "rtsp://127.0.0.1:8554/sub_co_?a=1&b=2"\n    user: "porch"\n    password: "${{file:{secret}}}"\n')
            config.write_text(f"storage: {{path: {folder}}}\nbuttons: []\n{snippet}")
            checked = subprocess.run([harness.PROGRAM, "check", "--config", config], capture_output=True, text=True, timeout=60)
            self.assertEqual(checked.returncode, 0, checked)
            # What is there stays.
            self.run_it("--at", device.url, "--user", "porch", "--password", f"${{file:{secret}}}", "--yaml", place, status=2)
            self.assertEqual(place.read_text(), snippet)

    def test_newer_media_service_knows_h265(self):
        profiles = ({"token": "m", "name": "Main", "encoding": "H265", "size": (2560, 1440), "fps": 20}, onvif_device.SUB)
        device = self.device(profiles=profiles, media2=True)
        told = self.ask_one(device)
        self.assertEqual([(p["codec"], p["use"]) for p in told["profiles"]], [("H265", "url"), ("H264", "detect_url")])
        self.assertIn(("/onvif/media2_service", MEDIA2, "GetStreamUri"), device.asked)
        self.assertNotIn(MEDIA, [space for _, space, _ in device.asked])

    def test_older_device_knows_no_services(self):
        device = self.device(services=False)
        self.assertEqual(len(self.ask_one(device)["profiles"]), 4)
        self.assertIn(("/onvif/device_service", DEVICE, "GetCapabilities"), device.asked)
        # One whose newer media service knows nothing is asked by the older.
        device = self.device(media2=True)
        device.profiles2 = lambda: "<three:GetProfilesResponse/>"
        self.assertEqual(len(self.ask_one(device)["profiles"]), 4)

    # -- logins ----------------------------------------------------------------------------------------

    def test_wrong_password_is_said(self):
        told = self.ask_one(self.device(), status=3, password="something else")
        self.assertEqual((told["ok"], told["code"], told["profiles"]), (False, "auth", []))
        self.assertIn("user 'porch' or the password is refused", told["error"])
        self.assertIn("Sender not authorized", told["error"])

    def test_without_a_login_the_need_is_said(self):
        device = self.device()
        done = self.run_it("--at", device.url, status=3)
        self.assertIn("it wants a login", done.stdout)
        self.assertIn("--user", done.stdout)
        self.assertNotIn("cameras:", done.stdout)

    def test_login_is_dated_by_the_devices_clock(self):
        for skew in (-86400 * 400, 7200):
            told = self.ask_one(self.device(skew=skew))
            self.assertTrue(told["ok"], told)
            self.assertLessEqual(abs(told["clock_skew_seconds"] - skew), 3)
            self.assertIn("its clock is wrong by", " ".join(told["warnings"]))

    def test_challenge_of_http_is_answered(self):
        device = self.device(digest=True)
        self.assertEqual(len(self.ask_one(device)["profiles"]), 4)
        told = self.ask_one(device, status=3, password="something else")
        self.assertIn("user 'porch' or the password is refused", told["error"])

    def test_password_in_the_command_line_is_refused(self):
        done = self.run_it("--at", "127.0.0.1", "--user", "porch", "--password", "open sesame", status=2)
        self.assertIn("takes a reference", done.stderr)
        done = self.run_it("--at", "http://porch:sesame@127.0.0.1/", status=2)
        self.assertIn("--user", done.stderr)
        self.assertNotIn("sesame", done.stderr)
        done = self.run_it("--at", "127.0.0.1", "--user", "porch", "--password", "${ENV:NO_SUCH}", status=3)
        self.assertIn("NO_SUCH", done.stderr)

    # -- strangers -------------------------------------------------------------------------------------

    def test_no_other_host_is_asked(self):
        elsewhere = Elsewhere(self)
        device = self.device(addresses=[f"http://{elsewhere.place}/onvif/device_service"])
        told = self.ask_one(device, at=device.probe_url, status=3)
        self.assertIn("was not asked", told["error"])
        self.assertEqual(device.asked, [])
        device = self.device(service=("http", elsewhere.place))
        told = self.ask_one(device)
        self.assertTrue(told["ok"], told)
        self.assertIn("is announced at the host '127.0.0.2'", " ".join(told["warnings"]))
        self.assertFalse(elsewhere.knocked())

    def test_what_was_asked_through_tls_is_asked_through_tls(self):
        with tempfile.TemporaryDirectory(prefix="porchlight-") as folder:
            folder = mqtt_client.make_certificates(pathlib.Path(folder))
            clear = Elsewhere(self, "127.0.0.1")
            device = self.device(tls=(folder / "server.pem", folder / "server.key"), service=("http", clear.place))
            told = self.ask_one(device, "--ca-file", folder / "authority.pem")
            self.assertEqual((told["ok"], len(told["profiles"]), told["address"]), (True, 4, device.url), told)
            self.assertIn("announced at 'http:', and was asked for at 'https:'", " ".join(told["warnings"]))
            self.assertIn(("/onvif/media_service", MEDIA, "GetStreamUri"), device.asked)
            self.assertFalse(clear.knocked(), "the login went there in clear")
            # By a certificate that nobody vouches for, no login goes anywhere.
            device = self.device(tls=(folder / "server.pem", folder / "server.key"))
            told = self.ask_one(device, "--ca-file", folder / "stranger.pem", status=3)
            self.assertEqual((told["code"], device.asked), ("auth", []))

    def test_redirect_is_not_followed(self):
        elsewhere = Elsewhere(self)
        device = self.device()

        def redirect(handler):
            handler.rfile.read(int(handler.headers["Content-Length"]))
            device.reply(handler, 307, b"", [("Location", f"http://{elsewhere.place}/")])

        device.answer = redirect
        told = self.ask_one(device, status=3)
        self.assertIn("307", told["error"])
        self.assertFalse(elsewhere.knocked())

    def test_one_wrong_address_keeps_all_from_being_asked(self):
        device = self.device()
        for wrong in ("ftp://127.0.0.1/", "http://porch:sesame@127.0.0.1/"):
            done = self.run_it("--at", device.probe_url, "--at", device.url, "--at", wrong, status=2)
            self.assertIn("--at", done.stderr)
            self.assertEqual((device.asked, device.probed, done.stdout), ([], [], ""))

    def test_stream_of_another_host_is_for_a_person_to_decide(self):
        told = self.ask(self.device(stream_host="192.0.2.7"))
        self.assertTrue(all(p["elsewhere"] for p in told["devices"][0]["profiles"]))
        self.assertIn("another host", " ".join(told["devices"][0]["warnings"]))
        self.assertEqual([line for line in told["yaml"].splitlines() if "192.0.2.7" in line and "# " not in line], [])

    def test_hostile_answers_end_in_a_sentence(self):
        big = b"<a>" + b"x" * (600 << 10) + b"</a>"
        bomb = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>'
        own = onvif_device.envelope("<one:GetDeviceInformationResponse/>")
        for answer, why in ((big, "larger than 512 KiB"), (bomb, "DOCTYPE"), (b"", "not XML"), (own[:-20], "not XML"), (b"<html/>", "no SOAP 1.2"),
                            (own.replace(DEVICE.encode(), b"urn:other"), "no GetDeviceInformationResponse")):  # fmt: skip
            told = self.ask_one(self.device(answers={"GetDeviceInformation": answer}), status=3)
            self.assertIn(why, told["error"])

    def test_escapes_of_a_stranger_reach_no_terminal(self):
        text = onvif_device.envelope("<one:GetDeviceInformationResponse><one:Model>\u009b31m a\nb ${ENV:HOME}</one:Model></one:GetDeviceInformationResponse>")
        device = self.device(answers={"GetDeviceInformation": text}, scopes=("name/%1b%5b31mRed%0aLine%20${ENV:HOME}",))
        done = self.run_it("--at", device.probe_url, "--user", device.user, stdin=device.password)
        self.assertNotIn("\x1b", done.stdout)
        self.assertNotIn("\u009b", done.stdout)
        self.assertIn("[31mRed Line $${ENV:HOME}", done.stdout.partition("cameras:")[2])
        self.assertNotIn(os.environ.get("HOME", "/root") + '"', done.stdout)

    def test_slow_device_has_its_time(self):
        held = threading.Event()
        self.addCleanup(held.set)
        device = self.device()
        device.answer = lambda handler: held.wait(60)
        self.assertEqual(self.ask_one(device, status=3)["code"], "timeout")

    def test_nobody_there_is_said(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        told = self.ask(self.device(), at=f"127.0.0.1:{port}", status=3)["devices"][0]
        self.assertEqual(told["code"], "network")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            told = self.ask(self.device(), "--wait", "1", at=f"soap.udp://127.0.0.1:{silent.getsockname()[1]}", status=3)["devices"][0]
        self.assertIn("no answer to a probe", told["error"])

    # -- the search ------------------------------------------------------------------------------------

    def test_probe_of_one_host_finds_the_services_port(self):
        device = self.device()
        told = self.ask_one(device, at=device.probe_url)
        self.assertEqual((told["address"], told["name"], told["hardware"]), (device.url, "Front Door", "IPC-1"))

    def test_answers_to_others_are_not_ours(self):
        match = onvif_device.Device.matches
        device = self.device()
        device.matches = lambda message_id: [b"junk", b"", match(device, "urn:uuid:another")[0], match(device, message_id)[0]]
        told = self.ask(device, at=device.probe_url)["devices"]
        self.assertEqual([one["name"] for one in told], ["Front Door"])

    def test_multicast_finds_each_device_once(self):
        netspace.enter(self)
        device = self.device(group="127.0.0.1")
        done = self.run_it("--interface", "lo", "--wait", "4", "--json", "--user", device.user, stdin=device.password)
        told = json.loads(done.stdout)
        self.assertEqual([one["address"] for one in told["devices"]], [device.url])
        self.assertEqual((told["interfaces"], told["flooded"]), (["lo"], False))
        self.assertEqual(len(told["devices"][0]["profiles"]), 4)
        self.assertEqual(len(device.probed), 4, "two kinds, asked twice")
        told = self.ask(device, at="127.0.0.1")["devices"]
        self.assertEqual([one["address"] for one in told], [device.url], "a host alone is asked by a probe first")

    def flood(self, device, with_an_answer):
        """Each probe brings a flood of what is no answer, after so many answers."""
        match = onvif_device.Device.matches

        def matches(message_id):
            yield from [match(device, message_id)[0]] * with_an_answer
            yield from itertools.repeat(b"junk", 100_000)

        device.matches = matches

    def test_flooded_search_says_so(self):
        netspace.enter(self)
        device = self.device(group="127.0.0.1")
        for with_an_answer in (0, 1):
            self.flood(device, with_an_answer)
            begun = time.monotonic()
            told = json.loads(self.run_it("--interface", "lo", "--wait", "30", "--json", "--user", device.user, status=3, stdin=device.password).stdout)
            self.assertLess(time.monotonic() - begun, 30, "the flood does not end the search")
            self.assertEqual((told["flooded"], len(told["devices"])), (True, with_an_answer))
        done = self.run_it("--interface", "lo", "--wait", "30", status=3)
        self.assertIn("ended early", done.stdout)
        self.assertNotIn("No ONVIF device answered", done.stdout)

    def test_flood_of_one_host_says_so(self):
        device = self.device()
        self.flood(device, 0)
        told = self.ask(device, "--wait", "30", at=device.probe_url, status=3)
        self.assertIn("4096 datagrams", told["devices"][0]["error"])
        self.assertEqual(told["flooded"], False, "there was no search")

    def test_silence_is_a_sentence_with_advice(self):
        netspace.enter(self)
        done = self.run_it("--interface", "lo", "--wait", "1", status=1)
        for words in ("No ONVIF device answered on lo", "same network segment", "firewall", "--interface", "--at HOST"):
            self.assertIn(words, done.stdout)
        self.assertEqual(json.loads(self.run_it("--interface", "lo", "--wait", "1", "--json", status=1).stdout)["devices"], [])
        self.assertIn("no network interface is up", self.run_it("--wait", "1", status=3).stderr)
        self.assertIn("no interface 'nope'", self.run_it("--interface", "nope", status=3).stderr)

    # -- the standard ----------------------------------------------------------------------------------

    def test_what_is_said_keeps_to_the_published_schemas(self):
        schemas = onvif_schemas.Schemas(self)
        old, new = self.device(services=False), self.device(media2=True)
        for device in (old, new):
            self.ask(device, at=device.probe_url)
        said = {**old.said, **new.said, "fault": onvif_device.fault("NotAuthorized", "no"), "probe": new.probed[0], "other probe": new.probed[1]}
        self.assertEqual(sorted(name.rpartition(" ")[2] for name in said), sorted([
            "GetCapabilities", "GetDeviceInformation", "GetProfiles", "GetProfiles", "GetServices", "GetStreamUri", "GetStreamUri", "GetSystemDateAndTime",
            "ProbeMatches", "fault", "probe", "probe"]))  # fmt: skip
        for name, message in said.items():
            self.assertEqual(schemas.faults(message), "", name)
        # The schemas do refuse what is wrong.
        profiles = said[f"{MEDIA} GetProfiles"]
        for wrong in (profiles.replace(b"<kind:Quality>4</kind:Quality>", b""), profiles.replace(b"GetProfilesResponse", b"GetProfileResponse"),
                      profiles.replace(b">H264<", b">H26four<")):  # fmt: skip
            self.assertNotEqual(schemas.faults(wrong), "")

    def test_what_we_ask_keeps_to_the_published_schemas(self):
        schemas = onvif_schemas.Schemas(self)
        device, requests = self.device(media2=True), []
        answer = device.answer

        def listen(handler):
            size = int(handler.headers["Content-Length"])
            body = handler.rfile.read(size)
            requests.append(body)
            handler.rfile = io.BytesIO(body)
            return answer(handler)

        device.answer = listen
        self.ask(device)
        self.assertGreaterEqual(len(requests), 6)
        for request in requests:
            self.assertEqual(schemas.faults(request), "", request)

    def test_another_client_reads_the_same(self):
        modules = pathlib.Path(os.environ.get("NODE_PATH", harness.SOURCE / "node_modules"))
        if not shutil.which("node") or not (modules / "onvif/package.json").exists():
            self.skipTest("no node, or no package 'onvif' in node_modules: ./dev setup fetches it")
        # That client puts tokens into its XML as they are.
        device = self.device(profiles=(onvif_device.MAIN, {**onvif_device.SUB, "token": "sub"}, onvif_device.TINY, onvif_device.STILLS))
        done = subprocess.run(["node", harness.SOURCE / "tests/system/onvif_client.js", "127.0.0.1", str(device.port), device.user, device.password],
                              capture_output=True, text=True, timeout=120, env={**os.environ, "NODE_PATH": str(modules)})
        self.assertEqual(done.returncode, 0, done.stderr)
        theirs, ours = json.loads(done.stdout), self.ask_one(device)
        self.assertEqual(theirs["device"]["manufacturer"], ours["manufacturer"])
        self.assertEqual(theirs["device"]["firmwareVersion"], ours["firmware"])
        keys = ("token", "name", "codec", "width", "height", "fps")
        self.assertEqual([{k: p[k] for k in keys} for p in theirs["read"]], [{k: p[k] for k in keys} for p in ours["profiles"]])
        self.assertEqual([p["uri"].replace("admin:hidden@", "") for p in theirs["read"]], [p["uri"] for p in ours["profiles"]])


if __name__ == "__main__":
    unittest.main()
