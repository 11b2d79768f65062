#!/usr/bin/env python3
"""elf_of_kernel.py BZIMAGE ELF: takes the kernel out of the file that a boot loader starts.

qemu starts the plain kernel in half the time. The header of a bzImage says where the packed kernel lies
(Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length). A kernel that is packed by
another program than xz is left as it is: it starts too.
"""
import lzma
import struct
import sys

image = open(sys.argv[1], "rb").read()
start = (image[0x1F1] + 1) * 512 + struct.unpack_from("<I", image, 0x248)[0]
payload = image[start:start + struct.unpack_from("<I", image, 0x24C)[0]]
is_xz = payload.startswith(b"\xfd7zXZ")
with open(sys.argv[2], "wb") as elf:
    elf.write(lzma.LZMADecompressor().decompress(payload) if is_xz else image)
