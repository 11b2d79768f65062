"""Prints, as JSON, the options of another process's sockets that a client is connected to. Argument: its pid.

Each is {"family": "tcp" or "unix", "nodelay", "keepalive": of TCP, "sendBuffer": bytes}.
"""

import ctypes
import json
import os
import socket
import sys

PIDFD_GETFD = 438
libc = ctypes.CDLL(None, use_errno=True)


def copies(pid):
    process = os.pidfd_open(pid)
    for name in os.listdir(f"/proc/{pid}/fd"):
        if os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
            yield socket.socket(fileno=libc.syscall(PIDFD_GETFD, process, int(name), 0))


def described(each):
    if each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return None
    tcp = each.family in (socket.AF_INET, socket.AF_INET6)
    return {
        "family": "tcp" if tcp else "unix",
        "nodelay": tcp and each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0,
        "keepalive": tcp and each.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0,
        "sendBuffer": each.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF),
    }


print(json.dumps([found for found in map(described, copies(int(sys.argv[1]))) if found]))
