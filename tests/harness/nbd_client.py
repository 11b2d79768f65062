# A client on libnbd that says exactly what it was given. Reads one JSON object from stdin:
#   uri, reads: [[offset, length]...] in this order, inflight: most at a time,
#   structured: ask for structured replies, source: file to compare good bytes with (or null),
#   announce: [count, path] (or null): makes the empty file path when so many reads have completed
# and prints one JSON object: structured (as negotiated), results in the order of their completion, each
#   index, offset, errno (0: all of it was read), good (bytes), wrong (good bytes unlike the source's),
#   errors: [[offset, errno]...] of structured error chunks.
import json
import sys

import nbd

task = json.load(sys.stdin)
source = open(task["source"], "rb").read() if task["source"] else None
handle = nbd.NBD()
handle.set_request_structured_replies(task["structured"])
# Errors are what this client is here for; nothing is refused on our side.
handle.set_strict_mode(0)
handle.connect_uri(task["uri"])
structured = handle.get_structured_replies_negotiated()

results = []
under_way = 0
lost = False


class Read:
    def __init__(self, index, offset, length):
        self.index, self.offset, self.length = index, offset, length
        self.buffer = nbd.Buffer(length)
        self.good, self.wrong, self.errors = 0, 0, []

    def check(self, data, offset):
        self.good += len(data)
        if source is not None and data != source[offset:offset + len(data)]:
            expected = source[offset:offset + len(data)]
            self.wrong += sum(a != b for a, b in zip(data, expected)) + abs(len(data) - len(expected))

    def chunk(self, data, offset, status, error):
        if status == nbd.READ_DATA:
            self.check(bytes(data), offset)
        elif status == nbd.READ_HOLE:
            self.check(bytes(len(data)), offset)
        else:
            self.errors.append([offset, error.value])
        return 0

    def completed(self, error):
        global under_way
        if not structured and error.value == 0:
            self.check(bytes(self.buffer.to_bytearray()), self.offset)
        results.append({"index": self.index, "offset": self.offset, "errno": error.value, "good": self.good,
                        "wrong": self.wrong, "errors": self.errors})
        under_way -= 1
        if task["announce"] and len(results) == task["announce"][0]:
            open(task["announce"][1], "x").close()
        return 1


waiting = [Read(index, *read) for index, read in enumerate(task["reads"])]
waiting.reverse()
try:
    while waiting or under_way > 0:
        while waiting and under_way < task["inflight"]:
            read = waiting.pop()
            under_way += 1
            if structured:
                handle.aio_pread_structured(read.buffer, read.offset, read.chunk, read.completed)
            else:
                handle.aio_pread(read.buffer, read.offset, read.completed)
        handle.poll(-1)
except nbd.Error as error:
    lost = error.string

print(json.dumps({"structured": structured, "results": results, "lost": lost}), flush=True)
if handle.aio_is_ready():
    try:
        handle.shutdown()
    except nbd.Error:
        pass  # the server may be leaving as well
