"""Second reader of bundles, from docs/FORMATS.md alone and without signatures: what each log holds, as JSON on the last line."""
import base64
import hashlib
import json
import sys

from second import leaf as event_leaf
from second import root


def dropped(leaves):
    """How many leaves without an event the sealed acts explain: all that an act names are gone, and they come before it."""
    gone = {index for index, line in enumerate(leaves) if line.get("gone")}
    explained = set()
    for index, line in enumerate(leaves):
        event = line.get("event")
        if event is None or (event["verb"], event["role"]) != ("retention", "owner"):
            continue
        if base64.b64encode(event_leaf(event)).decode() != line["hash"]:
            continue
        act = json.loads(event["detail"]["value"])
        named = {n for first, last in act.get("leaves", []) for n in range(first, last + 1)}
        if act["phase"] == "begun" and named <= gone and len(named) == event["n"] and max(named) < index:
            explained |= named
    return len(explained), len(gone - explained)


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
            logs.append({"tenant": line["tenant"], "checkpoints": [], "leaves": []})
        elif "checkpoint" in line:
            logs[-1]["checkpoints"].append(line["checkpoint"].split("\n"))
        else:
            logs[-1]["leaves"].append(line)
    end = hashlib.sha256(data[: data.rindex(b"\n", 0, -1) + 1]).hexdigest()
    assert json.loads(lines[-2])["end"] == end and [log["tenant"] for log in logs] == header["tenants"]
    return logs


def summary(log):
    hashes = [base64.b64decode(line["hash"]) for line in log["leaves"]]
    roots = all(base64.b64encode(root(hashes[: int(size)])).decode() == signed for _, size, signed, *_ in log["checkpoints"])
    explained, deleted = dropped(log["leaves"])
    return {
        "size": len(hashes),
        "roots": roots,
        "edited": sum(edited(line) for line in log["leaves"]),
        "dropped": explained,
        "deleted": deleted,
    }


print(json.dumps([summary(log) for log in read(sys.stdin.buffer.read())]))
