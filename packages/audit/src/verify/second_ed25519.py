"""Ed25519 signatures, verified as RFC 8032 says in section 5.1, with Python's integers: slow, and of nothing that is secret."""
import base64
import hashlib
import json
import sys

# Section 5.1: the field, the order of the base point, and d of the curve -x^2 + y^2 = 1 + d x^2 y^2.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
NEUTRAL = (0, 1, 1, 0)


def added(one, other):
    """Section 5.1.4, of any two points, the same one twice too: X, Y, Z, T with x = X/Z, y = Y/Z, x y = T/Z."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, other
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = t1 * t2 % P * 2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def decoded(data):
    """Section 5.1.3: y, and as the highest bit whether x is odd; None where no point, or none as it is to be written."""
    odd, y = divmod(int.from_bytes(data, "little"), 2**255)
    if len(data) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and odd):
        return None
    x = x if x % 2 == odd else P - x
    return x, y, 1, x * y % P


# The base point of section 5.1 as section 5.1.2 writes it.
BASE = decoded(bytes.fromhex("58" + "66" * 31))


def combined(s, one, k, other):
    """s times one point and k times another, both from the highest bit on."""
    steps, total = {(1, 0): one, (0, 1): other, (1, 1): added(one, other)}, NEUTRAL
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        total = added(added(total, total), steps.get((s >> bit & 1, k >> bit & 1), NEUTRAL))
    return total


def verified(public, message, signature):
    """Section 5.1.7, without the factor 8 that it leaves open: R = S B - k A."""
    a, r, s = decoded(public), decoded(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    x, y, z, _ = combined(s, BASE, k, (P - a[0], a[1], 1, P - a[3]))
    return (x - r[0] * z) % P == 0 and (y - r[1] * z) % P == 0


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(verified(*(base64.b64decode(each) for each in json.loads(line)))))
