"""Second reader of bundles, from docs/FORMATS.md alone: of each that it is given, a line of JSON. Its arguments are the keys that are trusted.

It is given one bundle, or several, each after a line with how many bytes it has."""
import base64
import hashlib
import json
import re
import sys
from datetime import datetime, timedelta
from urllib.parse import quote

from second import leaf as event_leaf
from second import root
from second_form import Damaged, Unknown, is_whole
from second_lines import LATEST, Lines, logs_of
from second_note import keys_of, parts, said_of as said_of_note, signature

DAY = 86_400_000_000
TEN_MINUTES = 600_000_000
OUTLIVING = ("retention", "rotation", "incarnation")
BEGINNING, END = float("-inf"), float("inf")
MONTH = re.compile("[0-9]{4}-[0-9]{2}")
HEAD = "(0|[1-9][0-9]{0,14}) ([A-Za-z0-9+/]{43}=)"
INCARNATION = re.compile("([^\\n]+)\\nincarnation ([^\\n]+)\\n([^\\n]*)\\n([^\\n]+)\\n" + HEAD + "\\n(?:-|" + HEAD + ")\\n")


def microseconds(year, month):
    return (datetime(year, month, 1) - datetime(1970, 1, 1)) // timedelta(microseconds=1)


def span(month):
    """From and to of a month; a day that has none where no calendar has it."""
    year, number = int(month[:4]), int(month[5:])
    if not (0 < year < 9999 and 0 < number < 13):
        return END, BEGINNING
    return microseconds(year, number), microseconds(year + number // 12, number % 12 + 1)


def tag_of(log):
    return hashlib.sha256(b"\x02" + log["seed"] + b"\x01" + log["tenant"].encode("utf-8")).digest()


def heads_of(log, leaves):
    """Where the deployment's log holds a tree head of this log, its size and its root."""
    entries = [(index, line["entry"]) for index, line in enumerate(leaves) if "entry" in line]
    return [(index, entry[1], entry[3]) for index, entry in entries if entry[0] == "head" and entry[2] == tag_of(log)]


def batches_of(leaves):
    """Where each batch stands in the deployment's log, its number, when and in which database it was sealed."""
    return [(index, *line["entry"][1:]) for index, line in enumerate(leaves) if "entry" in line and line["entry"][0] == "batch"]


def act_of(line, verb, relation):
    """What the owner sealed about the log itself; None where it is no such act, or not the one that was sealed."""
    event = line.get("event")
    if event is None or (event["verb"], event["role"], event["relation"]) != (verb, "owner", relation):
        return None
    if event_leaf(event) != line["hash"] or event["actor"]["value"] is None or abs(int(event["at_us"])) >= LATEST + 1000:
        return None
    try:
        act = json.loads(event["detail"].get("value") or "{}")
    except (ValueError, RecursionError):
        return None
    return act if isinstance(act, dict) else None


def seal_times(log, deployment):
    """For each leaf of a log: when the batch was made that sealed it, and the one before that one."""
    batches, heads = [(BEGINNING, BEGINNING)], []
    tag = tag_of(log)
    for index, line in enumerate(deployment["leaves"]):
        entry = line.get("entry", ("",))
        if entry[0] == "batch":
            batches.append((batches[-1][1], entry[2]))
            if log is deployment:
                heads.append((index, batches[-1]))
        elif entry[0] == "head" and entry[2] == tag and log is not deployment:
            heads.append((entry[1], batches[-1]))
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


def ranges_of(act, event):
    """The leaves that an act says were dropped, from and to; None where it does not say so in its own form."""
    ranges, month = act.get("leaves"), act.get("month")
    if act.get("phase") != "begun" or not isinstance(month, str) or MONTH.fullmatch(month) is None or not isinstance(ranges, list):
        return None
    if not all(isinstance(each, list) and len(each) == 2 and all(is_whole(n, 0, 2**53) for n in each) for each in ranges):
        return None
    in_order = all(first <= last for first, last in ranges) and all(one[1] < other[0] for one, other in zip(ranges, ranges[1:]))
    counted = sum(last - first + 1 for first, last in ranges)
    return ranges if in_order and counted == event["n"] else None


def dropped(leaves, sealed_in):
    """How many leaves without an event the sealed acts explain: all that an act names are gone, before it, and in its month."""
    gone = {index for index, line in enumerate(leaves) if line.get("gone")}
    explained = set()
    for index, line in enumerate(leaves):
        act = act_of(line, "retention", "wardkeep_audit.event")
        ranges = act and ranges_of(act, line["event"])
        if not ranges or ranges[-1][1] >= index:
            continue
        named = {n for first, last in ranges for n in range(first, last + 1)}
        if not named <= gone or named & explained or shown_before(leaves, index, act["month"]):
            continue
        if in_its_time(leaves, act["month"], ranges, sealed_in):
            explained |= named
    return len(explained), len(gone - explained)


def incarnations(leaves, hashes, keys, sizes):
    """Each name of the deployment's log that a note of a trusted key ends, the size until which it was used, and the name that follows; `sizes` are those of the log's checkpoints."""
    found, batches = [], batches_of(leaves)
    for index, line in enumerate(leaves):
        act = act_of(line, "incarnation", "wardkeep_audit.seal_state")
        note = act and act.get("note")
        read = parts(note) if isinstance(note, str) else None
        said = read and INCARNATION.fullmatch(read[0].decode("utf-8"))
        if not said or signature(note, said[1], keys[0]) != "valid":
            continue
        name, begins, before, after, size, signed = said[1], said[2], said[3], said[4], int(said[5]), said[6]
        last = [each for each in batches if each[0] < index][-1:]
        own = [each for each in batches if each[0] > index][:1]
        if [each[3] for each in last + own] != [before, after] or not last[0][0] < size <= index:
            continue
        # What was kept of the other incarnation ends in a checkpoint of its own, which stands here too.
        if size not in sizes or base64.b64encode(root(hashes[:size])).decode() != signed or (found and found[-1][2] != name):
            continue
        found.append((name, size, begins))
    return found


def named(log, deployment, acts):
    """Whether every checkpoint stands under the name that the log had at its size, and the first line under the newest one."""
    newest = deployment["checkpoints"][-1][0] if deployment["checkpoints"] else None

    def until(size):
        heads = [head for index, head, _ in heads_of(log, deployment["leaves"][:size])]
        return size if log is deployment else max(heads, default=0)

    ends = [(until(size), name) for name, size, _ in acts] + [(END, acts[-1][2] if acts else newest)]
    suffix = "" if log is deployment else "/" + quote(log["tenant"], safe="!'()*~")
    own = all(origin == next(str(name) for end, name in ends if int(size) <= end) + suffix for origin, size, _ in log["checkpoints"])
    return own and deployment["log"] == newest


def kept_back(log):
    """The first leaf of the deployment's log of which the hash alone is shown, though it cannot be an event; None where there is none."""
    sizes = sorted(int(size) for _, size, _ in log["checkpoints"])
    batches = [(BEGINNING, 0)] + [batch[:2] for batch in batches_of(log["leaves"])]
    for index, line in enumerate(log["leaves"]):
        if any(name in line for name in ("entry", "event", "gone", "unknown")):
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
    heads = {size: head for _, size, head in heads_of(log, deployment["leaves"])}
    held = all(size <= len(hashes) and root(hashes[:size]) == head for size, head in heads.items())
    return len(heads) > 0 and held and all(int(size) in heads for _, size, _ in log["checkpoints"])


def whole(log):
    """Whether the leaves are counted from 0 and end where the newest checkpoint does, each with a hash of 32 bytes."""
    newest = max((int(size) for _, size, _ in log["checkpoints"]), default=0)
    counted = len(log["leaves"]) == newest and all(line["leaf"] == index for index, line in enumerate(log["leaves"]))
    return counted and all(len(line["hash"]) == 32 for line in log["leaves"])


def edited(line):
    return event_leaf(line["event"]) != line["hash"] if "event" in line else line.get("edited", False)


def summary(log, deployment, keys):
    hashes = [line["hash"] for line in log["leaves"]]
    roots = all(base64.b64encode(root(hashes[: int(size)])).decode() == signed for _, size, signed in log["checkpoints"])
    explained, deleted = dropped(log["leaves"], seal_times(log, deployment))
    acts = incarnations(
        deployment["leaves"], [line["hash"] for line in deployment["leaves"]], keys, {int(size) for _, size, _ in deployment["checkpoints"]}
    )
    said = [said_of_note(note, None, keys) for note in log["notes"]]
    return {
        "size": len(hashes),
        "roots": roots,
        "edited": sum(edited(line) for line in log["leaves"]),
        "unknown": sum(line.get("unknown", False) for line in log["leaves"]),
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
    lines = Lines(data)
    try:
        logs = logs_of(lines)
    except Damaged:
        return {"damaged": lines.number}
    except Unknown:
        return {"unknown": lines.number}
    return [summary(log, logs[0], keys) for log in logs]


def bundles_in(data):
    if not re.match(rb"[0-9]+\n", data):
        return [data]
    found, at = [], 0
    while at < len(data):
        begin = data.index(b"\n", at) + 1
        at = begin + int(data[at : begin - 1])
        found.append(data[begin:at])
    return found


for bundle in bundles_in(sys.stdin.buffer.read()):
    print(json.dumps(said_of(bundle, keys_of(sys.argv[1:]))))
