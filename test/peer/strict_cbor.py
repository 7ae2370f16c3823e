"""A reader for the CBOR of ratls/1: deterministic, definite lengths, nothing left over.

Not here: negative integers, floats and simple values, which no message has.
"""

UINT, BYTES, TEXT, ARRAY, MAP, TAG = 0, 2, 3, 4, 5, 6


class Malformed(Exception):
    pass


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Malformed(f"{count} bytes are announced at {self.at}, fewer remain")
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self, wanted):
        """The value of a head of this major type, in its shortest form [RFC 8949 4.2.1]."""
        start = self.at
        first = self.take(1)[0]
        major, value = first >> 5, first & 31
        if major != wanted:
            raise Malformed(f"major type {major} at {start}, expected {wanted}")
        if value < 24:
            return value
        if value > 27:
            raise Malformed(f"a length that is not definite at {start}")
        size = 1 << value - 24
        value = int.from_bytes(self.take(size), "big")
        if value < (24 if size == 1 else 1 << 4 * size):
            raise Malformed(f"a number at {start} is not in its shortest form")
        return value

    def limited(self, major, least, most, what):
        value = self.head(major)
        if not least <= value <= most:
            raise Malformed(f"{what} is {value}, expected {least} to {most}")
        return value

    def uint(self, most=2**64 - 1, what="a number"):
        return self.limited(UINT, 0, most, what)

    def bytes(self, least=0, most=2**24, what="a byte string"):
        return self.take(self.limited(BYTES, least, most, f"the length of {what}"))

    def text(self, least=0, most=2**24, what="a text"):
        taken = self.take(self.limited(TEXT, least, most, f"the length of {what}"))
        try:
            return taken.decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed(f"{what} is not UTF-8") from None

    def array(self, least, most, item, what):
        count = self.limited(ARRAY, least, most, f"the length of {what}")
        return [item(self) for _ in range(count)]

    def map(self, keys, optional=()):
        """keys: number of each key and the function that reads its value."""
        found, last = {}, -1
        for _ in range(self.head(MAP)):
            key = self.uint()
            if key <= last:
                raise Malformed(f"key {key} follows key {last}")
            if key not in keys:
                raise Malformed(f"there is no key {key}")
            found[key] = keys[key](self)
            last = key
        for key in keys:
            if key not in found and key not in optional:
                raise Malformed(f"key {key} is missing")
        return found

    def tag(self):
        return self.head(TAG)

    def done(self):
        if self.at != len(self.data):
            raise Malformed(f"{len(self.data) - self.at} bytes follow")


def whole(data, read):
    """What read(reader) gives, if that is all there is."""
    reader = Reader(data)
    value = read(reader)
    reader.done()
    return value
