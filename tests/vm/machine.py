# SPDX-License-Identifier: Apache-2.0
"""A machine in qemu, and a hand inside it: Debian's qemu-guest-agent over a virtio-serial port."""

import base64
import json
import os
import pathlib
import shlex
import socket
import subprocess
import tempfile
import time

CHOICE = pathlib.Path(__file__).resolve().parents[2] / "build/vm/accelerator"
TOOLS = pathlib.Path(__file__).resolve().parent / "guest"
CPUS = 2
MEMORY_MIB = 1536


def accelerator():
    """As prepare.py found it: `kvm` or `tcg`."""
    return CHOICE.read_text()


def speed(accelerator):
    # Without the quirk a host of another vendor ends qemu: it offers a register it cannot write.
    return (["-accel", "kvm", "-cpu", "host,arch-capabilities=off"] if accelerator == "kvm"
            else ["-accel", "tcg,thread=multi", "-cpu", "max"])


def kvm_boots(image):
    """A /dev/kvm may be there and not run an ordinary kernel: let it run ours to the panic for want of a disk."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    command = ["qemu-system-x86_64", *speed("kvm"), "-machine", "q35", "-smp", "2", "-m", "512", "-nodefaults", "-no-reboot",
               "-display", "none", "-kernel", str(image / "vmlinuz"), "-append", "panic=-1"]
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=10).returncode == 0
    except subprocess.TimeoutExpired:
        return False


class Done:
    """How a command in the machine ended."""

    def __init__(self, command, status):
        self.command = command
        self.returncode = status.get("exitcode", -status.get("signal", 0))
        self.stdout = base64.b64decode(status.get("out-data", "")).decode(errors="replace")
        self.stderr = base64.b64decode(status.get("err-data", "")).decode(errors="replace")

    def __str__(self):
        return f"{self.command!r} ended with {self.returncode}\n{self.stdout}{self.stderr}"


class Agent:
    """The host's side of qemu-guest-agent: one JSON object a line."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = None
        self.rest = b""

    def connect(self, deadline):
        """Waits until the agent answers."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._dial(deadline)
        number = 0
        while time.monotonic() < deadline:
            number += 1
            self._send({"execute": "guest-sync", "arguments": {"id": number}})
            if self._heard(number, time.monotonic() + 5):
                return
        raise TimeoutError("the guest agent does not answer")

    def _dial(self, deadline):
        while True:
            try:
                return self.socket.connect(self.path)
            except ConnectionRefusedError:  # made, and not listened at yet
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def _heard(self, number, until):
        """Questions wait in the port until the guest opens it, so the answers to older ones come first."""
        try:
            while self._receive(until - time.monotonic()).get("return") != number:
                pass
        except TimeoutError:
            return False
        return True

    def ask(self, command, seconds=60, **arguments):
        self._send({"execute": command, "arguments": arguments})
        answer = self._receive(seconds)
        if "error" in answer:
            raise AssertionError(f"guest agent: {command}: {answer['error'].get('desc')}")
        return answer["return"]

    def tell(self, command, **arguments):
        """For what ends the agent itself."""
        self._send({"execute": command, "arguments": arguments})

    def close(self):
        if self.socket:
            self.socket.close()

    def _send(self, message):
        self.socket.settimeout(30)
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def _receive(self, seconds):
        deadline = time.monotonic() + seconds
        while b"\n" not in self.rest:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            block = self.socket.recv(1 << 20)
            if not block:
                raise ConnectionError("the guest agent's port was closed: the machine is off")
            self.rest += block
        line, _, self.rest = self.rest.partition(b"\n")
        return json.loads(line)


class Machine:
    """One boot after another of one disk. `share` outlives the machine's death: what the guest wrote to /rig is on the host."""

    def __init__(self, image, disk, pool, drives=(), cpus=CPUS, kernel=""):
        self.image = pathlib.Path(image)
        self.disk = pathlib.Path(disk)
        self.pool = pathlib.Path(pool)
        self.drives = list(drives)
        self.cpus = cpus
        self.kernel = kernel  # further words for its command line
        self.folder = tempfile.TemporaryDirectory(prefix="porchlight-vm-")
        self.share = pathlib.Path(self.folder.name) / "rig"
        self.share.mkdir()
        self.console = pathlib.Path(self.folder.name) / "console"
        self.process = None
        self.agent = None
        self.boots = []
        self.accelerator = accelerator()

    def start(self, seconds=240):
        begun = time.monotonic()
        port = pathlib.Path(self.folder.name) / "agent"
        port.unlink(missing_ok=True)
        with open(self.console.with_suffix(".qemu"), "ab") as errors:
            self.process = subprocess.Popen(self._command(port), stdin=subprocess.DEVNULL, stderr=errors)
        deadline = begun + seconds
        try:
            while not port.exists():
                self._must_live(deadline)
                time.sleep(0.02)
            self.agent = Agent(port)
            self.agent.connect(deadline)
        except (OSError, TimeoutError) as error:
            self.cut()
            raise AssertionError(f"the machine did not come up in {seconds} s: {error}\n{self._last_words()}") from error
        self.boots.append(time.monotonic() - begun)
        return self

    def run(self, command, check=True, seconds=120, stdin=None):
        """A shell command as root in the machine."""
        arguments = {"path": "/bin/bash", "arg": ["-c", command], "capture-output": True,
                     "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"]}
        if stdin is not None:
            arguments["input-data"] = base64.b64encode(stdin.encode()).decode()
        pid = self.agent.ask("guest-exec", **arguments)["pid"]
        deadline = time.monotonic() + seconds
        pause = 0.01
        while not (status := self.agent.ask("guest-exec-status", pid=pid))["exited"]:
            if time.monotonic() > deadline:
                raise AssertionError(f"{command!r} ran longer than {seconds} s in the machine")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
        done = Done(command, status)
        if check and done.returncode != 0:
            raise AssertionError(str(done))
        return done

    def out(self, command, **options):
        return self.run(command, **options).stdout.strip()

    def write(self, path, text, mode=None):
        self.run(f"cat >{shlex.quote(path)}" + (f" && chmod {mode} {shlex.quote(path)}" if mode else ""), stdin=text)

    def wait_until(self, command, seconds, what):
        """Polls a shell condition; its output once it is true."""
        deadline = time.monotonic() + seconds
        while True:
            done = self.run(command, check=False)
            if done.returncode == 0:
                return done.stdout.strip()
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s for {what}: {done}")
            time.sleep(0.1)

    def cut(self):
        """The plug is pulled."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.agent:
            self.agent.close()

    def stop(self, seconds=90):
        """An orderly shutdown: everything is on the disk afterwards."""
        self.agent.tell("guest-shutdown")
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the machine did not shut down in {seconds} s\n{self._last_words()}") from None
        finally:
            self.cut()

    def close(self):
        self.cut()
        self.folder.cleanup()

    def _command(self, port):
        # With a test that is killed goes its machine.
        command = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", *speed(self.accelerator), "-machine", "q35", "-smp", str(self.cpus), "-m", str(MEMORY_MIB),
                   "-nodefaults", "-no-reboot", "-display", "none", "-serial", f"file:{self.console}", "-nic", "none",
                   "-kernel", str(self.image / "vmlinuz"), "-initrd", str(self.image / "initrd"),
                   # no_timer_check: a loaded host lets the guest's timer seem dead in its first moments.
                   "-append", "no_timer_check console=ttyS0 root=LABEL=rigroot ro quiet panic=-1 mitigations=off nokaslr audit=0 "
                   f"systemd.show_status=0 {self.kernel}",
                   # What the guest syncs need not be synced here: the host does not lose power.
                   "-drive", f"file={self.disk},if=virtio,format=qcow2,cache=unsafe",
                   "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
                   "-chardev", f"socket,path={port},server=on,wait=off,id=agent",
                   "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"]
        for tag, path, more in (("rig", self.share, ""), ("tools", TOOLS, ",readonly=on"), ("pool", self.pool, ",readonly=on")):
            command += ["-virtfs", f"local,path={path},mount_tag={tag},security_model=none,id={tag}{more}"]
        return command + self.drives

    def _must_live(self, deadline):
        if self.process.poll() is not None:
            raise OSError(f"qemu ended with {self.process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError("qemu opened no port for the agent")

    def _last_words(self):
        qemu = self.console.with_suffix(".qemu")
        return "".join(p.read_text(errors="replace")[-3000:] for p in (qemu, self.console) if p.exists())
