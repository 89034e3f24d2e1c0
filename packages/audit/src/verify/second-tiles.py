"""Second reader of C2SP tlog-tiles and tlog-proof, from the specifications and docs/FORMATS.md alone: JSON. After what and where: the keys that are trusted."""
import base64
import hashlib
import json
import os
import re
import struct
import sys
from urllib.parse import quote

from second import leaf as event_leaf
from second import root
from second_form import Damaged, Unknown, bytes_of, is_32, is_event, is_known, is_whole, value_of
from second_note import checkpoint as checkpoint_of, keys_of, signature


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def tile(folder, level, index, width):
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = os.path.join(folder, "tile", str(level), *["x" + group for group in groups[:-1]], groups[-1])
    path += "" if width == 256 else ".p/%d" % width
    with open(path, "rb") as file:
        return file.read()


def checkpoint(text, keys):
    origin, size, signed = checkpoint_of(text)
    return origin, int(size), base64.b64decode(signed), signature(text, origin, keys)


def level_of(folder, level, count):
    hashes = []
    for index in range(-(-count // 256)):
        width = min(256, count - index * 256)
        data = tile(folder, level, index, width)
        assert len(data) == 32 * width, (level, index)
        hashes += [data[at : at + 32] for at in range(0, len(data), 32)]
    return hashes


def entries_of(folder, size):
    for index in range(-(-size // 256)):
        data = tile(folder, "entries", index, min(256, size - index * 256))
        while data:
            (length,) = struct.unpack(">H", data[:2])
            yield data[2 : 2 + length]
            data = data[2 + length :]


def tiles(folder, keys):
    with open(os.path.join(folder, "checkpoint"), encoding="utf-8") as file:
        origin, size, signed, by = checkpoint(file.read(), keys)
    leaves, levels, below = level_of(folder, 0, size), 1, None
    below = leaves
    while len(below) >= 256:
        above = level_of(folder, levels, len(below) // 256)
        assert above == [root(below[at * 256 : at * 256 + 256]) for at in range(len(below) // 256)], levels
        below, levels = above, levels + 1
    has_entries = os.path.isdir(os.path.join(folder, "tile", "entries"))
    entries = list(entries_of(folder, size)) if has_entries else []
    assert not has_entries or [hashlib.sha256(b"\x00" + entry).digest() for entry in entries] == leaves
    return {"origin": origin, "size": size, "root": root(leaves) == signed, "levels": levels, "entries": len(entries), "signature": by}


def above(leaf, index, size, path):
    """RFC 6962, section 2.1.1, read backwards: which half a leaf is in says on which side its sibling is. None where none is there."""
    if size <= 1 or not path:
        return leaf if size == 1 and not path else None
    half = 1
    while half * 2 < size:
        half *= 2
    if index < half:
        inner = above(leaf, index, half, path[:-1])
        return inner and node(inner, path[-1])
    inner = above(leaf, index - half, size - half, path[:-1])
    return inner and node(path[-1], inner)


def parts(text, keys):
    """What stands beside the proof, as text; index, hashes, and the checkpoint with who signed it."""
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    if not blank or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Damaged()
    extra = lines.pop(0)[6:] if lines and lines[0].startswith("extra ") else None
    index = re.fullmatch("index (0|[1-9][0-9]{0,14})", lines.pop(0) if lines else "")
    if index is None or not all(is_32(line) for line in lines) or checkpoint_of(note) is None:
        raise Damaged()
    return extra, int(index[1]), [bytes_of(line) for line in lines], checkpoint(note, keys)


def extra_of(encoded):
    """Event, seed and the second proof; the last two None where there are none."""
    data = bytes_of(encoded)
    extra = value_of(data) if data else None
    if not isinstance(extra, dict) or extra.get("wardkeep") != "audit-proof":
        raise Damaged()
    if not is_whole(extra.get("version"), 1, 2) or not is_known(extra.get("event")):
        raise Unknown()
    erased = extra.get("erased") is True
    own = {"wardkeep", "version", "event"} | ({"erased"} if erased else set())
    if not is_event(extra["event"], erased):
        raise Damaged()
    if set(extra) == own:
        return extra["event"], None, None
    if set(extra) != own | {"seed", "head"} or not is_32(extra["seed"]) or not isinstance(extra["head"], str):
        raise Damaged()
    return extra["event"], bytes_of(extra["seed"]), extra["head"]


def is_named(origin, top, tenant):
    """A clinic's log stands under the deployment's name, or under an older one of it."""
    if tenant == "":
        return origin == top
    own, (kind, deployment, *_) = origin.split("/"), (top + "/").split("/")[:3]
    return len(own) == 4 and own[:2] == [kind, deployment] and own[3] == quote(tenant, safe="!'()*~")


def proof(text, keys):
    extra, index, path, (origin, size, signed, by) = parts(text, keys)
    event, seed, second = extra_of(extra)
    inside = index < size and above(event_leaf(event), index, size, path) == signed
    found = {"origin": origin, "index": index, "event": inside, "top": origin, "signatures": [by]}
    if second is None:
        return {**found, "head": event["tenant"] == "", "named": event["tenant"] == "" and len(origin.split("/")) == 3}
    inner, at, head_path, (top, top_size, top_root, top_by) = parts(second, keys)
    if inner is not None:
        raise Damaged()
    tag = hashlib.sha256(b"\x02" + seed + b"\x01" + event["tenant"].encode("utf-8")).digest()
    head = hashlib.sha256(b"\x00\x01\x03" + tag + struct.pack(">Q", size) + signed).digest()
    vouched = at < top_size and above(head, at, top_size, head_path) == top_root
    named = event["tenant"] != "" and len(top.split("/")) == 3 and is_named(origin, top, event["tenant"])
    return {**found, "head": vouched, "top": top, "signatures": [by, top_by], "named": named}


def proofs(texts, keys):
    """Of each text, in JSON lines, what the proof says; damaged or unknown where it cannot be read."""
    for line in texts:
        try:
            print(json.dumps(proof(json.loads(line), keys)))
        except Damaged:
            print(json.dumps({"damaged": True}))
        except Unknown:
            print(json.dumps({"unknown": True}))


if __name__ == "__main__":
    what, path, *arguments = sys.argv[1:]
    logs, _ = keys_of(arguments)
    if what == "tiles":
        print(json.dumps(tiles(path, logs)))
    elif path == "-":
        proofs(sys.stdin, logs)
    else:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            proofs([json.dumps(file.read())], logs)
