#!/usr/bin/env python3
"""Test vectors of ratls/1, from fixed inputs and from doc/BINDING.md alone.

vectors.py                prints them as they stand in the document
vectors.py --lines        one "name hex" a line, for programs
vectors.py --check FILE   fails unless FILE holds exactly these
vectors.py --write FILE   puts them there
"""

import hashlib
import hmac
import sys
import textwrap

BEGIN = "<!-- vectors: written by test/peer/vectors.py -->"
END = "<!-- end of vectors -->"

HELLO, CHALLENGE, ANSWER, VERDICT, DATA, CLOSE = range(1, 7)
MALFORMED, UNSUPPORTED, LIMIT, ORDER = 1, 2, 9, 11


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value


def head(major, value):
    """The shortest head [RFC 8949 4.2.1]."""
    if value < 24:
        return bytes([major << 5 | value])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * size:
            return bytes([major << 5 | code]) + value.to_bytes(size, "big")
    raise ValueError(value)


def cbor(item):
    """Maps are written in the order in which they are given."""
    if isinstance(item, int):
        return head(0, item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    if isinstance(item, list):
        return head(4, len(item)) + b"".join(map(cbor, item))
    if isinstance(item, dict):
        return head(5, len(item)) + b"".join(cbor(k) + cbor(v) for k, v in item.items())
    if isinstance(item, Tag):
        return head(6, item.number) + cbor(item.value)
    raise TypeError(item)


def frame(kind, payload):
    return bytes([kind]) + len(payload).to_bytes(3, "big") + payload


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def expand_label(secret, label, context, length=32, suite="sha256"):
    """HKDF-Expand-Label of TLS 1.3, for at most one block [RFC 8446 7.1]."""
    label = b"tls13 " + label
    info = (
        length.to_bytes(2, "big")
        + bytes([len(label)])
        + label
        + bytes([len(context)])
        + context
    )
    return hmac.new(secret, info + b"\x01", suite).digest()[:length]


def tls_exporter(exporter_master_secret, suite="sha256"):
    """RFC 9266, with the hash of the cipher suite [RFC 8446 7.5]; the context is empty."""
    empty = hashlib.new(suite).digest()
    secret = expand_label(
        exporter_master_secret, b"EXPORTER-Channel-Binding", empty, len(empty), suite
    )
    return expand_label(secret, b"exporter", empty, 32, suite)


def p256_key(point):
    """SubjectPublicKeyInfo of a point of P-256."""
    return bytes.fromhex(
        "3059301306072a8648ce3d020106082a8648ce3d030107034200" + "04" + point
    )


# The public keys of the secret keys 1 and 2, so that anybody can hold them.
SERVER_KEY = p256_key(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
CLIENT_KEY = p256_key(
    "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"
    "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1"
)
EXPORTER_MASTER_SECRET = bytes(range(0x80, 0xA0))
EXPORTER = tls_exporter(EXPORTER_MASTER_SECRET)
NONCE = {
    "client": bytes(range(0x00, 0x20)),
    "server": bytes(range(0x20, 0x40)),
    "client, later": bytes(range(0x40, 0x60)),
}


def challenge(nonce, level="session", tees=("sgx", "tdx"), formats=(60000,)):
    return {0: nonce, 1: level, 2: list(tees), 3: list(formats)}


def hello(role, framing, following, interval, asks=None):
    message = {0: 1, 1: role, 2: framing, 3: list(following), 4: interval}
    if asks is not None:
        message[5] = asks
    return message


def claims(key, nonce, role, transcript, exporter=None):
    said = {"pubkey-hash": cbor([1, sha256(key)]), "nonce": nonce, "ratls-role": role.encode()}
    if exporter is not None:
        said["ratls-exporter"] = exporter
    said["ratls-transcript"] = transcript
    return cbor(said)


def answer(quote, claims_buffer):
    return frame(ANSWER, cbor({0: cbor(Tag(60000, [quote, claims_buffer]))}))


def vectors():
    """(name, bytes) of a mutual session and of what follows, in order."""
    out = []

    def give(name, value):
        out.append((name, value))
        return value

    give("server's key, SubjectPublicKeyInfo", SERVER_KEY)
    give("client's key, SubjectPublicKeyInfo", CLIENT_KEY)
    give("exporter_master_secret of TLS 1.3, suite with SHA-256", EXPORTER_MASTER_SECRET)
    give("E, the exporter value", EXPORTER)

    first = give(
        "client: hello",
        frame(
            HELLO,
            cbor(hello("client", 1, ["h2", "http/1.1"], 60, challenge(NONCE["client"]))),
        ),
    )
    second = give(
        "server: hello",
        frame(
            HELLO,
            cbor(hello("server", 1, ["h2"], 600, challenge(NONCE["server"], tees=["tdx"]))),
        ),
    )
    opening = give("T1", sha256(b"ratls/1", first, second))
    for role, key, nonce in (
        ("server", SERVER_KEY, NONCE["client"]),
        ("client", CLIENT_KEY, NONCE["server"]),
    ):
        buffer = give(
            f"{role}: claims-buffer", claims(key, nonce, role, opening, EXPORTER)
        )
        give(f"{role}: report data of its quote", sha256(buffer) + bytes(32))
        give(f"{role}: answer", answer(f"quote of the {role}".encode(), buffer))
    give("either: verdict, accepted", frame(VERDICT, cbor({0: 0})))
    give("either: data", frame(DATA, b"hello"))

    later = give(
        "client: challenge, later",
        frame(CHALLENGE, cbor(challenge(NONCE["client, later"]))),
    )
    chained = give("T2 of the client's challenges", sha256(opening, later))
    buffer = give(
        "server: claims-buffer, later",
        claims(SERVER_KEY, NONCE["client, later"], "server", chained, EXPORTER),
    )
    give("server: answer, later", answer(b"quote of the server", buffer))
    give("either: verdict, refused by policy", frame(VERDICT, cbor({0: 7})))
    give("either: close, message out of order", frame(CLOSE, cbor({0: ORDER})))

    first = give(
        "level nonce, client: hello",
        frame(HELLO, cbor(hello("client", 0, [], 0, challenge(NONCE["client"], "nonce")))),
    )
    second = give(
        "level nonce, server: hello that asks nothing",
        frame(HELLO, cbor(hello("server", 0, [], 0))),
    )
    opening = give("level nonce, T1", sha256(b"ratls/1", first, second))
    give(
        "level nonce, server: claims-buffer",
        claims(SERVER_KEY, NONCE["client"], "server", opening),
    )
    long_secret = give(
        "exporter_master_secret of TLS 1.3, suite with SHA-384", bytes(range(0x80, 0xB0))
    )
    give("E, with that suite", tls_exporter(long_secret, "sha384"))
    return out


def refused():
    """(name, bytes, code): each the first that a server gets."""
    good = hello("client", 1, ["h2"], 60, challenge(NONCE["client"]))

    def with_(changes, challenge_changes=None):
        message = {**good, **changes}
        if challenge_changes is not None:
            message[5] = {**good[5], **challenge_changes}
        return frame(HELLO, cbor(message))

    payload = cbor(good)
    swapped = dict(sorted(good.items(), key=lambda pair: (pair[0] != 1, pair[0])))
    plain = cbor(hello("client", 1, [], 60))
    return [
        ("bytes of an application", b"GET / HTTP/1.1\r\n", MALFORMED),
        ("a frame of type 0", frame(0, b""), MALFORMED),
        ("data before the session is open", frame(DATA, b"hello"), ORDER),
        ("an answer before any question", frame(ANSWER, cbor({0: b""})), ORDER),
        ("a hello of 1,025 bytes, by its header", bytes.fromhex("01000401"), LIMIT),
        ("an empty hello", frame(HELLO, b""), MALFORMED),
        ("version 2", with_({0: 2}), UNSUPPORTED),
        ("the role of the receiver", with_({1: "server"}), MALFORMED),
        ("framing 2", with_({2: 2}), MALFORMED),
        ("nine application protocols", with_({3: ["a"] * 9}), MALFORMED),
        ("an application protocol of no byte", with_({3: [""]}), MALFORMED),
        ("an interval of 86,401 s", with_({4: 86401}), MALFORMED),
        ("a nonce of no byte", with_({}, {0: b""}), MALFORMED),
        ("a nonce of 31 bytes", with_({}, {0: bytes(31)}), MALFORMED),
        ("a nonce of 33 bytes", with_({}, {0: bytes(33)}), MALFORMED),
        ("level key", with_({}, {1: "key"}), MALFORMED),
        ("no TEE", with_({}, {2: []}), MALFORMED),
        ("no format", with_({}, {3: []}), MALFORMED),
        ("keys not in order", frame(HELLO, cbor(swapped)), MALFORMED),
        ("an unknown key", with_({6: 0}), MALFORMED),
        ("a key left out", frame(HELLO, b"\xa4" + plain[1:-3]), MALFORMED),
        ("the version in two bytes", frame(HELLO, b"\xa5\x00\x18\x01" + plain[3:]), MALFORMED),
        ("a map of indefinite length", frame(HELLO, b"\xbf" + plain[1:] + b"\xff"), MALFORMED),
        ("a byte after the map", frame(HELLO, payload + b"\x00"), MALFORMED),
    ]


def block():
    lines = [BEGIN, ""]
    for name, value in vectors():
        lines += [f"{name} ({len(value)} bytes)", ""]
        lines += ["    " + part for part in textwrap.wrap(value.hex(), 96)] + [""]
    lines += ["Refused by a server that waits for a hello, with the code of its `close`:", ""]
    for name, value, code in refused():
        lines += [f"{name}: {code}", ""]
        lines += ["    " + part for part in textwrap.wrap(value.hex(), 96)] + [""]
    return "\n".join(lines + [END])


def split(path):
    with open(path, encoding="utf-8") as file:
        before, found, rest = file.read().partition(BEGIN)
    middle, also, after = rest.partition(END)
    if not found or not also:
        sys.exit(f"error: {path} has no place for vectors: {BEGIN} … {END}")
    return before, BEGIN + middle + END, after


def main(arguments):
    if not arguments:
        print(block())
    elif arguments == ["--lines"]:
        for name, value in vectors():
            print(name.replace(" ", "_").replace(",", ""), value.hex())
    elif len(arguments) == 2 and arguments[0] == "--check":
        if split(arguments[1])[1] != block():
            sys.exit(
                f"error: the vectors in {arguments[1]} are others; run: "
                f"python3 test/peer/vectors.py --write {arguments[1]}"
            )
        print(f"{len(vectors())} vectors and {len(refused())} refusals are in {arguments[1]}")
    elif len(arguments) == 2 and arguments[0] == "--write":
        before, _, after = split(arguments[1])
        with open(arguments[1], "w", encoding="utf-8") as file:
            file.write(before + block() + after)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
