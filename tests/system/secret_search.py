# SPDX-License-Identifier: Apache-2.0
"""One search for a secret in whatever spelling: as it is, percent-encoded, in JSON, in base64, in hex."""

import base64
import json
import urllib.parse

SHORTEST = 8  # a form that is shorter would be found by chance


def base64_forms(secret):
    """What base64 makes of it at each of the three places that it can begin in a longer text."""
    for shift, lead in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(bytes(shift) + secret).rstrip(b"=")
        whole = encoded[lead:] if (shift + len(secret)) % 3 == 0 else encoded[lead:-1]
        yield f"base64 at {shift}", whole
        yield f"base64url at {shift}", whole.translate(bytes.maketrans(b"+/", b"-_"))


def forms(secret):
    """{name: bytes} of each spelling."""
    spelt = {"as it is": secret, "hex": secret.hex().encode(), "HEX": secret.hex().upper().encode()}
    spelt["percent-encoded"] = urllib.parse.quote_from_bytes(secret, safe="").encode()
    spelt["percent-encoded path"] = urllib.parse.quote_from_bytes(secret, safe="/:@+=").encode()
    spelt["form-encoded"] = urllib.parse.quote_plus(secret, safe="").encode()
    try:
        spelt["JSON"] = json.dumps(secret.decode())[1:-1].encode()
    except UnicodeDecodeError:
        pass
    spelt.update(base64_forms(secret))
    return {name: form for name, form in spelt.items() if len(form) >= SHORTEST}


def found(content, secret):
    """The names of the spellings in which the secret stands in these bytes."""
    return [name for name, form in forms(secret).items() if form in content]
