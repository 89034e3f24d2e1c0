"""Second implementation of the audit log's hashes, from docs/FORMATS.md alone: reads JSON lines, prints one hash per line."""
import base64
import hashlib
import json
import struct
import sys


def text(value):
    if value is None:
        return b"\xff\xff\xff\xff"
    data = value.encode("utf-8")
    return struct.pack(">I", len(data)) + data


def commitment(field):
    closed = "commitment" in field
    given = base64.b64decode(field["commitment" if closed else "salt"])
    assert len(given) == 32 and closed != ("value" in field), "neither closed nor open"
    if closed:
        return given
    value = field["value"]
    data = b"\x00" if value is None else b"\x01" + value.encode("utf-8")
    return hashlib.sha256(b"\x02" + given + data).digest()


def leaf(e):
    entry = b"\x01\x01" + struct.pack(">QQQ", *(int(e[name]) % 2**64 for name in ("xid", "id", "at_us")))
    for name in ("tenant", "branch", "role", "purpose", "session", "request", "verb", "relation"):
        entry += text(e[name])
    entry += struct.pack(">I", len(e["groups"])) + b"".join(text(g) for g in e["groups"])
    entry += struct.pack(">I", e["n"])
    for name in ("actor", "record", "subject", "detail"):
        entry += commitment(e[name])
    return hashlib.sha256(b"\x00" + entry).digest()


def root(leaves):
    """RFC 6962, section 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()


if __name__ == "__main__":
    leaves = []
    for line in sys.stdin:
        leaves.append(leaf(json.loads(line)))
        print(leaves[-1].hex(), root(leaves).hex())
