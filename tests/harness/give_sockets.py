"""Opens sockets, gives them to a program as systemd does, and becomes that program.

give_sockets.py SPEC PROGRAM ARGS...; SPEC is JSON: {"sockets": [...], "pid": null or a wrong one}. A socket is
{"unix": path}, {"tcp": host}, each listening unless "idle" is true, {"udp": host}, or {"file": path}.

With "orphan" it becomes that program when its parent has ended, in a session of its own if "leader" is true, and
writes its process number to that path first.
"""

import fcntl
import json
import os
import socket
import sys
import time

FIRST = 3
ABOVE = 100


def opened(spec):
    if "file" in spec:
        return os.open(spec["file"], os.O_RDONLY)
    kind = socket.SOCK_DGRAM if "udp" in spec else socket.SOCK_STREAM
    host = spec.get("tcp", spec.get("udp"))
    family = socket.AF_UNIX if host is None else socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, kind)
    made.bind(spec["unix"] if host is None else (host, 0))
    if kind == socket.SOCK_STREAM and not spec.get("idle"):
        made.listen()
    return made.detach()


def orphan(path, leader):
    parent = os.getpid()
    if os.fork():
        os._exit(0)
    if leader:
        os.setsid()
    while os.getppid() == parent:
        time.sleep(0.01)
    with open(path + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(path + ".new", path)


spec = json.loads(sys.argv[1])
if "orphan" in spec:
    orphan(spec["orphan"], spec.get("leader"))
fds = [fcntl.fcntl(opened(each), fcntl.F_DUPFD, ABOVE) for each in spec["sockets"]]
for place, fd in enumerate(fds):
    os.dup2(fd, FIRST + place)
    os.close(fd)
os.environ["LISTEN_FDS"] = str(len(fds))
os.environ["LISTEN_PID"] = str(spec.get("pid") or os.getpid())
os.execvp(sys.argv[2], sys.argv[2:])
