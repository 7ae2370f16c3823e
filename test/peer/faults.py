"""Bad peers for ratls/1: each does one thing otherwise than doc/BINDING.md has it.

A fault in an answer or a challenge is in the N-th of the connection (--fault-at), all before are
good; the first challenge is the one in the hello.
"""

import os

from intel_quote import Quote
from protocol import CLIENT, FORMAT, PEER, Refused, Session
from vectors import (
    ANSWER,
    CHALLENGE,
    CLOSE,
    DATA,
    HELLO,
    VERDICT,
    Tag,
    cbor,
    challenge,
    claims,
    frame,
    sha256,
)

# What each does. The code is what a good peer refuses with.
FAULTS = {
    "no-alpn": "offers no application protocol in TLS",
    # in its answer
    "replayed-answer": "3: evidence for another connection; with --fault-at, its answer before",
    "other-exporter": "3: the exporter value of another connection",
    "no-exporter": "3: the claims of level nonce",
    "wrong-role": "3: the asker's role",
    "stale-transcript": "3: the transcript as it was one frame earlier",
    "other-nonce": "3: a nonce that nobody asked for",
    "other-key": "3: the hash of another key",
    "extra-claim": "3: a sixth claim, at the end",
    "other-order": "3: the first two claims swapped",
    "other-report-data": "3: a quote that does not speak for these claims",
    "long-report-data": "3: report data that does not end in zeros",
    "reflect-answer": "3: the evidence that it got, as its own; waits for it",
    "broken-signature": "4: one bit of the attestation key's signature",
    "other-tag": "2: tag 60001",
    "broken-evidence": "1: evidence that ends early, in an answer that does not",
    "empty-evidence": "1: evidence of no byte",
    "unknown-key": "1: an answer with a key 7",
    "long-answer": "9: announces 65,537 bytes",
    "truncated-answer": "the stream ends within the answer",
    "silent": "12: never answers",
    "double-answer": "11: answers twice",
    # in its challenge
    "empty-challenge": "1: a map or frame with nothing in it",
    "huge-challenge": "1: a nonce of 600 bytes in the hello; 9: later, announces 513 bytes",
    "short-nonce": "1: a nonce of 31 bytes",
    "level-key": "1: asks for level key",
    "unknown-format": "2: takes only format 4711",
    "reflect": "1: the receiver's own nonce; a client can only do it later, once open",
    # around its hello
    "early-data": "11: bytes of the application right after its hello",
    "verdict-unasked": "11: a verdict right after its hello",
    "challenge-unasked": "11: a challenge right after its hello",
    "hello-twice": "11",
    "answer-first": "11: an answer in place of its hello",
    "long-hello": "9: announces 1,025 bytes",
    "truncated-hello": "the stream ends within its hello",
    "unknown-type": "1: a frame of type 7 in place of its hello",
    "application": "1: bytes of an application in place of its hello",
    "version": "2: version 2",
    "own-role": "1: says that it has the receiver's role",
    "other-protocol": "1: a server that chooses what was not offered",
    "close-first": "closes with code 13 in place of its hello",
    # once open, with framing 1
    "empty-data": "1: data of no byte",
    "long-data": "9: announces 16,381 bytes",
    "open-hello": "11: a hello once open",
    "impatient": "13: asks again at once, whatever the interval; needs --again",
    "twice-asked": "11: asks again twice, not waiting for the answer; needs --again",
    "refuse-again": "a verdict of 7 for the second answer; needs --again",
}


def announced(kind, length):
    return bytes([kind]) + length.to_bytes(3, "big")


class Faulty(Session):
    """fault is set by `make`."""

    fault = None

    def is_now(self, fault, number):
        return self.fault == fault and number == self.settings.fault_at

    def raw(self, data):
        self.outgoing += data

    # Answers.

    def make_claims(self):
        number = self.given + 1
        key, question, role = self.own_key, self.owed, self.role
        good = self.expected_claims(key, question, role)
        transcript = self.transcripts[PEER[role]]
        exporter = self.exporter if question[1] == "session" else None
        nonce = question[0]
        if self.is_now("replayed-answer", number) and number == 1:
            exporter = exporter and os.urandom(32)
            return claims(key, os.urandom(32), role, os.urandom(32), exporter)
        if self.is_now("other-exporter", number):
            return claims(key, nonce, role, transcript, os.urandom(32))
        if self.is_now("no-exporter", number):
            return claims(key, nonce, role, transcript)
        if self.is_now("wrong-role", number):
            return claims(key, nonce, PEER[role], transcript, exporter)
        if self.is_now("stale-transcript", number):
            return claims(key, nonce, role, self.earlier, exporter)
        if self.is_now("other-nonce", number):
            return claims(key, os.urandom(32), role, transcript, exporter)
        if self.is_now("other-key", number):
            return claims(os.urandom(91), nonce, role, transcript, exporter)
        if self.is_now("extra-claim", number):
            return bytes([good[0] + 1]) + good[1:] + cbor("extra") + cbor(b"1")
        if self.is_now("other-order", number):
            first = 1 + len(cbor("pubkey-hash")) + 38
            second = first + len(cbor("nonce")) + 34
            head, one, two, rest = good[:1], good[1:first], good[first:second], good[second:]
            return head + two + one + rest
        return good

    def report_data(self):
        number = self.given + 1
        if self.is_now("other-report-data", number):
            return os.urandom(32) + bytes(32)
        if self.is_now("long-report-data", number):
            return super().report_data()[:-1] + b"\x01"
        return super().report_data()

    def make_evidence(self, quote):
        number = self.given + 1
        if self.is_now("broken-signature", number):
            at = quote.index(Quote(quote).signature) + 63
            quote = quote[:at] + bytes([quote[at] ^ 1]) + quote[at + 1 :]
        tag = 60001 if self.is_now("other-tag", number) else FORMAT
        return cbor(Tag(tag, [quote, self.claims]))

    def begin_answer(self):
        if not self.is_now("silent", self.given + 1):
            super().begin_answer()

    def send_answer(self, evidence, now):
        number = self.given + 1
        self.last_evidence, before = evidence, getattr(self, "last_evidence", None)
        if self.is_now("replayed-answer", number) and before is not None:
            evidence = before
        if self.is_now("reflect-answer", number):
            if self.got is None:
                self.waits = True
                return
            evidence = self.got
        if self.is_now("broken-evidence", number):
            evidence = evidence[:-1]
        if self.is_now("empty-evidence", number):
            evidence = b""
        if self.is_now("long-answer", number):
            self.raw(announced(ANSWER, 65537))
        elif self.is_now("unknown-key", number):
            self.raw(frame(ANSWER, cbor({0: evidence, 7: 0})))
        elif self.is_now("truncated-answer", number):
            whole_frame = frame(ANSWER, cbor({0: evidence}))
            self.raw(whole_frame[: len(whole_frame) // 2])
            raise Refused(None, "the fault is done: the answer ends early", None)
        if self.is_now("double-answer", number):
            self.raw(frame(ANSWER, cbor({0: evidence})))
        super().send_answer(evidence, now)

    # The evidence of the peer, and the answer that waits for it.
    got = None
    waits = False

    def judge(self, evidence):
        self.got = evidence
        return super().judge(evidence)

    def take_answer(self, message, now):
        super().take_answer(message, now)
        if self.waits:
            self.waits = False
            self.send_answer(self.got, now)

    # Challenges.

    asked_times = 0
    peer_nonce = None

    def judge_nonce(self, asks):
        if asks is not None:
            self.peer_nonce = asks[0]
        super().judge_nonce(asks)

    def make_challenge(self):
        message = super().make_challenge()
        self.asked_times += 1
        changes = {
            "empty-challenge": None,
            "huge-challenge": {0: os.urandom(600)},
            "short-nonce": {0: os.urandom(31)},
            "level-key": {1: "key"},
            "unknown-format": {3: [4711]},
        }
        if self.fault == "reflect" and self.peer_nonce is not None:
            return {**message, 0: self.peer_nonce}
        if self.asked_times == self.settings.fault_at and self.fault in changes:
            change = changes[self.fault]
            return {} if change is None else {**message, **change}
        return message

    def ask_again(self, now):
        if self.is_now("huge-challenge", 2):
            self.raw(announced(CHALLENGE, 513))
        if self.is_now("empty-challenge", 2):
            self.raw(frame(CHALLENGE, b""))
        super().ask_again(now)
        if self.fault == "twice-asked":
            self.raw(frame(CHALLENGE, cbor(challenge(os.urandom(32)))))

    def opened(self, now):
        if self.fault == "empty-data":
            self.raw(frame(DATA, b""))
        if self.fault == "long-data":
            self.raw(announced(DATA, 16381))
        if self.fault == "open-hello":
            self.raw(self.hellos[self.role])
        if self.fault == "impatient":
            self.peer_interval = 0
        super().opened(now)

    def out(self, kind, payload):
        if self.fault == "refuse-again" and kind == VERDICT and self.accepted == 1:
            payload = cbor({0: 7})
        return super().out(kind, payload)

    # The hello.

    def make_hello(self, protocols):
        message = super().make_hello(protocols)
        if self.fault == "version":
            message[0] = 2
        if self.fault == "own-role":
            message[1] = PEER[self.role]
        if self.fault == "other-protocol":
            message[3] = ["not-offered"]
        return message

    def send_hello(self, protocols, now):
        instead = {
            "answer-first": frame(ANSWER, cbor({0: b"\x00"})),
            "long-hello": announced(HELLO, 1025),
            "unknown-type": frame(7, b""),
            "application": b"GET / HTTP/1.0\r\n\r\n",
            "close-first": frame(CLOSE, cbor({0: 13})),
        }
        self.raw(instead.get(self.fault, b""))
        if self.fault == "truncated-hello":
            whole_frame = frame(HELLO, cbor(self.make_hello(protocols)))
            self.raw(whole_frame[: len(whole_frame) // 2])
            raise Refused(None, "the fault is done: the hello ends early", None)
        super().send_hello(protocols, now)
        after = {
            "early-data": frame(DATA, b"early"),
            "verdict-unasked": frame(VERDICT, cbor({0: 0})),
            "challenge-unasked": frame(CHALLENGE, cbor(challenge(os.urandom(32)))),
            "hello-twice": self.hellos[self.role],
        }
        self.raw(after.get(self.fault, b""))

    # The transcript one frame before the present one of the peer's challenges.

    @property
    def earlier(self):
        if self.given == 0:
            return sha256(b"ratls/1", self.hellos[CLIENT])
        return self.before

    def extend(self, asker, whole_frame):
        if asker == PEER[self.role]:
            self.before = self.transcripts[asker]
        super().extend(asker, whole_frame)


def make(name):
    """The class of a peer with this fault, or of a good one."""
    return type("Peer", (Faulty,), {"fault": name}) if name else Session
