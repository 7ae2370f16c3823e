"""SGX and TDX quotes, versions 3 and 4, with a P-256 attestation key.

Judged: the attestation key's signature over header and body, and that the quoting enclave's
report binds that key. NOT judged: the platform's certificate chain, the signature of that report,
collateral, TCB status, attributes. So this tells who made a quote from who did not, and never
whether the platform is genuine: that is ratls's own part.
"""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

HEADER = 48
REPORT = 384
# TEE type in the header: name, size of the body, offset of the report data, measurement.
TEES = {
    0x00: ("sgx", REPORT, 320, ("mrenclave", 64, 32)),
    0x81: ("tdx", 584, 520, ("mrtd", 136, 48)),
}


class BadQuote(Exception):
    """code: as in the table of doc/BINDING.md."""

    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code = code


class Little:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise BadQuote(1, f"quote: {count} bytes are announced at {self.at}, fewer remain")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "little")


class Quote:
    def __init__(self, data):
        self.data = data
        reader = Little(data)
        self.version = reader.number(2)
        kind = reader.number(2)
        tee = reader.number(4) if self.version == 4 else 0
        if self.version not in (3, 4) or kind != 2 or tee not in TEES:
            raise BadQuote(
                2, f"quote: version {self.version}, key type {kind}, TEE type {tee:#x} is not known"
            )
        self.tee, size, report_data, (self.measured, offset, length) = TEES[tee]
        reader.at = 0
        self.signed = reader.take(HEADER + size)
        body = self.signed[HEADER:]
        self.report_data = body[report_data : report_data + 64]
        self.measurement = body[offset : offset + length]
        self.read_signature(Little(reader.take(reader.number(4))))
        if reader.at != len(data):
            raise BadQuote(1, f"quote: {len(data) - reader.at} bytes follow")

    def read_signature(self, reader):
        self.signature = reader.take(64)
        self.key = reader.take(64)
        if self.version == 4:
            kind = reader.number(2)
            if kind != 6:
                raise BadQuote(2, f"quote: certification data of type {kind}, expected 6")
            inner = Little(reader.take(reader.number(4)))
            self.ends(reader)
            reader = inner
        self.qe_report_data = reader.take(REPORT)[320:]
        reader.take(64)
        self.qe_authentication = reader.take(reader.number(2))
        reader.number(2)
        reader.take(reader.number(4))
        self.ends(reader)

    @staticmethod
    def ends(reader):
        if reader.at != len(reader.data):
            raise BadQuote(1, "quote: bytes follow in the signature data")

    def judge(self):
        """Raises unless the attestation key signed, and the quoting enclave's report names it."""
        bound = hashlib.sha256(self.key + self.qe_authentication).digest() + bytes(32)
        if self.qe_report_data != bound:
            raise BadQuote(4, "quote: the QE report does not bind the attestation key")
        r, s = (int.from_bytes(self.signature[at : at + 32], "big") for at in (0, 32))
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + self.key)
            key.verify(
                utils.encode_dss_signature(r, s), self.signed, ec.ECDSA(hashes.SHA256())
            )
        except (InvalidSignature, ValueError):
            raise BadQuote(4, "quote: the attestation key's signature is wrong") from None
