# SPDX-License-Identifier: Apache-2.0
"""A camera that speaks ONVIF: WS-Discovery by UDP, and the device and media services by SOAP, with logins that are
checked. Python's standard library only. Its answers are held against ONVIF's schemas by test_discover."""

import base64
import calendar
import datetime
import hashlib
import http.server
import re
import socket
import ssl
import struct
import threading
import time
import xml.etree.ElementTree as ElementTree

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
NETWORK = "http://www.onvif.org/ver10/network/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
ERROR = "http://www.onvif.org/ver10/error"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
GROUP, PORT = "239.255.255.250", 3702

PATHS = {DEVICE: "/onvif/device_service", MEDIA: "/onvif/media_service", MEDIA2: "/onvif/media2_service"}

# Prefixes that nobody else uses: who looks for `tds:` does not find it.
PREFIXES = {"env": SOAP, "wa": ADDRESSING, "disco": DISCOVERY, "one": DEVICE, "two": MEDIA, "three": MEDIA2,
            "net": NETWORK, "kind": SCHEMA, "err": ERROR}  # fmt: skip
DECLARED = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in PREFIXES.items())

MAIN = {"token": "main", "name": "Main stream", "encoding": "H264", "size": (1920, 1080), "fps": 25}
SUB = {"token": "sub & <co>", "name": "Sub stream", "encoding": "H264", "size": (640, 360), "fps": 15}
TINY = {"token": "tiny", "name": "Tiny", "encoding": "H264", "size": (320, 180), "fps": 5}
STILLS = {"token": "jpeg", "name": "Stills", "encoding": "JPEG", "size": (2560, 1440), "fps": 1}


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def envelope(body, header=""):
    return (f'<?xml version="1.0" encoding="UTF-8"?><env:Envelope {DECLARED}>'
            f'{"<env:Header>" + header + "</env:Header>" if header else ""}<env:Body>{body}</env:Body></env:Envelope>').encode()


def fault(code, reason, sender=True):
    return envelope(f'<env:Fault><env:Code><env:Value>env:{"Sender" if sender else "Receiver"}</env:Value><env:Subcode><env:Value>err:{code}'
                    f'</env:Value></env:Subcode></env:Code><env:Reason><env:Text xml:lang="en">{escaped(reason)}</env:Text></env:Reason></env:Fault>')


class Device:
    """`skew`: seconds its clock is ahead. `answers`: {operation: bytes} said instead of its own. `digest`: it wants
    HTTP's Digest instead of a UsernameToken. `addresses`, `service`, `stream_host`: what it announces instead of the
    truth, `service` as ("http", "HOST:PORT"). `tls`: (certificate, key), it speaks https only."""

    def __init__(self, user="porch", password="a <good> word", skew=0, profiles=(MAIN, SUB, TINY, STILLS), media2=False, digest=False, services=True,
                 addresses=None, service=None, tls=None, stream_host=None, scopes=("name/Front%20Door", "hardware/IPC-1", "location/city/here"),
                 answers=None, host="127.0.0.1", group=None):  # fmt: skip
        self.user, self.password, self.skew, self.profiles = user, password, skew, profiles
        self.media2, self.digest, self.services = media2, digest, services
        self.stream_host, self.scopes, self.answers = stream_host, scopes, answers or {}
        self.host, self.asked, self.probed, self.said = host, [], [], {}
        self._nonces = set()
        device = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass  # who has read enough says no goodbye

            def do_POST(self):
                device.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        scheme = "https" if tls else "http"
        self.service = service or (scheme, f"{host}:{self.port}")
        self.url = f"{scheme}://{host}:{self.port}/onvif/device_service"
        self.addresses = [self.url] if addresses is None else addresses
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if group:
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.udp.bind(("", PORT))
            self.udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(group)))
        else:
            self.udp.bind((host, 0))
        self.probe_url = f"soap.udp://{host}:{self.udp.getsockname()[1]}"
        threading.Thread(target=self._discover, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.udp.close()

    # -- WS-Discovery ----------------------------------------------------------------------------------

    def _discover(self):
        while True:
            try:
                probe, sender = self.udp.recvfrom(65536)
            except OSError:
                return
            self.probed.append(probe)
            root = ElementTree.fromstring(probe)
            # A type is a QName: its prefix means what the probe declared it to be.
            wanted = "NetworkVideoTransmitter" if f'"{NETWORK}"' in probe.decode() else "Device"
            if not root.findtext(f".//{{{DISCOVERY}}}Types").endswith(":" + wanted):
                continue
            for answer in self.matches(root.findtext(f".//{{{ADDRESSING}}}MessageID")):
                try:
                    self.udp.sendto(answer, sender)
                except OSError:
                    break  # who has heard enough is gone, and so may we be

    def matches(self, message_id):
        if "ProbeMatches" in self.answers:
            return [text.replace(b"MESSAGE-ID", message_id.encode()) for text in self.answers["ProbeMatches"]]
        header = (f"<wa:MessageID>urn:uuid:5f5a69c2-e0ae-504f-829b-00f4d9e3e9a1</wa:MessageID><wa:RelatesTo>{message_id}</wa:RelatesTo>"
                  f"<wa:To>{ADDRESSING}/role/anonymous</wa:To><wa:Action>{DISCOVERY}/ProbeMatches</wa:Action>"
                  '<disco:AppSequence InstanceId="1" MessageNumber="1"/>')  # fmt: skip
        scopes = " ".join(f"onvif://www.onvif.org/{scope}" for scope in ("type/video_encoder", *self.scopes))
        body = (f"<disco:ProbeMatches><disco:ProbeMatch><wa:EndpointReference><wa:Address>urn:uuid:{self.port:08d}-0000-4000-8000-000000000001</wa:Address>"
                f"</wa:EndpointReference><disco:Types>net:NetworkVideoTransmitter one:Device</disco:Types><disco:Scopes>{scopes}</disco:Scopes>"
                f"<disco:XAddrs>{' '.join(self.addresses)}</disco:XAddrs><disco:MetadataVersion>1</disco:MetadataVersion>"
                "</disco:ProbeMatch></disco:ProbeMatches>")  # fmt: skip
        self.said["ProbeMatches"] = envelope(body, header)
        return [self.said["ProbeMatches"]]

    # -- SOAP ------------------------------------------------------------------------------------------

    def answer(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        try:
            root = ElementTree.fromstring(body)
            element = root.find(f"{{{SOAP}}}Body")[0]
        except (ElementTree.ParseError, TypeError, IndexError):  # Digest's first request has no body
            return self.challenge(handler)
        space, _, operation = element.tag[1:].partition("}")
        self.asked.append((handler.path, space, operation))
        if operation not in ("GetSystemDateAndTime",) and not self.lets_in(handler, root):
            if self.digest:
                return self.challenge(handler)
            return self.reply(handler, 400, fault("NotAuthorized", "Sender not authorized"))
        if operation in self.answers:
            return self.reply(handler, 200, self.answers[operation])
        make = getattr(self, f"say_{operation}", None) if handler.path == PATHS.get(space) else None
        if make is None or (operation == "GetServices" and not self.services):
            return self.reply(handler, 500, fault("ActionNotSupported", "Optional Action Not Implemented", sender=False))
        text = envelope(make(element))
        self.said[f"{space} {operation}"] = text
        return self.reply(handler, 200, text)

    @staticmethod
    def reply(handler, status, text, headers=()):
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    def lets_in(self, handler, root):
        return self.knows_digest(handler) if self.digest else self.knows_token(root)

    def knows_token(self, root):
        """UsernameToken: digest, age by the device's own clock, and no nonce twice."""
        token = root.find(f"{{{SOAP}}}Header/{{{WSSE}}}Security/{{{WSSE}}}UsernameToken")
        if token is None:
            return False
        nonce, created = token.findtext(f"{{{WSSE}}}Nonce"), token.findtext(f"{{{WSU}}}Created")
        said = token.findtext(f"{{{WSSE}}}Password")
        right = base64.b64encode(hashlib.sha1(base64.b64decode(nonce) + created.encode() + self.password.encode()).digest()).decode()
        made = calendar.timegm(datetime.datetime.fromisoformat(created.replace("Z", "+00:00")).utctimetuple())
        if token.findtext(f"{{{WSSE}}}Username") != self.user or said != right or nonce in self._nonces:
            return False
        self._nonces.add(nonce)
        return abs(made - (time.time() + self.skew)) < 60

    def challenge(self, handler):
        return self.reply(handler, 401, b"", [("WWW-Authenticate", 'Digest realm="cam", qop="auth", nonce="0123456789abcdef", algorithm=MD5')])

    def knows_digest(self, handler):
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', handler.headers.get("Authorization", "")))
        md5 = lambda text: hashlib.md5(text.encode()).hexdigest()  # noqa: E731
        first, second = md5(f"{self.user}:cam:{self.password}"), md5(f"POST:{handler.path}")
        right = md5(f"{first}:0123456789abcdef:{said.get('nc')}:{said.get('cnonce')}:auth:{second}")
        return said.get("response") == right

    # -- the device service ----------------------------------------------------------------------------

    def say_GetSystemDateAndTime(self, _):
        now = time.gmtime(time.time() + self.skew)
        moment = (f"<kind:Time><kind:Hour>{now.tm_hour}</kind:Hour><kind:Minute>{now.tm_min}</kind:Minute><kind:Second>{now.tm_sec}</kind:Second></kind:Time>"
                  f"<kind:Date><kind:Year>{now.tm_year}</kind:Year><kind:Month>{now.tm_mon}</kind:Month><kind:Day>{now.tm_mday}</kind:Day></kind:Date>")
        return ("<one:GetSystemDateAndTimeResponse><one:SystemDateAndTime><kind:DateTimeType>NTP</kind:DateTimeType><kind:DaylightSavings>false"
                f"</kind:DaylightSavings><kind:TimeZone><kind:TZ>UTC0</kind:TZ></kind:TimeZone><kind:UTCDateTime>{moment}</kind:UTCDateTime>"
                "</one:SystemDateAndTime></one:GetSystemDateAndTimeResponse>")

    def say_GetDeviceInformation(self, _):
        return ("<one:GetDeviceInformationResponse><one:Manufacturer>Acme &amp; Sons</one:Manufacturer><one:Model>Eye 3</one:Model><one:FirmwareVersion>1.2.3"
                "</one:FirmwareVersion><one:SerialNumber>0815</one:SerialNumber><one:HardwareId>rev B</one:HardwareId></one:GetDeviceInformationResponse>")

    def service_url(self, name):
        return f"{self.service[0]}://{self.service[1]}/onvif/{name}_service"

    def say_GetServices(self, _):
        services = [(DEVICE, "device"), (MEDIA, "media")] + [(MEDIA2, "media2")] * self.media2
        listed = "".join(f"<one:Service><one:Namespace>{space}</one:Namespace><one:XAddr>{self.service_url(name)}</one:XAddr>"
                         "<one:Version><kind:Major>2</kind:Major><kind:Minor>60</kind:Minor></one:Version></one:Service>" for space, name in services)
        return f"<one:GetServicesResponse>{listed}</one:GetServicesResponse>"

    def say_GetCapabilities(self, _):
        return (f"<one:GetCapabilitiesResponse><one:Capabilities><kind:Media><kind:XAddr>{self.service_url('media')}</kind:XAddr><kind:StreamingCapabilities>"
                "<kind:RTPMulticast>false</kind:RTPMulticast><kind:RTP_TCP>true</kind:RTP_TCP><kind:RTP_RTSP_TCP>true</kind:RTP_RTSP_TCP>"
                "</kind:StreamingCapabilities></kind:Media></one:Capabilities></one:GetCapabilitiesResponse>")

    # -- the media services ----------------------------------------------------------------------------

    @staticmethod
    def encoder(profile):
        width, height = profile["size"]
        return (f'<kind:Name>encoder</kind:Name><kind:UseCount>1</kind:UseCount><kind:Encoding>{profile["encoding"]}</kind:Encoding><kind:Resolution><kind:Width>'
                f"{width}</kind:Width><kind:Height>{height}</kind:Height></kind:Resolution>")

    @staticmethod
    def source():
        return ('<kind:Name>lens</kind:Name><kind:UseCount>4</kind:UseCount><kind:SourceToken>lens</kind:SourceToken>'
                '<kind:Bounds x="0" y="0" width="2560" height="1440"/>')

    def say_GetProfiles(self, element):
        if element.tag.startswith("{" + MEDIA2):
            return self.profiles2()
        multicast = ("<kind:Multicast><kind:Address><kind:Type>IPv4</kind:Type><kind:IPv4Address>0.0.0.0</kind:IPv4Address></kind:Address><kind:Port>0</kind:Port>"
                     "<kind:TTL>1</kind:TTL><kind:AutoStart>false</kind:AutoStart></kind:Multicast><kind:SessionTimeout>PT60S</kind:SessionTimeout>")
        listed = "".join(
            f'<two:Profiles token="{escaped(profile["token"])}" fixed="true"><kind:Name>{escaped(profile["name"])}</kind:Name><kind:VideoSourceConfiguration token="v">'
            f'{self.source()}</kind:VideoSourceConfiguration><kind:VideoEncoderConfiguration token="e">{self.encoder(profile)}<kind:Quality>4</kind:Quality>'
            f'<kind:RateControl><kind:FrameRateLimit>{profile["fps"]}</kind:FrameRateLimit><kind:EncodingInterval>1</kind:EncodingInterval>'
            f"<kind:BitrateLimit>2048</kind:BitrateLimit></kind:RateControl>{multicast}</kind:VideoEncoderConfiguration></two:Profiles>"
            for profile in self.profiles if profile["encoding"] != "H265")  # fmt: skip
        audio = '<two:Profiles token="audio"><kind:Name>Only sound</kind:Name></two:Profiles>'
        return f"<two:GetProfilesResponse>{listed}{audio}</two:GetProfilesResponse>"

    def profiles2(self):
        listed = "".join(
            f'<three:Profiles token="{escaped(profile["token"])}" fixed="true"><three:Name>{escaped(profile["name"])}</three:Name><three:Configurations>'
            f'<three:VideoEncoder token="e">{self.encoder(profile)}<kind:RateControl><kind:FrameRateLimit>{profile["fps"]}</kind:FrameRateLimit>'
            "<kind:BitrateLimit>2048</kind:BitrateLimit></kind:RateControl><kind:Quality>4</kind:Quality></three:VideoEncoder>"
            "</three:Configurations></three:Profiles>" for profile in self.profiles)  # fmt: skip
        return f"<three:GetProfilesResponse>{listed}</three:GetProfilesResponse>"

    def stream(self, token):
        assert token in [profile["token"] for profile in self.profiles], token
        path = re.sub(r"\W+", "_", token)
        return escaped(f"rtsp://admin:hidden@{self.stream_host or self.host}:8554/{path}?a=1&b=2")

    def say_GetStreamUri(self, element):
        if element.tag.startswith("{" + MEDIA2):
            return f"<three:GetStreamUriResponse><three:Uri>{self.stream(element.findtext(f'{{{MEDIA2}}}ProfileToken'))}</three:Uri></three:GetStreamUriResponse>"
        uri = self.stream(element.findtext(f"{{{MEDIA}}}ProfileToken"))
        return (f"<two:GetStreamUriResponse><two:MediaUri><kind:Uri>{uri}</kind:Uri><kind:InvalidAfterConnect>false</kind:InvalidAfterConnect>"
                "<kind:InvalidAfterReboot>false</kind:InvalidAfterReboot><kind:Timeout>PT0S</kind:Timeout></two:MediaUri></two:GetStreamUriResponse>")

    def say_GetVideoSources(self, _):
        return ('<two:GetVideoSourcesResponse><two:VideoSources token="lens"><kind:Framerate>25</kind:Framerate><kind:Resolution><kind:Width>2560</kind:Width>'
                "<kind:Height>1440</kind:Height></kind:Resolution></two:VideoSources></two:GetVideoSourcesResponse>")
