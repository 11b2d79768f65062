"""Writes through several libnbd connections, reads back, and knows what must be there after a crash.

nbd_writer.py URI MODEL SEED OPERATIONS CONNECTIONS MAY_TRIM

MODEL is a file with the bytes that are expected; when MODEL.pending is there, the server was killed: each byte
may then also be what a write since the last flush has made of it. MODEL.ready is made once it is at work, mostly
after its first flush. Prints one JSON object; ends without an error when the server goes away, and leaves MODEL and
MODEL.pending for the next run.
"""
import json
import os
import random
import sys

import nbd

LENGTHS = [1, 3, 511, 512, 513, 4096, 65536, 200000]


def main():
    uri, path, seed, operations, connections, may_trim = sys.argv[1:]
    chance = random.Random(int(seed))
    handles = []
    for _ in range(int(connections)):
        handle = nbd.NBD()
        handle.connect_uri(uri)
        handles.append(handle)
    size = handles[0].get_size()
    current = take_over(handles[0], path, size)
    durable = bytearray(current)
    pending = []
    done = {"operations": 0, "flushes": 0, "lost": ""}
    # Some kills come before anything was flushed, some after; a slow machine may flush nothing for seconds.
    flushes_first = int(seed) % 4 > 0
    try:
        while done["operations"] < int(operations):
            if not flushes_first or done["flushes"] > 0:
                announce(path + ".ready")
            operate(chance, handles, size, current, durable, pending, done, may_trim == "yes")
        if chance.randrange(2):
            chance.choice(handles).flush()
            durable[:] = current
            pending.clear()
        for handle in handles:
            handle.shutdown()
        # A client that leaves in peace is kept, whether it has flushed or not.
        durable[:] = current
        pending.clear()
    except nbd.Error as error:
        done["lost"] = str(error)
    with open(path, "wb") as file:
        file.write(durable)
    if pending:
        with open(path + ".pending", "w") as file:
            json.dump(pending, file)
    print(json.dumps(done))


def announce(path):
    if not os.path.exists(path):
        with open(path, "w"):
            pass


def take_over(handle, path, size):
    expected = open(path, "rb").read()
    actual = bytearray()
    while len(actual) < size:
        actual += handle.pread(min(1 << 20, size - len(actual)), len(actual))
    explained = bytearray(size)
    if os.path.exists(path + ".pending"):
        for offset, length, value in json.load(open(path + ".pending")):
            table = bytes(int(byte == value) for byte in range(256))
            ours = actual[offset:offset + length].translate(table)
            both = int.from_bytes(ours, "big") | int.from_bytes(explained[offset:offset + length], "big")
            explained[offset:offset + length] = both.to_bytes(length, "big")
        os.remove(path + ".pending")
    for start in range(0, size, 4096):
        if actual[start:start + 4096] == expected[start:start + 4096]:
            continue
        for at in range(start, min(size, start + 4096)):
            if actual[at] != expected[at] and not explained[at]:
                sys.exit(f"byte {at} is {actual[at]}, not {expected[at]}")
    return actual


def operate(chance, handles, size, current, durable, pending, done, may_trim):
    handle = chance.choice(handles)
    length = min(size, chance.choice(LENGTHS))
    offset = chance.randrange(size - length + 1)
    kind = chance.randrange(12)
    fua = nbd.CMD_FLAG_FUA if chance.randrange(20) == 0 else 0
    value = 0
    if kind < 5:
        value = chance.randrange(1, 256)
        pending.append((offset, length, value))
        handle.pwrite(bytes([value]) * length, offset, fua)
    elif kind == 5:
        pending.append((offset, length, 0))
        handle.zero(length, offset, fua | chance.choice([0, nbd.CMD_FLAG_NO_HOLE]))
    elif kind == 6 and may_trim:
        pending.append((offset, length, 0))
        handle.trim(length, offset, fua)
    elif kind == 7:
        handle.flush()
        durable[:] = current
        pending.clear()
        done["flushes"] += 1
        return
    else:
        if handle.pread(length, offset) != current[offset:offset + length]:
            sys.exit(f"a read of {length} at {offset} is wrong")
        done["operations"] += 1
        return
    current[offset:offset + length] = bytes([value]) * length
    if fua:
        durable[offset:offset + length] = current[offset:offset + length]
        # What was written there before cannot come back.
        pending[:] = [p for p in pending if p[0] + p[1] <= offset or p[0] >= offset + length or
                      p[0] < offset or p[0] + p[1] > offset + length]
    done["operations"] += 1


main()
