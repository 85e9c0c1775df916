# SPDX-License-Identifier: MIT
"""Slices written and packs read in Python, after the words of src/base/slice.h: an oracle that
shares no line with the C side. Not a test by itself.

    Slice(rules, first=40, attempt=1).add(["echo", "a"]).write(path)
    pack = read_pack(path)      # pack.results[0].stdout
"""
import ctypes
import struct
import types

XXHASH = ctypes.CDLL("libxxhash.so.0")
NONE, EXIT, SIGNAL, TIMEOUT, START, INPUT, OUTPUT, FOLDER = range(8)
SECOND = 10**9


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


XXHASH.XXH3_64bits.restype = ctypes.c_uint64
XXHASH.XXH3_64bits.argtypes = XXHASH.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
XXHASH.XXH3_128bits.restype = Hash128


def hash64(data):
    return XXHASH.XXH3_64bits(data, len(data))


def hash128(data):
    """High and low half."""
    value = XXHASH.XXH3_128bits(data, len(data))
    return value.high, value.low


def result_digest(stdout, total, outs):
    """The digest of a good attempt's record, as 32 hex digits."""
    data = stdout + struct.pack("<Q", total)
    for size, high, low in outs:
        data += struct.pack("<QQQ", size, high, low)
    return "%016x%016x" % hash128(data)


def frame(magic, body, version=2):
    head = magic + struct.pack("<IQ", version, 20 + len(body) + 8)
    return head + body + struct.pack("<Q", hash64(head + body))


def text(value):
    value = value if isinstance(value, bytes) else str(value).encode()
    return struct.pack("<I", len(value)) + value + b"\0"


class Slice:
    def __init__(self, attempts="", start="/", first=0, attempt=1, run="5eed", staged=False,
                 stays=False, env=None, timeout=0, kill_after=SECOND, memory=0, cpu=0, files=0,
                 stream_max=1 << 20, late=False):
        self.first, self.attempt, self.count, self.body = first, attempt, 0, b""
        self.rules = struct.pack("<B", staged | stays << 1 | late << 2) + text(run)
        self.rules += text("" if staged else start) + text(attempts)
        if env is None:
            self.rules += struct.pack("<I", 0xFFFFFFFF)
        else:
            self.rules += struct.pack("<I", len(env)) + b"".join(map(text, env))
        self.rules += struct.pack("<qqQQQQ", timeout, kill_after, memory, cpu, files, stream_max)

    def add(self, args, ins=(), outs=(), item=""):
        self.body += text(item) + struct.pack("<I", len(args)) + b"".join(map(text, args))
        for files in (ins, outs):
            self.body += struct.pack("<I", len(files))
            for file in files:
                path, name = file if isinstance(file, tuple) else (file, "")
                self.body += text(path) + text(name)
        self.count += 1
        return self

    def sh(self, script, *args, **more):
        return self.add(["sh", "-c", script, "sh", *args], **more)

    def bytes(self):
        head = struct.pack("<QII", self.first, self.count, self.attempt)
        return frame(b"TOTESLCE", head + self.rules + self.body)

    def name(self, ending):
        return f"{self.first}-{self.count}-{self.attempt}.{ending}"


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        assert self.at + n <= len(self.data)
        self.at += n
        return self.data[self.at - n:self.at]

    def numbers(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))

    def text(self):
        value = self.take(self.numbers("I")[0])
        assert self.take(1) == b"\0"
        return value.decode(errors="surrogateescape")


def read_result(reader):
    cause, status, signal = reader.numbers("BBB")
    why = reader.text()
    stdout_bytes, n = reader.numbers("QI")
    stdout = reader.take(n)
    stderr_bytes, n = reader.numbers("QI")
    stderr = reader.take(n)
    max_rss, left = reader.numbers("QI")
    left_name = reader.text()
    n, = reader.numbers("I")
    files = [reader.numbers("QQQH") for _ in range(n)]
    return types.SimpleNamespace(cause=cause, status=status, signal=signal, why=why,
                                 stdout=stdout, stdout_bytes=stdout_bytes, stderr=stderr,
                                 stderr_bytes=stderr_bytes, max_rss=max_rss, left=left,
                                 left_name=left_name, outs=[file[:3] for file in files],
                                 modes=[file[3] for file in files])


def read_pack(path):
    data = path.read_bytes()
    assert data[:8] == b"TOTEPACK" and struct.unpack("<IQ", data[8:20]) == (2, len(data))
    assert struct.unpack("<Q", data[-8:])[0] == hash64(data[:-8])
    reader = Reader(data[20:-8])
    first, count, attempt = reader.numbers("QII")
    results = [read_result(reader) for _ in range(count)]
    assert reader.at == len(reader.data)
    return types.SimpleNamespace(first=first, count=count, attempt=attempt, results=results)
