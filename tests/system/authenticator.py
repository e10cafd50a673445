# SPDX-License-Identifier: Apache-2.0
"""An authenticator of our own (RFC 6238)."""

import base64
import hashlib
import hmac
import struct


def totp(secret, at):
    """The six digits of a base32 secret at that time (seconds of the epoch)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 10 ** 6:06d}"
