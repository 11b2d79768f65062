// Entry point of the two threads that deal with an attached kernel device. One holds it: it gives the kernel
// its connections, and the kernel keeps the thread until they have ended. The other makes the calls that may
// wait for the device itself. Other threads answer the connections (kernel_session.ts).
/// <reference lib="deno.worker" />
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { openKernelDevice, partitionsOn } from "../host/kernel_device.ts";
import { SysfsBlock } from "../host/sysfs.ts";
import { BLKRRPART } from "../sys/block_ioctls.ts";
import { EPERM, errnoMessage, errnoName } from "../sys/errno.ts";
import { closeFd, syncFd } from "../sys/fd.ts";
import { tryIoctlValue } from "../sys/ioctl.ts";
import {
  nbdClearSocket,
  nbdDisconnect,
  nbdDoIt,
  nbdSetSocket,
  nbdSetUp,
} from "../sys/nbd_ioctls.ts";
import { O_NONBLOCK, O_RDONLY, O_RDWR } from "../sys/open_flags.ts";
import { blockSignals } from "../sys/threads.ts";
import { SystemError } from "../sys/system_error.ts";
import type { AttachMessage, AttachOrder, HoldOrder, WatchOrder } from "./attach_init.ts";
import { MainThread } from "./main_thread.ts";

/** Milliseconds between two looks whether the kernel has set the device up. */
const LOOK_MS = 5;

/** A device, and the thread that the kernel says serves it. */
interface Watched {
  readonly path: string;
  readonly block: SysfsBlock;
  readonly holder: string;
}

let watched: Watched | undefined;

const main = new MainThread<AttachOrder, AttachMessage>();

main.obey((order) => {
  if (order.type === "hold") hold(order);
  else if (order.type === "watch") watch(order);
  else if (order.type === "flush") flush();
  else {
    detach();
    main.end();
  }
});

/** The kernel takes all connections from one thread only. */
function hold({ path, deviceNumber, sockets, exported }: HoldOrder): void {
  let fd = -1;
  let isOurs = false;
  try {
    fd = openKernelDevice(path, deviceNumber, O_RDWR);
    // First of all: a device that another program has set up refuses our sockets, and stays as it is.
    for (const socket of sockets) {
      nbdSetSocket(fd, socket);
      isOurs = true;
    }
    nbdSetUp(fd, exported);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (isOurs) errnoOf(() => nbdClearSocket(fd));
    if (fd >= 0) closeFd(fd);
    main.refuse(refusal(path, error.errno));
    return main.end();
  } finally {
    for (const socket of sockets) closeFd(socket);
  }
  blockSignals();
  const errno = errnoOf(() => nbdDoIt(fd));
  // What waits for an answer on connections that have gone fails now.
  errnoOf(() => nbdClearSocket(fd));
  errnoOf(() => closeFd(fd));
  main.refuse(refusal(path, errno));
  main.end();
}

/** @param errno 0: the device was detached. */
function refusal(path: string, errno: number): UserError {
  const reason = errno === 0 ? "it was detached" : `${errnoMessage(errno)} (${errnoName(errno)})`;
  return new UserError(`cannot attach "${printable(path)}": ${reason}`, {
    hints: [errno === EPERM ? "run it as root" : "dmesg may say why; or name another device"],
  });
}

function watch({ path, deviceNumber }: WatchOrder): void {
  const block = new SysfsBlock(deviceNumber);
  const tick = new Int32Array(new SharedArrayBuffer(4));
  let holder: string | undefined;
  while ((holder = block.attribute("pid")) === undefined || !block.size) {
    Atomics.wait(tick, 0, 0, LOOK_MS);
  }
  watched = { path, block, holder };
  main.tell({ type: "ready" });
  // The kernel looks for partitions when the device is opened; udev would do that, where there is one.
  withDevice(watched, (fd) => tryIoctlValue(fd, BLKRRPART, 0));
  main.tell({ type: "scanned", partitions: partitionsOn(block) });
}

/** What programs have written may still lie in the kernel's memory only. */
function flush(): void {
  if (watched !== undefined) withDevice(watched, (fd) => errnoOf(() => syncFd(fd)));
  main.tell({ type: "flushed" });
}

function detach(): void {
  // Another program has it by now.
  if (watched === undefined || watched.block.attribute("pid") !== watched.holder) return;
  withDevice(watched, (fd) => errnoOf(() => nbdDisconnect(fd)));
}

function withDevice({ path, block }: Watched, use: (fd: number) => unknown): void {
  errnoOf(() => {
    const fd = openKernelDevice(path, block.deviceNumber, O_RDONLY | O_NONBLOCK);
    use(fd);
    closeFd(fd);
  });
}

/** @returns 0, or what the system said. */
function errnoOf(call: () => void): number {
  try {
    call();
    return 0;
  } catch (error) {
    if (error instanceof SystemError) return error.errno;
    throw error;
  }
}
