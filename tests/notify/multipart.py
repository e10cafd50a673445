# SPDX-License-Identifier: Apache-2.0
"""The parts of a multipart/form-data body (RFC 7578), byte for byte."""
import email.parser
import email.policy


def parts_of(content_type, body):
    """[{name, filename, content_type, body}]; empty for any other type."""
    if not content_type.startswith("multipart/form-data"):
        return []
    text = b"Content-Type: " + content_type.encode() + b"\r\nMIME-Version: 1.0\r\n\r\n" + body
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(text)
    found = []
    # The parser of mail may not be trusted with bytes: it names the parts, the cut is made by hand.
    boundary = b"--" + message.get_boundary().encode()
    pieces = body.split(boundary)[1:-1]
    for part, piece in zip(message.iter_parts(), pieces):
        found.append({
            "name": part.get_param("name", header="content-disposition"),
            "filename": part.get_filename() or "",
            "content_type": part.get_content_type(),
            "body": piece.split(b"\r\n\r\n", 1)[1][:-2],
        })
    return found
