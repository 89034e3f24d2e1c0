"""Second reader of bundles, from docs/FORMATS.md alone and without signatures: what each log holds, as JSON on the last line."""
import base64
import hashlib
import json
import struct
import sys
from datetime import datetime, timedelta
from urllib.parse import quote

from second import leaf as event_leaf
from second import root

DAY = 86_400_000_000
TEN_MINUTES = 600_000_000
OUTLIVING = ("retention", "rotation", "incarnation")
BEGINNING, END = float("-inf"), float("inf")


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


def incarnations(leaves, hashes):
    """Each name of the deployment's log that a note ends, the size until which it was used, and the name that follows."""
    found, batches = [], batches_of(leaves)
    for index, line in enumerate(leaves):
        event = line.get("event")
        if event is None or (event["verb"], event["role"], event["relation"]) != ("incarnation", "owner", "wardkeep_audit.seal_state"):
            continue
        if base64.b64encode(event_leaf(event)).decode() != line["hash"]:
            continue
        name, begins, before, after, kept, *_ = json.loads(event["detail"]["value"])["note"].split("\n")
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
    newest = deployment["checkpoints"][-1][0]

    def until(size):
        heads = [entry for entry in entries[:size] if entry[:2] == b"\x01\x03" and entry[2:34] == tag]
        return size if log is deployment else max((struct.unpack(">Q", head[34:42])[0] for head in heads), default=0)

    ends = [(until(size), name) for name, size, _ in acts] + [(END, acts[-1][2] if acts else newest)]
    suffix = "" if log is deployment else "/" + quote(log["tenant"], safe="!'()*~")
    return all(origin == next(name for end, name in ends if int(size) <= end) + suffix for origin, size, *_ in log["checkpoints"])


def edited(line):
    if "event" in line:
        return base64.b64encode(event_leaf(line["event"])).decode() != line["hash"]
    if "entry" in line:
        entry = base64.b64decode(line["entry"])
        return base64.b64encode(hashlib.sha256(b"\x00" + entry).digest()).decode() != line["hash"]
    return False


def read(data):
    lines = data.decode("utf-8").split("\n")
    header, logs = json.loads(lines[0]), []
    for line in (json.loads(text) for text in lines[1:-2]):
        if "seed" in line:
            logs.append({"tenant": line["tenant"], "seed": line["seed"], "checkpoints": [], "leaves": []})
        elif "checkpoint" in line:
            logs[-1]["checkpoints"].append(line["checkpoint"].split("\n"))
        else:
            logs[-1]["leaves"].append(line)
    end = hashlib.sha256(data[: data.rindex(b"\n", 0, -1) + 1]).hexdigest()
    assert json.loads(lines[-2])["end"] == end and [log["tenant"] for log in logs] == header["tenants"]
    return logs


def summary(log, deployment):
    hashes = [base64.b64decode(line["hash"]) for line in log["leaves"]]
    roots = all(base64.b64encode(root(hashes[: int(size)])).decode() == signed for _, size, signed, *_ in log["checkpoints"])
    explained, deleted = dropped(log["leaves"], seal_times(log, deployment))
    acts = incarnations(deployment["leaves"], [base64.b64decode(line["hash"]) for line in deployment["leaves"]])
    return {
        "size": len(hashes),
        "roots": roots,
        "edited": sum(edited(line) for line in log["leaves"]),
        "dropped": explained,
        "deleted": deleted,
        "rebased": len(acts) if log is deployment else 0,
        "named": named(log, deployment, acts),
    }


LOGS = read(sys.stdin.buffer.read())
print(json.dumps([summary(log, LOGS[0]) for log in LOGS]))
