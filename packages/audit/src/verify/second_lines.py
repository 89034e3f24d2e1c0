"""Second reader of a bundle's lines, from docs/FORMATS.md alone."""
import hashlib
import re
import struct
from datetime import datetime

from second_form import Damaged, Unknown, bytes_of, is_32, is_event, is_known, is_whole, value_of
from second_note import checkpoint

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
# What a calendar of JavaScript has, in microseconds.
LATEST = 8_640_000_000_000_000_000


class Lines:
    def __init__(self, data):
        self.data, self.begin, self.next, self.number = data, 0, 0, 0

    def read(self):
        """The members of the next line; none where it is no object."""
        self.begin = self.next
        end = self.data.find(b"\n", self.begin)
        if end < 0:
            raise Damaged()
        self.next, self.number = end + 1, self.number + 1
        value = value_of(self.data[self.begin : end])
        return value if isinstance(value, dict) else {}


def is_time(text):
    if not isinstance(text, str) or TIME.fullmatch(text) is None:
        return False
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        return False
    # A second more than a minute has is one that strptime takes.
    return text[17:19] < "60"


def header_of(line):
    if line.get("wardkeep") != "audit-bundle":
        raise Damaged()
    if not is_whole(line.get("version"), 1, 2):
        raise Unknown()
    tenants = line.get("tenants")
    if set(line) != {"wardkeep", "version", "log", "made", "tenants"} or not isinstance(line["log"], str) or not is_time(line["made"]):
        raise Damaged()
    if not isinstance(tenants, list) or tenants[:1] != [""] or not all(isinstance(tenant, str) for tenant in tenants):
        raise Damaged()
    if len(set(tenants)) != len(tenants):
        raise Damaged()
    return line


def entry_of(data):
    """A batch as ("batch", number, time, incarnation), a tree head as ("head", size, tag, root); None for what is neither."""
    if data[:2] == b"\x01\x03" and len(data) == 74:
        return "head", struct.unpack(">Q", data[34:42])[0], data[2:34], data[42:]
    if data[:2] != b"\x01\x02" or len(data) < 18:
        return None
    number, time = struct.unpack(">QQ", data[2:18])
    at, texts = 18, []
    for skipped in (0, 0, 4, 0):
        (length,) = struct.unpack(">I", data[at : at + 4]) if len(data) >= at + 4 else (len(data),)
        length = 0 if length == 0xFFFFFFFF else length
        texts.append(data[at + 4 : at + 4 + length].decode("utf-8", "replace"))
        at += 4 + length + skipped
    return ("batch", number, time, texts[0]) if at == len(data) and time <= LATEST else None


def leaf_of(line, tenant):
    """A leaf's line with its bytes read: `entry` as what it says, `unknown` where it says what this reader does not know."""
    members = set(line) - {"leaf", "hash"}
    found = {"leaf": line["leaf"], "hash": bytes_of(line.get("hash"))}
    if not is_whole(line["leaf"], -(2**53) + 1, 2**53) or found["hash"] is None:
        raise Damaged()
    if not members:
        return found
    if members == {"gone"} and line["gone"] is True:
        return {**found, "gone": True}
    if members == {"entry"} and bytes_of(line["entry"]) is not None:
        data = bytes_of(line["entry"])
        entry = entry_of(data) if tenant == "" else None
        said = {"unknown": True} if entry is None else {"entry": entry}
        return {**found, **said, "edited": hashlib.sha256(b"\x00" + data).digest() != found["hash"]}
    erased = line.get("erased") is True
    if members != ({"event", "erased"} if erased else {"event"}) or not isinstance(line["event"], (dict, list)):
        raise Damaged()
    if not is_known(line["event"]):
        return {**found, "unknown": True}
    if not is_event(line["event"], erased):
        raise Damaged()
    return {**found, "event": line["event"]}


def logs_of(lines):
    """Each log of a bundle as it is shown; the name that the first line gives stands in the first one."""
    header, logs = header_of(lines.read()), []
    line = lines.read()
    for tenant in header["tenants"]:
        if set(line) != {"tenant", "seed"} or line["tenant"] != tenant or not is_32(line["seed"]):
            raise Damaged()
        log = {"tenant": tenant, "seed": bytes_of(line["seed"]), "notes": [], "checkpoints": [], "leaves": []}
        logs.append(log)
        line = lines.read()
        while "checkpoint" in line:
            if set(line) != {"checkpoint"} or not isinstance(line["checkpoint"], str):
                raise Damaged()
            log["notes"].append(line["checkpoint"])
            log["checkpoints"] += filter(None, [checkpoint(line["checkpoint"])])
            line = lines.read()
        while "leaf" in line:
            log["leaves"].append(leaf_of(line, tenant))
            line = lines.read()
    end = hashlib.sha256(lines.data[: lines.begin]).hexdigest()
    if set(line) != {"end"} or line["end"] != end or lines.next != len(lines.data):
        raise Damaged()
    logs[0]["log"] = header["log"]
    return logs
