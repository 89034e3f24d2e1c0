"""Second reader of what a bundle and a proof may say, from docs/FORMATS.md alone: a value has one form, and no member that the format does not name."""
import base64
import binascii
import json
import re

LONG = re.compile("(0|-?[1-9][0-9]{0,18})")
NUMBERS = ("xid", "id", "at_us")
TEXTS = ("tenant", "role", "purpose", "verb", "relation")
MAYBE = ("branch", "session", "request")
ABOUT = ("record", "subject", "detail")
EVENT = {"version", "groups", "n", "actor", *NUMBERS, *TEXTS, *MAYBE, *ABOUT}


class Damaged(Exception):
    """What is given says nothing that could be verified."""


class Unknown(Exception):
    """It is of a version that this reader does not know."""


def no_number(text):
    raise ValueError(text)


def value_of(data):
    """The value of JSON in UTF-8, whole numbers only; damaged where it is in another form than the one that is written."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text, parse_float=no_number, parse_constant=no_number)
        # In UTF-8 half of a character has no bytes.
        same = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8") == data
    except (ValueError, RecursionError):
        raise Damaged()
    if not same:
        raise Damaged()
    return value


def bytes_of(text):
    """What base64 says in its one form; None where it is none."""
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (ValueError, binascii.Error):
        return None
    return data if data is not None and base64.b64encode(data).decode() == text else None


def is_32(text):
    data = bytes_of(text)
    return data is not None and len(data) == 32


def is_whole(value, least, beyond):
    return type(value) is int and least <= value < beyond


def is_long(value):
    return isinstance(value, str) and LONG.fullmatch(value) is not None and -(2**63) <= int(value) < 2**63


def is_hidden(field, closed):
    if not isinstance(field, dict):
        return False
    if closed:
        return set(field) == {"commitment"} and is_32(field["commitment"])
    return set(field) == {"salt", "value"} and is_32(field["salt"]) and isinstance(field["value"], (str, type(None)))


def is_known(event):
    return isinstance(event, dict) and is_whole(event.get("version"), 1, 2)


def is_event(event, erased):
    """Opened as a whole, or of an erased person with commitments of record, subject and detail."""
    return (
        set(event) == EVENT
        and all(is_long(event[name]) for name in NUMBERS)
        and all(isinstance(event[name], str) for name in TEXTS)
        and all(isinstance(event[name], (str, type(None))) for name in MAYBE)
        and is_hidden(event["actor"], False)
        and all(is_hidden(event[name], erased) for name in ABOUT)
        and isinstance(event["groups"], list)
        and all(isinstance(group, str) for group in event["groups"])
        and is_whole(event["n"], 0, 2**32)
    )
