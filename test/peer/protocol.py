"""ratls/1 as doc/BINDING.md has it: frames, claims, transcript and the tables of states.

One object is one side of one connection. It is given bytes and the time, and gives back frames
(out), sentences (say) and bytes of the application (hand_over); a quote that it needs stands in
quote_wanted, as report data. It knows nothing of sockets, TLS or processes.
"""

import os

import intel_quote
from strict_cbor import Malformed, whole
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
    hello,
    sha256,
)

# type: name, least and greatest length of the payload
FRAMES = {
    HELLO: ("hello", 0, 1024),
    CHALLENGE: ("challenge", 0, 512),
    ANSWER: ("answer", 0, 65536),
    VERDICT: ("verdict", 0, 16),
    DATA: ("data", 1, 16380),
    CLOSE: ("close", 0, 16),
}
(
    MALFORMED,
    UNSUPPORTED,
    BINDING,
    UNTRUSTED,
    REVOKED,
    STALE,
    POLICY,
    MISSING,
    LIMIT,
    SYSTEM,
    ORDER,
    LATE,
    BUSY,
) = range(1, 14)
# Seconds from … to …, at most.
DEADLINES = {"hello": 10, "answer": 60, "verdict": 30, "open": 120}
FORMAT = 60000
CLIENT, SERVER = "client", "server"
PEER = {CLIENT: SERVER, SERVER: CLIENT}


def described(sentence, code=None):
    return f"{sentence} ({'no code' if code is None else f'code {code}'})"


class Refused(Exception):
    """We refuse: by a `close` frame, by a verdict, or (kind None) without a word."""

    def __init__(self, code, sentence, kind=CLOSE):
        super().__init__(described(sentence, code))
        self.code, self.kind = code, kind


class RefusedByPeer(Exception):
    def __init__(self, code, sentence):
        super().__init__(described(sentence, code))


class UnknownVersion(Exception):
    pass


def read_challenge(reader):
    def level(reader):
        name = reader.text(1, 16, "the level")
        if name not in ("nonce", "session"):
            raise Malformed(f"the level is '{name}'")
        return name

    return reader.map(
        {
            0: lambda r: r.bytes(32, 32, "the nonce"),
            1: level,
            2: lambda r: r.array(1, 8, lambda r: r.text(1, 16, "a TEE"), "the list of TEEs"),
            3: lambda r: r.array(1, 8, lambda r: r.uint(), "the list of formats"),
        }
    )


def read_hello(reader):
    def version(reader):
        number = reader.uint()
        if number != 1:
            raise UnknownVersion(number)
        return number

    def role(reader):
        name = reader.text(1, 16, "the role")
        if name not in PEER:
            raise Malformed(f"the role is '{name}'")
        return name

    return reader.map(
        {
            0: version,
            1: role,
            2: lambda r: r.uint(1, "framing"),
            3: lambda r: r.array(0, 8, lambda r: r.text(1, 32, "a protocol"), "the protocols"),
            4: lambda r: r.uint(86400, "the interval"),
            5: read_challenge,
        },
        optional=(5,),
    )


def read_answer(reader):
    return reader.map(
        {
            0: lambda r: r.bytes(1, 65000, "the evidence"),
            1: lambda r: r.bytes(1, 65536, "the endorsements"),
        },
        optional=(1,),
    )


def read_code(most):
    return lambda reader: reader.map({0: lambda r: r.uint(most, "the code")})


def read_evidence(reader):
    tag = reader.tag()
    quote, buffer = reader.array(2, 2, lambda r: r.bytes(), "the evidence")
    return tag, quote, buffer


class Session:
    """settings: level, tees, protocols, framing, interval, measurement, again, text, timeout,
    can_answer. Keys are SubjectPublicKeyInfo; one that was not shown is None."""

    def __init__(self, settings, role, exporter, own_key, peer_key):
        self.settings, self.role, self.exporter = settings, role, exporter
        self.own_key, self.peer_key = own_key, peer_key
        self.outgoing = bytearray()
        self.incoming = bytearray()
        self.quote_wanted = None
        self.state = "START"
        self.asked = self.owes = self.awaits = False
        self.framed = False
        self.hellos = {}
        self.transcripts = {}
        self.nonces = []
        self.question = None  # our last challenge
        self.owed = None  # the peer's last challenge
        self.claims = None  # of the answer to it
        self.given = self.accepted = 0
        self.answered_at = self.peer_answered_at = None
        self.deadlines = {}
        self.again_due = None

    # What the caller replaces.

    def say(self, sentence):
        pass

    def hand_over(self, data):
        pass

    # What goes out.

    def out(self, kind, payload):
        whole_frame = frame(kind, payload)
        self.outgoing += whole_frame
        return whole_frame

    def make_challenge(self):
        self.nonces.append(os.urandom(32))
        return challenge(self.nonces[-1], self.settings.level, self.settings.tees, [FORMAT])

    def make_hello(self, protocols):
        self.question = self.make_challenge() if self.settings.level != "none" else None
        return hello(
            self.role,
            self.settings.framing,
            protocols,
            self.settings.interval,
            self.question,
        )

    def send_hello(self, protocols, now):
        self.hellos[self.role] = self.out(HELLO, cbor(self.make_hello(protocols)))
        if self.question is not None:
            self.ask(now)

    def ask(self, now):
        self.asked = True
        self.set_deadline("answer", now)

    def ask_again(self, now):
        self.again_due = None
        self.question = self.make_challenge()
        self.extend(self.role, self.out(CHALLENGE, cbor(self.question)))
        self.ask(now)
        self.say("asked again")

    def extend(self, asker, whole_frame):
        self.transcripts[asker] = sha256(self.transcripts[asker], whole_frame)

    def expected_claims(self, key, question, role):
        exporter = self.exporter if question[1] == "session" else None
        return claims(key, question[0], role, self.transcripts[PEER[role]], exporter)

    def begin_answer(self):
        if self.own_key is None:
            raise Refused(SYSTEM, "we are asked, and showed no certificate")
        if not {"sgx", "tdx"} & set(self.owed[2]) or FORMAT not in self.owed[3]:
            raise Refused(UNSUPPORTED, "no TEE or no format of the challenge can be served")
        if not self.settings.can_answer:
            raise Refused(SYSTEM, "we are asked, and have nothing that makes quotes")
        self.claims = self.make_claims()
        self.quote_wanted = self.report_data()

    def make_claims(self):
        return self.expected_claims(self.own_key, self.owed, self.role)

    def report_data(self):
        return sha256(self.claims) + bytes(32)

    def quote_made(self, quote, now):
        self.quote_wanted = None
        try:
            tee = intel_quote.Quote(quote).tee
        except intel_quote.BadQuote as bad:
            raise Refused(SYSTEM, f"what was made for us is no quote: {bad}") from None
        if tee not in self.owed[2]:
            raise Refused(UNSUPPORTED, f"our quote is of {tee}, which the challenge does not list")
        self.send_answer(self.make_evidence(quote), now)

    def quote_failed(self, sentence):
        raise Refused(SYSTEM, f"no quote was made: {sentence}")

    def make_evidence(self, quote):
        return cbor(Tag(FORMAT, [quote, self.claims]))

    def send_answer(self, evidence, now):
        self.out(ANSWER, cbor({0: evidence}))
        self.owes, self.awaits = False, True
        self.given += 1
        self.answered_at = now
        self.set_deadline("verdict", now)
        self.say(f"answer sent: level {self.owed[1]}")

    # Time.

    def set_deadline(self, name, now):
        self.deadlines[name] = now + min(DEADLINES[name], self.settings.timeout)

    def next_time(self):
        times = list(self.deadlines.values())
        if self.again_due is not None:
            times.append(self.again_due)
        return min(times, default=None)

    def tick(self, now):
        for name in ("hello", "answer", "verdict"):
            if now >= self.deadlines.get(name, now + 1):
                raise Refused(LATE, f"the peer's {name} did not come in time")
        if now >= self.deadlines.get("open", now + 1):
            raise Refused(LATE, "the session did not open in time")
        if self.again_due is not None and now >= self.again_due and not self.asked:
            self.ask_again(now)

    # The tables.

    def start(self, now):
        self.state = "HELLO"
        self.set_deadline("hello", now)
        self.set_deadline("open", now)
        if self.settings.level != "none" and self.peer_key is None:
            raise Refused(MISSING, "the peer showed no certificate, so it cannot answer")
        if self.role == CLIENT:
            self.send_hello(self.settings.protocols, now)

    def receive(self, data, now):
        self.incoming += data
        while True:
            if self.state == "OPEN" and not self.framed:
                if self.incoming:
                    self.hand_over(bytes(self.incoming))
                self.incoming.clear()
                return
            if len(self.incoming) < 4:
                return
            kind, length = self.incoming[0], int.from_bytes(self.incoming[1:4], "big")
            self.judge_header(kind, length, now)
            if len(self.incoming) < 4 + length:
                return
            whole_frame = bytes(self.incoming[: 4 + length])
            del self.incoming[: 4 + length]
            self.take(kind, whole_frame, now)

    def judge_header(self, kind, length, now):
        """Type, turn, length, in this order."""
        if kind not in FRAMES:
            raise Refused(MALFORMED, f"a frame of type {kind}")
        name, least, most = FRAMES[kind]
        self.judge_turn(kind, name, now)
        if length > most:
            raise Refused(LIMIT, f"{name}: {length} bytes, expected at most {most}")
        if length < least:
            raise Refused(MALFORMED, f"{name}: {length} bytes, expected at least {least}")

    def judge_turn(self, kind, name, now):
        if kind == CLOSE:
            return
        turn = {
            HELLO: self.state == "HELLO",
            CHALLENGE: self.state == "OPEN" and not self.owes and not self.awaits,
            ANSWER: self.state in ("OPENING", "OPEN") and self.asked,
            VERDICT: self.state in ("OPENING", "OPEN") and self.awaits,
            DATA: self.state == "OPEN",
        }
        if not turn[kind]:
            raise Refused(ORDER, f"{name}: not its turn in {self.state}")
        if kind == CHALLENGE and self.answered_at is not None:
            if now < self.answered_at + self.settings.interval:
                interval = self.settings.interval
                raise Refused(BUSY, f"challenge: within {interval} s of our last answer")

    def take(self, kind, whole_frame, now):
        name, payload = FRAMES[kind][0], whole_frame[4:]
        try:
            if kind == HELLO:
                self.take_hello(whole(payload, read_hello), whole_frame, now)
            elif kind == CHALLENGE:
                self.take_challenge(whole(payload, read_challenge), whole_frame)
            elif kind == ANSWER:
                self.take_answer(whole(payload, read_answer), now)
            elif kind == VERDICT:
                self.take_verdict(whole(payload, read_code(10))[0], now)
            elif kind == DATA:
                self.hand_over(payload)
            else:
                self.take_close(payload)
        except Malformed as malformed:
            raise Refused(MALFORMED, f"{name}: {malformed}") from None
        except UnknownVersion as unknown:
            raise Refused(UNSUPPORTED, f"hello: version {unknown}, expected 1") from None

    def take_hello(self, message, whole_frame, now):
        del self.deadlines["hello"]
        if message[1] == self.role:
            raise Refused(MALFORMED, f"hello: the peer says that it is the {self.role}, as we are")
        asks = message.get(5)
        self.say(
            f"hello of the peer: framing {message[2]}, interval {message[4]}, "
            f"protocols {','.join(message[3]) or 'none'}, asks {asks[1] if asks else 'nothing'}"
        )
        self.judge_nonce(asks)
        self.framed = message[2] == self.settings.framing == 1
        if self.settings.again and not self.framed:
            raise Refused(UNSUPPORTED, "hello: we shall ask again, and the peer wants framing 0")
        self.peer_interval = message[4]
        self.hellos[PEER[self.role]] = whole_frame
        if self.role == SERVER:
            protocols = self.choose(message[3])
            self.send_hello(protocols, now)
        else:
            protocols = self.check_choice(message[3])
        self.say(f"protocol: {protocols[0] if protocols else 'none'}")
        first = sha256(b"ratls/1", self.hellos[CLIENT], self.hellos[SERVER])
        self.transcripts = {CLIENT: first, SERVER: first}
        self.state = "OPENING"
        if asks is not None:
            self.owed, self.owes = asks, True
            self.begin_answer()
        self.open_if_done(now)

    def choose(self, offered):
        if not offered:
            return []
        for name in offered:
            if name in self.settings.protocols:
                return [name]
        raise Refused(UNSUPPORTED, f"hello: we speak none of {', '.join(offered)}")

    def check_choice(self, chosen):
        offered = self.settings.protocols
        if len(chosen) != (1 if offered else 0) or not set(chosen) <= set(offered):
            raise Refused(
                MALFORMED,
                f"hello: the server chose {', '.join(chosen) or 'nothing'}, "
                f"we offered {', '.join(offered) or 'nothing'}",
            )
        return chosen

    def judge_nonce(self, asks):
        if asks is not None and asks[0] in self.nonces:
            raise Refused(MALFORMED, "challenge: the nonce is our own")

    def take_challenge(self, message, whole_frame):
        self.judge_nonce(message)
        self.extend(PEER[self.role], whole_frame)
        self.say(f"the peer asks again: level {message[1]}")
        self.owed, self.owes = message, True
        self.begin_answer()

    def take_answer(self, message, now):
        found = self.judge(message[0])
        self.asked = False
        del self.deadlines["answer"]
        self.peer_answered_at = now
        self.out(VERDICT, cbor({0: 0}))
        self.accepted += 1
        which = "answer" if self.accepted == 1 else "later answer"
        self.say(f"{which} accepted: level {self.question[1]}, {found}")
        self.open_if_done(now)

    def judge(self, evidence):
        """What the evidence says, or a refusal by verdict."""

        def refuse(code, sentence):
            raise Refused(code, f"answer: {sentence}", VERDICT)

        try:
            tag, data, buffer = whole(evidence, read_evidence)
            if tag != FORMAT:
                refuse(UNSUPPORTED, f"tag {tag}, expected {FORMAT}")
            quote = intel_quote.Quote(data)
            if quote.tee not in self.question[2]:
                refuse(UNSUPPORTED, f"a quote of {quote.tee}, which we did not ask for")
            if buffer != self.expected_claims(self.peer_key, self.question, PEER[self.role]):
                refuse(BINDING, "its claims are not those of this connection and question")
            if quote.report_data != sha256(buffer) + bytes(32):
                refuse(BINDING, "the report data is not that of its claims")
            quote.judge()
        except Malformed as malformed:
            refuse(MALFORMED, f"evidence: {malformed}")
        except intel_quote.BadQuote as bad:
            refuse(bad.code, str(bad))
        measured = quote.measurement.hex()
        expected = getattr(self.settings, quote.measured)
        if expected is not None and measured != expected:
            refuse(POLICY, f"{quote.measured} is {measured}, expected {expected}")
        return f"{quote.tee}, {quote.measured} {measured}"

    def take_verdict(self, code, now):
        self.say(f"verdict of the peer: {code}")
        if code != 0:
            raise RefusedByPeer(code, "the peer refused our evidence")
        self.awaits = False
        del self.deadlines["verdict"]
        self.open_if_done(now)

    def open_if_done(self, now):
        if self.state != "OPENING" or self.asked or self.owes or self.awaits:
            return
        self.state = "OPEN"
        del self.deadlines["open"]
        self.say("open")
        self.opened(now)

    def opened(self, now):
        if self.settings.again:
            interval = self.peer_interval if self.peer_answered_at is not None else 0
            # The peer counts from when it sent its answer, by its own clock.
            slack = 0.2 if interval else 0
            self.again_due = (self.peer_answered_at or now) + interval + slack
            self.tick(now)
        self.send_data(self.settings.text)

    def send_data(self, data):
        if not self.framed:
            self.outgoing += data
            return
        for at in range(0, len(data), FRAMES[DATA][2]):
            self.out(DATA, data[at : at + FRAMES[DATA][2]])

    def take_close(self, payload):
        """Never answered, whatever is in it."""
        try:
            code = whole(payload, read_code(13))[0]
        except Malformed as malformed:
            sentence = f"the peer closed, and its `close` is malformed: {malformed}"
            raise RefusedByPeer(None, sentence) from None
        raise RefusedByPeer(code, f"the peer closed before {self.pending()}")

    def pending(self):
        if self.state == "HELLO":
            return "its hello"
        if self.asked:
            return "its answer"
        if self.awaits:
            return "its verdict"
        if self.owes:
            return "our answer"
        return "the end" if self.state == "OPEN" else "the session was open"

    def at_rest(self):
        """Everything of ours is done."""
        return (
            self.state == "OPEN"
            and not (self.asked or self.owes or self.awaits)
            and self.again_due is None
            and not self.outgoing
        )

    def stream_ended(self, reason):
        """The peer sends no more: well, or a refusal."""
        open_flags = self.asked or self.owes or self.awaits
        if self.state != "OPEN" or open_flags or (self.framed and self.incoming):
            raise RefusedByPeer(None, f"the peer ended before {self.pending()}: {reason}")

    def refuse(self, refused):
        """The last frame of ours."""
        if refused.kind == CLOSE and (self.state != "OPEN" or self.framed):
            self.out(CLOSE, cbor({0: refused.code}))
        elif refused.kind == VERDICT:
            self.out(VERDICT, cbor({0: refused.code}))
        self.state = "CLOSED"
