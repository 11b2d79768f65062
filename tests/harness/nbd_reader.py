# A client that never gives up: reads random ranges through libnbd, four at a time, compares what it gets with
# the source, and connects again whenever the server has gone. Ends when stdin does, and then prints one JSON
# object: connections, reads (that succeeded), wrong (reads with bytes unlike the source's).
#   nbd_reader.py URI SOURCE SEED
import json
import random
import sys
import threading
import time

import nbd

uri, source = sys.argv[1], open(sys.argv[2], "rb").read()
rng = random.Random(int(sys.argv[3]))
ended = threading.Event()
counts = {"connections": 0, "reads": 0, "wrong": 0}


def listen():
    sys.stdin.read()
    ended.set()


def read_on(handle):
    under_way = 0
    while not ended.is_set() or under_way > 0:
        while under_way < 4 and not ended.is_set():
            length = 512 << rng.randrange(8)
            offset = min(rng.randrange(len(source)), len(source) - length)
            buffer = nbd.Buffer(length)

            def completed(error, buffer=buffer, offset=offset, length=length):
                nonlocal under_way
                under_way -= 1
                if error.value == 0:
                    counts["reads"] += 1
                    counts["wrong"] += buffer.to_bytearray() != source[offset:offset + length]
                return 1

            handle.aio_pread(buffer, offset, completed)
            under_way += 1
        handle.poll(100)


threading.Thread(target=listen, daemon=True).start()
while not ended.is_set():
    handle = nbd.NBD()
    try:
        handle.connect_uri(uri)
        counts["connections"] += 1
        read_on(handle)
    except nbd.Error:
        time.sleep(0.002)
    del handle
print(json.dumps(counts))
