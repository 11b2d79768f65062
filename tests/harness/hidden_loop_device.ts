// Takes the bytes of a loop device away while programs have it open, and gives them back: as after the cable of a disk
// was pulled, its size is 0 and reads bring nothing (linux/loop.h). Needs root.

import { closeFd, openFile } from "../../src/sys/fd.ts";
import { tryIoctlBytes, unwrapIoctl } from "../../src/sys/ioctl.ts";
import { O_RDONLY } from "../../src/sys/open_flags.ts";

const LOOP_SET_STATUS64 = 0x4c04;
const LOOP_GET_STATUS64 = 0x4c05;
/** struct loop_info64, and where its lo_offset is. */
const INFO_BYTES = 232;
const LO_OFFSET = 24;
/** Behind the end of every file that is attached. */
const FAR = 1n << 50n;

/** Readers get no byte from now on. */
export function hideLoopDevice(path: string): void {
  setOffset(path, FAR);
}

/** Readers get bytes again, by the descriptors that they have. */
export function showLoopDevice(path: string): void {
  setOffset(path, 0n);
}

function setOffset(path: string, offset: bigint): void {
  const fd = openFile(path, O_RDONLY);
  try {
    const info = new Uint8Array(INFO_BYTES);
    unwrapIoctl(tryIoctlBytes(fd, LOOP_GET_STATUS64, info), "LOOP_GET_STATUS64", fd);
    new DataView(info.buffer).setBigUint64(LO_OFFSET, offset, true);
    unwrapIoctl(tryIoctlBytes(fd, LOOP_SET_STATUS64, info), "LOOP_SET_STATUS64", fd);
  } finally {
    closeFd(fd);
  }
}
