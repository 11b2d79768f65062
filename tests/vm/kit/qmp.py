#!/usr/bin/env python3
"""Does something with a drive of a machine that run.sh has booted, from the host's side.

qmp.py SOCKET eject|pop|out|close DRIVE     as hostqmp does in the guest
qmp.py SOCKET insert DRIVE FILE             FILE may be a `json:{...}` of qemu's
qmp.py SOCKET COMMAND [JSON ARGUMENTS]      any command of qemu's
"""
import json
import socket
import sys


def main(path, verb, *rest):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect(path)
    stream = connection.makefile("rw")
    json.loads(stream.readline())

    def ask(command, **arguments):
        stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        stream.flush()
        while True:
            answer = json.loads(stream.readline())
            if "error" in answer:
                sys.exit(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    ask("qmp_capabilities")
    if verb == "eject":
        ask("eject", id=rest[0])
    elif verb == "pop":
        ask("eject", id=rest[0], force=True)
    elif verb == "out":
        ask("blockdev-open-tray", id=rest[0], force=True)
        ask("blockdev-remove-medium", id=rest[0])
        ask("blockdev-close-tray", id=rest[0])
    elif verb == "close":
        ask("blockdev-close-tray", id=rest[0])
    elif verb == "insert":
        ask("blockdev-change-medium", id=rest[0], filename=rest[1], force=True)
    else:
        print(json.dumps(ask(verb, **json.loads(rest[0] if rest else "{}"))))


if __name__ == "__main__":
    main(*sys.argv[1:])
