#!/usr/bin/env python3
"""A second implementation of ratls/1, from doc/BINDING.md alone.

session.py client HOST:PORT …   connects
session.py server HOST:PORT …   serves one connection
session.py --vectors            holds it against vectors
session.py --fault list         the bad peers that it can be

It judges the peer's answer as that page says, and of the quote that the attestation key signed it
and that the quoting enclave's report binds this key. It does NOT judge the platform's certificate
chain, collateral, TCB status and attributes: whether the platform is genuine is ratls's to say.

Exit code: 0 all went well, 1 refused by either side, 2 wrong usage or trouble.
"""

import sys

# Nothing is left in the source tree.
sys.dont_write_bytecode = sys.pycache_prefix is None

import argparse
import os
import shlex
import socket
import ssl
import subprocess
import time
import traceback

import faults
from protocol import CLIENT, SERVER, Refused, RefusedByPeer, Session, described
from tls_channel import Channel, exporter_of, key_of_file, make_context
from vectors import refused as refused_vectors

LINGER = 5
ARRIVAL = 60  # seconds for connection and handshake; the document has no deadline there


class Trouble(Exception):
    pass


def say(sentence):
    print(sentence, flush=True)


def visible(data):
    """On one line whatever it holds."""
    return data.decode("utf-8", "backslashreplace").encode("unicode_escape").decode()


class Application:
    """Prints what the peer says, line by line."""

    def __init__(self):
        self.line = b""
        self.heard = False

    def hand_over(self, data):
        self.heard = True
        *lines, self.line = (self.line + data).split(b"\n")
        for line in lines:
            say(f"received: {visible(line.rstrip(bytes([13])))}")

    def end(self):
        if self.line:
            say(f"received: {visible(self.line)}")
        self.line = b""


class QuoteMaker:
    """Runs the command without waiting for it."""

    def __init__(self, command):
        self.command, self.process = command, None

    def start(self, report_data):
        words = [word.replace("{}", report_data.hex()) for word in shlex.split(self.command)]
        self.quote = b""
        try:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
            )
        except OSError as error:
            return f"{words[0]}: {error.strerror}"
        return None

    def outputs(self):
        return [self.process.stdout] if self.process else []

    def read(self, session):
        data = os.read(self.process.stdout.fileno(), 65536)
        self.quote += data
        if data:
            return
        process, self.process = self.process, None
        process.stdout.close()
        if process.wait() != 0:
            session.quote_failed(f"{self.command}: exit code {process.returncode}")
        session.quote_made(self.quote, time.monotonic())

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None


class Connection:
    """One session from the handshake on."""

    def __init__(self, settings, channel, session):
        self.settings, self.channel, self.session = settings, channel, session
        self.application = Application()
        self.maker = QuoteMaker(settings.quote_command)
        session.say, session.hand_over = say, self.application.hand_over
        self.end_at = None  # of what follows the opening
        self.finished = False

    def run(self):
        """The exit code."""
        try:
            self.session.start(time.monotonic())
            self.receive()  # what came with the end of the handshake
            while not self.done():
                self.turn()
            self.application.end()
            say("ended")
            return 0
        except Refused as refused:
            self.application.end()
            self.session.refuse(refused)
            say(f"refused: {refused}")
            return 1
        except RefusedByPeer as refused:
            self.application.end()
            say(f"refused by the peer: {refused}")
            return 1
        finally:
            self.maker.stop()
            self.send()
            if not self.finished:
                self.channel.finish_sending()
            self.channel.close(LINGER)

    def done(self):
        return self.channel.closed is not None

    def send(self):
        try:
            self.channel.write(bytes(self.session.outgoing))
        except ssl.SSLError:
            pass  # reading tells why
        self.session.outgoing.clear()

    def turn(self):
        session, channel, now = self.session, self.channel, time.monotonic()
        session.tick(now)
        if session.quote_wanted is not None and self.maker.process is None:
            wrong = self.maker.start(session.quote_wanted)
            if wrong:
                session.quote_failed(wrong)
        self.send()
        self.finish_if_due()
        times = [at for at in (session.next_time(), self.open_end(now)) if at is not None]
        for file in channel.wait(max(min(times) - now, 0.001), self.maker.outputs()):
            if file is channel.socket:
                channel.fill()
            else:
                self.maker.read(session)
        self.receive()

    def receive(self):
        while True:
            data = self.channel.read()
            if not data:
                break
            self.session.receive(data, time.monotonic())
        if self.channel.closed is not None:
            self.session.stream_ended(self.channel.closed)
            if self.channel.broken:
                raise Trouble(f"the connection was cut off: {self.channel.closed}")

    def finish_if_due(self):
        if self.finished or self.settings.until == "end" or not self.session.at_rest():
            return
        if self.settings.until == "said" or self.application.heard:
            self.finished = True
            self.channel.finish_sending()

    def open_end(self, now):
        """When what follows the opening has to end."""
        if self.session.state != "OPEN":
            return None
        if self.end_at is None:
            self.end_at = now + self.settings.timeout
        if now < self.end_at:
            return self.end_at
        if self.session.deadlines:
            return None
        raise Trouble(f"no end within {self.settings.timeout} s")


def connect(settings):
    host, _, port = settings.address.rpartition(":")
    host = host.strip("[]")
    return socket.create_connection((host, int(port)), ARRIVAL), host


def accept(settings):
    host, _, port = settings.address.rpartition(":")
    with socket.create_server((host.strip("[]"), int(port))) as listener:
        say(f"listening on {host}:{listener.getsockname()[1]}")
        listener.settimeout(ARRIVAL)
        return listener.accept()[0], None


def run(settings):
    server = settings.role == SERVER
    context = make_context(
        server, settings.cert, settings.key, settings.trust, settings.fault != "no-alpn"
    )
    own_key = key_of_file(settings.cert) if settings.cert else None
    sock, name = accept(settings) if server else connect(settings)
    channel = Channel(sock, context, server, name)
    try:
        channel.handshake(time.monotonic() + ARRIVAL)
    except ssl.SSLError as error:
        channel.close(LINGER)
        say("refused: " + described(f"the handshake failed: {error.reason or error}"))
        return 1
    say(f"connected: {channel.described}")
    if settings.show_exporter:
        say(f"exporter: {channel.exporter.hex()}")
    if not channel.speaks:
        channel.finish_sending()
        channel.close(LINGER)
        say("refused: " + described("the peer does not speak ratls/1"))
        return 1
    session = faults.make(settings.fault)(
        settings, settings.role, channel.exporter, own_key, channel.peer_key
    )
    return Connection(settings, channel, session).run()


def measurement(size):
    def parse(text):
        if len(text) != 2 * size or len(bytes.fromhex(text)) != size:
            raise ValueError
        return text.lower()

    return parse


def words(text):
    return text.split(",")


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("role", choices=[CLIENT, SERVER])
    add("address", metavar="HOST:PORT", help="a server on port 0 takes a free one, and prints it")
    add("--level", choices=["session", "nonce", "none"], required=True,
        help="what is asked of the peer; none: nothing")
    add("--cert", metavar="PEM", help="own certificate")
    add("--key", metavar="PEM")
    add("--quote-command", metavar="COMMAND", default="",
        help="makes a quote, to stdout; {} stands for the report data in hex")
    add("--trust", metavar="PEM",
        help="the peer's certificate, for TLS; a server demands one from its client with it")
    add("--mrenclave", type=measurement(32), metavar="HEX", help="expected in a quote of SGX")
    add("--mrtd", type=measurement(48), metavar="HEX", help="expected in a quote of TDX")
    add("--tees", type=words, default=["sgx", "tdx"], metavar="TEE,…", help="that are accepted")
    add("--protocol", dest="protocols", action="append", default=[], metavar="NAME",
        help="of the application; may be given more than once, best first")
    add("--framing", type=int, choices=[0, 1], default=1)
    add("--interval", type=int, default=0, metavar="S", help="between two of our answers")
    add("--say", dest="text", type=os.fsencode, default=b"", metavar="TEXT",
        help="sent when the session is open")
    add("--again", action="store_true", help="ask a second time, once open")
    add("--until", choices=["end", "said", "heard"], default="end",
        help="end: stay until the peer ends. said: end own direction when all of ours is done. "
        "heard: the same, after some bytes came")
    add("--timeout", type=float, default=60, metavar="S",
        help="no deadline after the handshake is longer, nor the time from open to the end (60)")
    add("--show-exporter", action="store_true")
    add("--fault", choices=sorted(faults.FAULTS), metavar="NAME",
        help="be a bad peer; --fault list says how")
    add("--fault-at", type=int, default=1, metavar="N",
        help="in the N-th answer or challenge (1)")
    settings = parser.parse_args(arguments)
    if bool(settings.cert) != bool(settings.key):
        parser.error("--cert and --key belong together")
    if settings.role == SERVER and not settings.cert:
        parser.error("a server needs --cert and --key")
    if settings.role == SERVER and settings.level != "none" and not settings.trust:
        parser.error("a server that asks needs --trust, else its client shows no certificate")
    if settings.again and (settings.level == "none" or settings.framing == 0):
        parser.error("--again needs a --level and --framing 1")
    settings.can_answer = bool(settings.quote_command)
    return settings


# Cipher suite, EXPORTER_SECRET and exporter value of connections, as OpenSSL 3.0 says them.
EXPORTERS = [
    (
        "TLS_AES_128_GCM_SHA256",
        "94512c431f0fec3dbbba940451dbd588946c154ad6d9b860160a6d614f511171",
        "8d75a0fef7a5a063e7aaa39c268641138202631529f7cd536e61d97edceb9666",
    ),
    (
        "TLS_AES_256_GCM_SHA384",
        "8dfacb24d736edee8f9b2b77aef68f529bf13ade27d39c2ad0887d3592d14fe2"
        "89f0ad77a2f910ce77ccc795c5298649",
        "d8a12050c20a40cdc82555dfcf806c238908aa5fc2bc192e25dd7145961d7c2d",
    ),
]


def check_vectors():
    """What the document says that a server refuses, with which code; exporter values."""
    settings = parse(["server", ":0", "--level", "none", "--cert", "-", "--key", "-"])
    wrong = 0
    for name, data, expected in refused_vectors():
        session, found = Session(settings, SERVER, bytes(32), b"ours", b"the peer's"), None
        session.start(0)
        try:
            session.receive(data, 0)
        except Refused as refused:
            found = refused.code
        if found != expected:
            say(f"{name}: code {found}, expected {expected}")
            wrong += 1
    for suite, secret, expected in EXPORTERS:
        found = exporter_of(suite, bytes.fromhex(secret)).hex()
        if found != expected:
            say(f"{suite}: exporter value {found}, expected {expected}")
            wrong += 1
    say(f"{len(refused_vectors())} refusals, {len(EXPORTERS)} exporter values, {wrong} wrong")
    return 1 if wrong else 0


def main(arguments):
    if arguments == ["--vectors"]:
        return check_vectors()
    if arguments == ["--fault", "list"]:
        for name, what in sorted(faults.FAULTS.items()):
            print(f"{name:20} {what}")
        return 0
    settings = parse(arguments)
    try:
        return run(settings)
    except (Trouble, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Exception:  # Python's own exit code would be that of a refusal
        traceback.print_exc()
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
