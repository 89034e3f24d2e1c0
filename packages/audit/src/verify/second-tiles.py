"""Second reader of C2SP tlog-tiles and tlog-proof, from the specifications and docs/FORMATS.md alone: JSON. After what and where: the keys that are trusted."""
import base64
import hashlib
import json
import os
import struct
import sys

from second import leaf as event_leaf
from second import root
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
    """RFC 6962, section 2.1.1, read backwards: which half a leaf is in says on which side its sibling is."""
    if size == 1:
        assert not path
        return leaf
    half = 1
    while half * 2 < size:
        half *= 2
    if index < half:
        return node(above(leaf, index, half, path[:-1]), path[-1])
    return node(path[-1], above(leaf, index - half, size - half, path[:-1]))


def parts(text, keys):
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    assert lines.pop(0) == "c2sp.org/tlog-proof@v1"
    extra = json.loads(base64.b64decode(lines.pop(0)[6:])) if lines[0].startswith("extra ") else None
    return extra, int(lines.pop(0)[6:]), [base64.b64decode(line) for line in lines], checkpoint(note, keys)


def proof(text, keys):
    extra, index, path, (origin, size, signed, by) = parts(text, keys)
    event = extra["event"]
    inside = above(event_leaf(event), index, size, path) == signed
    _, at, head_path, (top, top_size, top_root, top_by) = parts(extra["head"], keys)
    tag = hashlib.sha256(b"\x02" + base64.b64decode(extra["seed"]) + b"\x01" + event["tenant"].encode("utf-8")).digest()
    head = hashlib.sha256(b"\x00\x01\x03" + tag + struct.pack(">Q", size) + signed).digest()
    vouched = above(head, at, top_size, head_path) == top_root
    return {"origin": origin, "index": index, "event": inside, "head": vouched, "top": top, "signatures": [by, top_by]}


if __name__ == "__main__":
    what, path, *arguments = sys.argv[1:]
    logs, _ = keys_of(arguments)
    if what == "tiles":
        print(json.dumps(tiles(path, logs)))
    else:
        with open(path, encoding="utf-8") as file:
            print(json.dumps(proof(file.read(), logs)))
