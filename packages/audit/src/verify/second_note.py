"""Second reader of C2SP signed-note, tlog-checkpoint and tlog-cosignature, from the specifications alone: of each note, a line of JSON."""
import base64
import hashlib
import json
import re
import struct
import sys

from second_ed25519 import verified
from second_form import bytes_of

CHECKPOINT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n")
# What JavaScript takes for no white space; Python has another opinion.
NAME = r"[^\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+"
SIGNATURE = re.compile(f"— ({NAME}) ([A-Za-z0-9+/=]+)")
VKEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})")
# RFC 8410: what stands before the 32 bytes of an Ed25519 public key.
SPKI = bytes.fromhex("302a300506032b6570032100")
LOG, COSIGNER = 1, 4


def key_id(name, kind, key):
    return hashlib.sha256(name.encode("utf-8") + b"\n" + bytes([kind]) + key).digest()[:4]


def keys_of(arguments):
    """Of whom a signature counts: PEM of the log's keys, vkeys of witnesses."""
    logs, witnesses = [], []
    for argument in arguments:
        if argument.startswith("-----BEGIN PUBLIC KEY-----"):
            der = base64.b64decode("".join(argument.split("\n")[1:-2]))
            assert der[:12] == SPKI and len(der) == 44, "no Ed25519 public key"
            logs.append(der[12:])
        else:
            name, number, encoded = VKEY.fullmatch(argument).groups()
            typed = base64.b64decode(encoded)
            assert typed[0] == COSIGNER and key_id(name, COSIGNER, typed[1:]).hex() == number, "no cosigner"
            witnesses.append((name, typed[1:]))
    return logs, witnesses


def parts(note):
    """The text, and who signed it with which bytes; the last empty line stands between. None where it is no note."""
    text, _, lines = note.rpartition("\n\n")
    found = [SIGNATURE.fullmatch(line) for line in lines.split("\n")[:-1]]
    if not text or not lines.endswith("\n") or not found or None in found:
        return None
    return (text + "\n").encode("utf-8"), [(line[1], bytes_of(line[2]) or b"") for line in found]


def checkpoint(note):
    """Origin, size and root as they are written; None where it is no checkpoint."""
    read = parts(note)
    found = read and CHECKPOINT.fullmatch(read[0].decode("utf-8"))
    return list(found.groups()) if found else None


def signature(note, name, keys):
    """Whether one of these keys signed under the name: `forged` where the id is that of one, and the signature is not."""
    text, lines = parts(note)
    found = [
        verified(key, text, data[4:])
        for who, data in lines
        for key in keys
        if who == name and len(data) == 68 and data[:4] == key_id(name, LOG, key)
    ]
    return "valid" if any(found) else "forged" if found else "unknown"


def cosignatures(note, witnesses):
    """Which of these witnesses saw a checkpoint, and when, in seconds since 1970."""
    text, lines = parts(note)
    found = []
    for who, data in lines:
        if len(data) != 76:
            continue
        (seconds,) = struct.unpack(">Q", data[4:12])
        told = b"cosignature/v1\ntime %d\n" % seconds + text
        if any(who == name and data[:4] == key_id(name, COSIGNER, key) and verified(key, told, data[12:]) for name, key in witnesses):
            found.append([who, seconds])
    return found


def said_of(note, name, keys):
    """`name`: who has to have signed; None for the origin of a checkpoint."""
    logs, witnesses = keys
    name = name or (checkpoint(note) or [None])[0]
    if name is None:
        return {"signature": "none", "cosigned": []}
    return {"signature": signature(note, name, logs), "cosigned": cosignatures(note, witnesses)}


if __name__ == "__main__":
    for line in sys.stdin:
        note, name = json.loads(line)
        print(json.dumps(said_of(note, name, keys_of(sys.argv[1:]))))
