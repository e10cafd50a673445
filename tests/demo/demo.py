# SPDX-License-Identifier: Apache-2.0
"""demo.py [--once]: two cameras, a bell, two visitors, somebody in the yard, and what a phone would be told.

Everything is real but the people: a clip served over RTSP at the door, another that a program writes for the
yard, the daemon, a webhook receiver. With --once it rings once with a known and once with an unknown visitor,
prints one line of JSON and exits 0 only if all of it came true, the movement in the yard too.
"""

import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import clip  # noqa: E402
import harness  # noqa: E402
import motion_clip  # noqa: E402

NAME = "Anna"
CLIP_SECONDS = 28
YARD_SECONDS = 24


def say(text):
    print(text, flush=True)


def serve(path):
    """The RTSP server and its URL."""
    server = subprocess.Popen([harness.BUILD / "rtsp_test_server", "--clip", path], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    url = server.stdout.readline().strip()
    if not url.startswith("rtsp://"):
        sys.exit("demo: the RTSP server did not start")
    return server, url


def program_of(path):
    """The command of a program that writes the clip as a camera's driver would: H.264, in real time, for ever."""
    return "exec:" + shlex.join(["ffmpeg", "-v", "error", "-re", "-stream_loop", "-1", "-i", str(path), "-c", "copy",
                                 "-f", "h264", "-"])


def configuration(door, yard, hook):
    return {
        "cameras": [{"id": "front", "name": "Front door", "url": door},
                    {"id": "yard", "name": "Yard", "url": program_of(yard)}],
        "recording": {"segment": "10s"},
        "buttons": [{"id": "front", "name": "Bell", "camera": "front", "kind": "virtual"}],
        "notifications": {
            "channels": [{"id": "phone", "type": "webhook", "url": hook.url}],
            "rules": [{"when": "ring", "to": ["phone"], "attach": "snapshot"},
                      {"when": "person.known", "to": ["phone"]}, {"when": "person.unknown", "to": ["phone"]},
                      {"when": "motion", "cameras": ["yard"], "to": ["phone"], "attach": "snapshot"}],
        },
    }


def ring_with(daemon, hook, result, who):
    """Waits until a visitor of that kind stands there, rings, and waits for the answer under the ring's id."""
    seen = len(hook.messages)
    say(f"waiting for {who} to come to the door …")
    hook.wait_for(lambda m: m in hook.messages[seen:] and m.event["type"] == "sighting"
                  and m.event["result"] == result, 3 * CLIP_SECONDS, f"a visitor who is {result}")
    ring = daemon.ring("front")
    say(f"  rung: {ring}")
    text = hook.wait_for(lambda m: m.event["id"] == ring and m.event["sequence"] == 0, 10, "the ring's text")
    say(f"  1. text     {json.dumps(text.event)}")
    picture = hook.wait_for(lambda m: m.event["id"] == ring and m.picture, 10, "the ring's picture")
    say(f"  2. picture  JPEG of {len(picture.picture)} bytes, {picture.event.get('picture_age_ms')} ms old at the edge")
    answer = hook.wait_for(lambda m: m.event["id"] == ring and "result" in m.event, 20, "who it is")
    say(f"  3. name     {answer.event['result']} {answer.event.get('person', '')}")
    return ring, answer.event


def moved_in(camera, hook):
    """Waits for the message about movement before that camera."""
    say(f"waiting for somebody in the {camera} …")
    motion = hook.wait_for(lambda m: m.event["type"] == "motion" and m.event["camera"] == camera and m.picture,
                           4 * YARD_SECONDS, f"movement in the {camera}")
    say(f"  {json.dumps(motion.event)}, JPEG of {len(motion.picture)} bytes")


def connected(daemon):
    """The cameras whose pictures come."""
    return [camera["id"] for camera in daemon.status()["cameras"] if camera["state"] == "connected"]


def recorded(daemon):
    """How many segments lie there, once each is whole, decodes and stands in the index."""
    rows = json.loads(daemon.cli("footage", "ledger", "--json").stdout)["segments"]
    if any(row["state"] != "closed" for row in rows) or {row["camera"] for row in rows} != {"front", "yard"}:
        sys.exit(f"demo: the footage is not whole: {rows}")
    for row in rows:
        shown = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
                                "stream=nb_read_frames", "-of", "csv=p=0", daemon.state / "recordings" / row["file"]],
                               capture_output=True, text=True)
        if shown.returncode != 0 or shown.stderr or int(shown.stdout.strip().strip(",")) != row["frames"]:
            sys.exit(f"demo: '{row['file']}' does not decode whole: {shown.stdout} {shown.stderr}")
    say(f"recorded: {len(rows)} segments, {sum(row['frames'] for row in rows)} pictures, every one decodes")
    say(daemon.cli("footage", "check").stdout.strip())
    return len(rows)


def families(text):
    return sum(line.startswith("# TYPE ") for line in text.splitlines())


def delivered_after(daemon, ring):
    """Milliseconds from the edge until the receiver had the text, as the daemon measured them."""
    def settled():
        for note in daemon.status()["rings"]:
            if note["id"] == ring:
                for delivery in note["deliveries"]:
                    if delivery["sequence"] == 0 and delivery["state"] == "delivered":
                        return delivery["edge_to_delivered_ms"]
        return None

    return round(harness.wait_until(settled, 10, "the delivery in the status"), 3)


def show(folder, once):
    say("making the clip of a door camera: an empty porch, a known visitor, a stranger")
    say("  the known visitor's picture at the door is another photograph than the enrolled one")
    path = folder / "door.mp4"
    clip.make(path, [(harness.PICTURES / "known_door.jpg", 3, 9), (harness.PICTURES / "stranger.jpg", 16, 22)],
              CLIP_SECONDS)
    yard = folder / "yard.mp4"
    motion_clip.make(yard, YARD_SECONDS, walks_at=10)
    server, url = serve(path)
    hook = harness.Hook()
    say(f"serving it at {url}; the yard's camera is a program: {program_of(yard)}")
    say(f"a webhook receiver listens at {hook.url}")
    with harness.Daemon(configuration(url, yard, hook), wait=None) as daemon:
        try:
            say(daemon.cli("faces", "enrol", NAME, harness.PICTURES / "known_enrol.jpg").stdout.strip())
            daemon.start()
            say(f"porchlight runs: metrics at http://127.0.0.1:{daemon.port}/metrics, health at /health, "
                f"log in {daemon.log}")
            summary = visits(daemon, hook, once)
        finally:
            daemon.stop()
            server.stdin.close()
            server.wait(10)
        summary["segments"] = recorded(daemon)
        return summary


def visits(daemon, hook, once):
    while True:
        known, known_answer = ring_with(daemon, hook, "known_person", "a known visitor")
        stranger, stranger_answer = ring_with(daemon, hook, "unknown_person", "a stranger")
        moved_in("yard", hook)
        harness.wait_until(lambda: connected(daemon) == ["front", "yard"], 10, "two cameras that send pictures")
        say("cameras that send pictures: front (RTSP), yard (a program)")
        summary = {
            "rings": len(daemon.status()["rings"]),
            "delivered": len({m.event["id"] for m in hook.messages
                              if m.event["id"] in (known, stranger) and m.event["sequence"] == 0}),
            "known": known_answer.get("person", ""),
            "unknown": int(stranger_answer["result"] == "unknown_person" and "person" not in stranger_answer),
            "edge_to_delivered_ms": [delivered_after(daemon, known), delivered_after(daemon, stranger)],
            "segments": 0,  # counted when the last one is finished
            "metrics_families": families(daemon.get("/metrics")[2]),
        }
        if once:
            return summary
        say(json.dumps(summary))
        say("again, until Ctrl-C")


def main():
    once = sys.argv[1:] == ["--once"]
    if sys.argv[1:] not in ([], ["--once"]):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory(prefix="porchlight-demo-") as folder:
        try:
            summary = show(pathlib.Path(folder), once)
        except KeyboardInterrupt:
            return 0
    print(json.dumps(summary))
    good = (summary["rings"] == 2 and summary["delivered"] == 2 and summary["known"] == NAME
            and summary["unknown"] == 1 and len(summary["edge_to_delivered_ms"]) == 2
            and summary["segments"] > 0 and summary["metrics_families"] > 0)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
