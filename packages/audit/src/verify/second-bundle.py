"""Second reader of bundles, from docs/FORMATS.md alone: of each that it is given, a line of JSON. Its arguments are the keys that are trusted."""
import base64
import hashlib
import json
import re
import struct
import sys
from datetime import datetime, timedelta
from urllib.parse import quote

from second import leaf as event_leaf
from second import root
from second_note import checkpoint, keys_of, parts, said_of as said_of_note, signature

DAY = 86_400_000_000
TEN_MINUTES = 600_000_000
OUTLIVING = ("retention", "rotation", "incarnation")
BEGINNING, END = float("-inf"), float("inf")
LONG = re.compile("(0|-?[1-9][0-9]{0,18})")
BYTES32 = re.compile("[A-Za-z0-9+/]{43}=")


class Damaged(Exception):
    """A line of a bundle that says nothing which could be hashed."""


def value_of(number, line):
    """A line's value; damaged where a text has half of a character, or bytes that are none."""
    try:
        value = json.loads(line.decode("utf-8"))
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise Damaged(number)
    return value


def matches(pattern, value):
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def is_hidden(field):
    """Closed or open, and not both."""
    if not isinstance(field, dict):
        return False
    if "commitment" in field:
        return "value" not in field and matches(BYTES32, field["commitment"])
    return matches(BYTES32, field.get("salt")) and "value" in field and isinstance(field["value"], (str, type(None)))


def is_event(event):
    """Commitments and salts have 32 bytes, numbers no zeros before them; what is not so is damaged."""
    numbers = all(matches(LONG, event.get(name)) and -(2**63) <= int(event[name]) < 2**63 for name in ("xid", "id", "at_us"))
    texts = all(isinstance(event.get(name), str) for name in ("tenant", "role", "purpose", "verb", "relation"))
    maybe = all(name in event and isinstance(event[name], (str, type(None))) for name in ("branch", "session", "request"))
    groups = isinstance(event.get("groups"), list) and all(isinstance(group, str) for group in event["groups"])
    count = type(event.get("n")) is int and 0 <= event["n"] < 2**32
    return numbers and texts and maybe and groups and count and all(is_hidden(event.get(name)) for name in ("actor", "record", "subject", "detail"))


def microseconds(year, month):
    return (datetime(year, month, 1) - datetime(1970, 1, 1)) // timedelta(microseconds=1)


def span(month):
    year, number = int(month[:4]), int(month[5:])
    return microseconds(year, number), microseconds(year + number // 12, number % 12 + 1)


def seal_times(log, deployment):
    """For each leaf of a log: when the batch was made that sealed it, and the one before that one."""
    batches, heads = [(BEGINNING, BEGINNING)], []
    tag = hashlib.sha256(b"\x02" + base64.b64decode(log["seed"]) + b"\x01" + log["tenant"].encode("utf-8")).digest()
    for index, line in enumerate(deployment["leaves"]):
        entry = base64.b64decode(line.get("entry", ""))
        if entry[:2] == b"\x01\x02":
            batches.append((batches[-1][1], struct.unpack(">q", entry[10:18])[0]))
            if log is deployment:
                heads.append((index, batches[-1]))
        elif entry[:2] == b"\x01\x03" and entry[2:34] == tag:
            heads.append((struct.unpack(">Q", entry[34:42])[0], batches[-1]))
    return lambda leaf: next((times for size, times in heads if size > leaf), None)


def around(leaves, first, last):
    """The times of the nearest events that are shown before and after the leaves without an event among which these are."""
    times = [int(line["event"]["at_us"]) if "event" in line else None for line in leaves]
    before = next((times[n] for n in range(first - 1, -1, -1) if times[n] is not None), BEGINNING)
    after = next((times[n] for n in range(last + 1, len(times)) if times[n] is not None), END)
    return before, after


def in_its_time(leaves, month, ranges, sealed_in):
    start, end = span(month)
    for first, last in ranges:
        earliest, latest = sealed_in(first), sealed_in(last)
        if earliest is None or latest is None or start - TEN_MINUTES > earliest[1] or end + DAY < latest[0]:
            return False
        nearest = around(leaves, first, last)
        if start - DAY > max(nearest) or end + DAY < min(nearest):
            return False
    return True


def shown_before(leaves, act, month):
    start, end = span(month)
    events = (line["event"] for line in leaves[:act] if "event" in line)
    return any(start <= int(e["at_us"]) < end for e in events if e["verb"] not in OUTLIVING)


def dropped(leaves, sealed_in):
    """How many leaves without an event the sealed acts explain: all that an act names are gone, before it, and in its month."""
    gone = {index for index, line in enumerate(leaves) if line.get("gone")}
    explained = set()
    for index, line in enumerate(leaves):
        event = line.get("event")
        if event is None or (event["verb"], event["role"], event["relation"]) != ("retention", "owner", "wardkeep_audit.event"):
            continue
        if base64.b64encode(event_leaf(event)).decode() != line["hash"]:
            continue
        act = json.loads(event["detail"]["value"])
        ranges = act.get("leaves", [])
        named = {n for first, last in ranges for n in range(first, last + 1)}
        in_order = all(one[1] < other[0] for one, other in zip(ranges, ranges[1:]))
        if act["phase"] != "begun" or not in_order or not named <= gone or len(named) != event["n"] or max(named) >= index:
            continue
        if named & explained or shown_before(leaves, index, act["month"]):
            continue
        if in_its_time(leaves, act["month"], ranges, sealed_in):
            explained |= named
    return len(explained), len(gone - explained)


def text(entry, at):
    length = struct.unpack(">I", entry[at : at + 4])[0]
    if length == 0xFFFFFFFF:
        return None, at + 4
    return entry[at + 4 : at + 4 + length].decode("utf-8"), at + 4 + length


def batches_of(leaves):
    """Where each batch stands in the deployment's log, and in which database it was sealed."""
    entries = ((index, base64.b64decode(line.get("entry", ""))) for index, line in enumerate(leaves))
    return [(index, text(entry, 18)[0]) for index, entry in entries if entry[:2] == b"\x01\x02"]


def incarnations(leaves, hashes, keys):
    """Each name of the deployment's log that a note of a trusted key ends, the size until which it was used, and the name that follows."""
    found, batches = [], batches_of(leaves)
    for index, line in enumerate(leaves):
        event = line.get("event")
        if event is None or (event["verb"], event["role"], event["relation"]) != ("incarnation", "owner", "wardkeep_audit.seal_state"):
            continue
        if base64.b64encode(event_leaf(event)).decode() != line["hash"]:
            continue
        note = json.loads(event["detail"]["value"])["note"]
        if parts(note) is None or signature(note, note.split("\n")[0], keys[0]) != "valid":
            continue
        name, begins, before, after, kept, *_ = note.split("\n")
        size, signed = int(kept.split(" ")[0]), kept.split(" ")[1]
        last = [each for each in batches if each[0] < index][-1:]
        own = [each for each in batches if each[0] > index][:1]
        if [each[1] for each in last + own] != [before, after] or not last[0][0] < size <= index:
            continue
        if base64.b64encode(root(hashes[:size])).decode() != signed or (found and found[-1][2] != name):
            continue
        found.append((name, size, begins.removeprefix("incarnation ")))
    return found


def named(log, deployment, acts):
    """Whether every checkpoint stands under the name that the log had at its size."""
    tag = hashlib.sha256(b"\x02" + base64.b64decode(log["seed"]) + b"\x01" + log["tenant"].encode("utf-8")).digest()
    entries = [base64.b64decode(line.get("entry", "")) for line in deployment["leaves"]]
    newest = deployment["checkpoints"][-1][0] if deployment["checkpoints"] else ""

    def until(size):
        heads = [entry for entry in entries[:size] if entry[:2] == b"\x01\x03" and entry[2:34] == tag]
        return size if log is deployment else max((struct.unpack(">Q", head[34:42])[0] for head in heads), default=0)

    ends = [(until(size), name) for name, size, _ in acts] + [(END, acts[-1][2] if acts else newest)]
    suffix = "" if log is deployment else "/" + quote(log["tenant"], safe="!'()*~")
    return all(origin == next(name for end, name in ends if int(size) <= end) + suffix for origin, size, _ in log["checkpoints"])


def kept_back(log):
    """The first leaf of the deployment's log of which the hash alone is shown, though it cannot be an event; None where there is none."""
    batches, sizes = [(BEGINNING, 0)], sorted(int(size) for _, size, _ in log["checkpoints"])
    for index, line in enumerate(log["leaves"]):
        entry = base64.b64decode(line.get("entry", ""))
        if entry[:2] == b"\x01\x02":
            batches.append((index, struct.unpack(">Q", entry[2:10])[0]))
    for index, line in enumerate(log["leaves"]):
        if any(name in line for name in ("entry", "event", "gone")):
            continue
        at, number = [batch for batch in batches if batch[0] < index][-1]
        after = [batch for batch in batches if batch[0] > index][:1]
        signed = next((size for size in sizes if size > at), END) if number > 0 else BEGINNING
        if index < signed or not after or after[0][1] != number + 1:
            return index
    return None


def vouched(log, deployment, hashes):
    """Whether the deployment's log holds a tree head of each checkpoint, under the tag of this seed, and no other."""
    if log is deployment:
        return True
    tag = hashlib.sha256(b"\x02" + base64.b64decode(log["seed"]) + b"\x01" + log["tenant"].encode("utf-8")).digest()
    entries = [base64.b64decode(line.get("entry", "")) for line in deployment["leaves"]]
    heads = {struct.unpack(">Q", entry[34:42])[0]: entry[42:] for entry in entries if entry[:2] == b"\x01\x03" and entry[2:34] == tag}
    held = all(size <= len(hashes) and root(hashes[:size]) == head for size, head in heads.items())
    return len(heads) > 0 and held and all(int(size) in heads for _, size, _ in log["checkpoints"])


def whole(log):
    """Whether the leaves are counted from 0 and end where the newest checkpoint does, each with a hash of 32 bytes."""
    newest = max((int(size) for _, size, _ in log["checkpoints"]), default=0)
    counted = [line["leaf"] for line in log["leaves"]] == list(range(newest))
    return counted and all(len(base64.b64decode(line["hash"])) == 32 for line in log["leaves"])


def edited(line):
    if "event" in line:
        return base64.b64encode(event_leaf(line["event"])).decode() != line["hash"]
    if "entry" in line:
        entry = base64.b64decode(line["entry"])
        return base64.b64encode(hashlib.sha256(b"\x00" + entry).digest()).decode() != line["hash"]
    return False


def read(data):
    lines = data.split(b"\n")
    header, logs = value_of(1, lines[0]), []
    for number, line in enumerate(lines[1:-2], 2):
        line = value_of(number, line)
        event = line.get("event")
        if event is not None and not line.get("gone") and event.get("version") == 1 and not is_event(event):
            raise Damaged(number)
        if "seed" in line:
            logs.append({"tenant": line["tenant"], "seed": line["seed"], "notes": [], "checkpoints": [], "leaves": []})
        elif "checkpoint" in line:
            logs[-1]["notes"].append(line["checkpoint"])
            logs[-1]["checkpoints"] += filter(None, [checkpoint(line["checkpoint"])])
        else:
            logs[-1]["leaves"].append(line)
    end = hashlib.sha256(data[: data.rindex(b"\n", 0, -1) + 1]).hexdigest()
    assert json.loads(lines[-2])["end"] == end and [log["tenant"] for log in logs] == header["tenants"]
    return logs


def summary(log, deployment, keys):
    hashes = [base64.b64decode(line["hash"]) for line in log["leaves"]]
    roots = all(base64.b64encode(root(hashes[: int(size)])).decode() == signed for _, size, signed in log["checkpoints"])
    explained, deleted = dropped(log["leaves"], seal_times(log, deployment))
    acts = incarnations(deployment["leaves"], [base64.b64decode(line["hash"]) for line in deployment["leaves"]], keys)
    said = [said_of_note(note, None, keys) for note in log["notes"]]
    return {
        "size": len(hashes),
        "roots": roots,
        "edited": sum(edited(line) for line in log["leaves"]),
        "dropped": explained,
        "deleted": deleted,
        "rebased": len(acts) if log is deployment else 0,
        "named": named(log, deployment, acts),
        "kept_back": kept_back(log) if log is deployment else None,
        "vouched": vouched(log, deployment, hashes),
        "whole": whole(log),
        "signatures": [note["signature"] for note in said],
        "cosigned": [note["cosigned"] for note in said],
    }


def said_of(data, keys):
    try:
        logs = read(data)
        return [summary(log, logs[0], keys) for log in logs]
    except Damaged as damaged:
        return {"damaged": damaged.args[0]}


for bundle in re.findall(rb'(?s).*?\n{"end":[^\n]*\n', sys.stdin.buffer.read()):
    print(json.dumps(said_of(bundle, keys_of(sys.argv[1:]))))
