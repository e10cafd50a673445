# SPDX-License-Identifier: Apache-2.0
"""ONVIF's and WS-Discovery's published schemas, out of the folder that $PORCHLIGHT_ONVIF_SCHEMAS names, and xmllint.

No package of Debian or npm has them: docs/building.md says where they are and how the folder looks.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

PUBLISHED = os.environ.get("PORCHLIGHT_ONVIF_SCHEMAS", "")
SOAP = "http://www.w3.org/2003/05/soap-envelope"
SERVICES = ("ver10/device/wsdl/devicemgmt.wsdl", "ver10/media/wsdl/media.wsdl", "ver20/media/wsdl/media.wsdl")


def schema_in(wsdl):
    """The schema within a WSDL, with the prefixes that the WSDL declares around it, and its namespace."""
    [schema] = re.findall(r"<xs:schema .*?</xs:schema>", wsdl, re.S)
    outer = re.search(r"<wsdl:definitions ([^>]*)>", wsdl)[1]
    head = re.match(r"<xs:schema [^>]*>", schema)[0]
    more = [d for d in re.findall(r'xmlns:\w+="[^"]*"', outer) if d.split("=")[0] + "=" not in head]
    return schema.replace("<xs:schema ", "<xs:schema " + " ".join(more) + " ", 1), re.search(r'targetNamespace="([^"]*)"', head)[1]


class Schemas:
    """One schema that knows them all, in a folder of its own."""

    def __init__(self, test):
        if not PUBLISHED:
            test.skipTest("ONVIF's schemas are not here: PORCHLIGHT_ONVIF_SCHEMAS names no folder (docs/building.md)")
        if not shutil.which("xmllint"):
            test.skipTest("no xmllint: it is in libxml2-utils")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-")
        test.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name, "schemas")
        shutil.copytree(PUBLISHED, self.folder)
        self._make_determinist()
        self.imports = []
        self._add_discovery()
        self._import(SOAP, "schema/common/soap-envelope")
        for service in SERVICES:
            schema, space = schema_in((self.folder / service).read_text(encoding="utf-8"))
            path = service.replace(".wsdl", ".extracted.xsd")
            (self.folder / path).write_text(schema, encoding="utf-8")
            self._import(space, path)
        self.all = self.folder / "all.xsd"
        self.all.write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">' + "".join(self.imports) + "</xs:schema>")

    def _make_determinist(self):
        """One type, which no answer here has, is published with an element and then `any`, which could be that element,
        too: to libxml2 that is an error in the schema, and it would judge nothing."""
        path = self.folder / "ver10/schema/onvif.xsd"
        text = path.read_text(encoding="utf-8")
        begin = text.index('<xs:complexType name="VideoSourceConfigurationOptionsExtension2">')
        end = text.index("</xs:complexType>", begin)
        path.write_text(text[:begin] + re.sub(r"<xs:any .*?/>", "", text[begin:end], flags=re.S) + text[end:], encoding="utf-8")

    def _import(self, space, path):
        self.imports.append(f'<xs:import namespace="{space}" schemaLocation="{path}"/>')

    def _add_discovery(self):
        """Its import of WS-Addressing names a place in the network."""
        text = (self.folder / "ws-discovery.xsd").read_text()
        text = re.sub(r'schemaLocation\s*=\s*"[^"]*"', 'schemaLocation="ws-addressing.xsd"', text)
        (self.folder / "ws-discovery.xsd").write_text(text)
        self._import("http://schemas.xmlsoap.org/ws/2005/04/discovery", "ws-discovery.xsd")

    def faults(self, message):
        """What xmllint says against the envelope and, since an envelope may hold anything, its body; empty: nothing."""
        text = message.decode()
        declared = re.findall(r'xmlns:\w+="[^"]*"', re.search(r"<\w+:Envelope [^>]*>", text)[0])
        body = re.search(r"<(\w+):Body>(.*)</\1:Body>", text, re.S)[2]
        head = re.match(r"<[\w:]+", body)[0]
        alone = " ".join([head, *(one for one in declared if one not in body)]) + body[len(head):]
        return self._lint(message) + ("" if ":Fault" in head else self._lint(alone.encode()))

    def _lint(self, text):
        done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", self.all, "-"], input=text, capture_output=True, timeout=60)
        return "" if done.returncode == 0 else done.stderr.decode()
