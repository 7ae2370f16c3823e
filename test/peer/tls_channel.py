"""TLS 1.3 with ALPN ratls/1 over a socket, and the exporter value of the connection.

Python's ssl has no exporter; its key log has the secret from which the value follows.
"""

import os
import select
import socket
import ssl
import tempfile
import time

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vectors import tls_exporter

ALPN = "ratls/1"
CHUNK = 16384


def exporter_of(suite, secret):
    return tls_exporter(secret, "sha384" if suite.endswith("SHA384") else "sha256")


def subject_public_key_info(certificate):
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_of_file(path):
    with open(path, "rb") as file:
        return subject_public_key_info(x509.load_pem_x509_certificate(file.read()))


class KeyLog:
    """A file without a name: only this process can read it, and it ends with it."""

    def __init__(self, context):
        self.fd, path = tempfile.mkstemp()
        try:
            context.keylog_filename = path
        finally:
            os.unlink(path)

    def exporter_secret(self):
        os.lseek(self.fd, 0, os.SEEK_SET)
        with os.fdopen(self.fd, "rb") as file:
            for line in file:
                words = line.split()
                if words and words[0] == b"EXPORTER_SECRET":
                    return bytes.fromhex(words[2].decode())
        raise ssl.SSLError("the key log has no EXPORTER_SECRET")


def make_context(server, cert, key, trust, alpn=True):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if server:
        context.num_tickets = 0
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if trust else ssl.CERT_NONE
    if trust:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(trust)
    if cert:
        context.load_cert_chain(cert, key)
    if alpn:
        context.set_alpn_protocols([ALPN])
    return context


class Channel:
    """Bytes in and out, without blocking; `outgoing` is what the socket has not taken yet."""

    def __init__(self, sock, context, server, name):
        self.socket = sock
        sock.setblocking(False)
        log = KeyLog(context)
        self.received, self.sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self.received, self.sent, server_side=server, server_hostname=name
        )
        self.log = log
        self.outgoing = b""
        self.ended = None  # why the socket gives no more bytes
        self.closed = None  # why TLS gives no more
        self.broken = False  # it did not end by close_notify

    def handshake(self, end):
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flush()
                if self.ended:
                    raise ssl.SSLError(self.ended) from None
                self.wait(end - time.monotonic())
                self.fill()
            except ssl.SSLError:
                self.flush()  # the alert
                raise
        self.flush()
        suite = self.tls.cipher()[0]
        self.exporter = exporter_of(suite, self.log.exporter_secret())
        peer = self.tls.getpeercert(binary_form=True)
        self.peer_key = None
        if peer:
            self.peer_key = subject_public_key_info(x509.load_der_x509_certificate(peer))
        self.described = f"{self.tls.version()}, {suite}"
        self.speaks = self.tls.selected_alpn_protocol() == ALPN

    def wait(self, seconds, others=()):
        """Those of others that can be read now, among them."""
        if seconds is not None and seconds <= 0 and not others:
            raise TimeoutError("the handshake did not end in time")
        reads = list(others) + ([] if self.ended else [self.socket])
        writes = [self.socket] if self.outgoing else []
        timeout = None if seconds is None else max(seconds, 0)
        return select.select(reads, writes, [], timeout)[0]

    def fill(self):
        """Takes from the socket what is there, up to a chunk."""
        try:
            data = self.socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            data = b""
            self.ended = self.ended or f"the connection broke: {error.strerror}"
        if data:
            self.received.write(data)
        else:
            self.received.write_eof()
            self.ended = self.ended or "the connection ended"

    def read(self):
        """Application bytes, or b'' if there are none now."""
        try:
            data = self.tls.read(CHUNK)
            if not data:
                self.closed = self.closed or "end of the stream"
            return data
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLZeroReturnError:
            self.closed = self.closed or "end of the stream"
        except ssl.SSLError as error:
            self.closed = self.closed or f"TLS: {error.reason or error}"
            self.broken = True
        return b""

    def write(self, data):
        if data:
            self.tls.write(data)
        self.flush()

    def flush(self):
        self.outgoing += self.sent.read()
        if not self.outgoing:
            return
        try:
            sent = self.socket.send(self.outgoing)
            self.outgoing = self.outgoing[sent:]
        except BlockingIOError:
            pass
        except OSError:
            self.outgoing = b""  # what the peer still said is to be read yet

    def finish_sending(self):
        """close_notify; the peer may still send."""
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        self.flush()

    def close(self, seconds):
        """Waits until the peer has closed too: else a reset may overtake our last frame."""
        end = time.monotonic() + seconds
        try:
            while self.outgoing and time.monotonic() < end:
                select.select([], [self.socket], [], 0.1)
                self.flush()
            self.socket.shutdown(socket.SHUT_WR)
            self.socket.settimeout(max(end - time.monotonic(), 0.01))
            while self.socket.recv(CHUNK) and time.monotonic() < end:
                pass
        except OSError:
            pass
        self.socket.close()
