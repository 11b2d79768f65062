// A thread that lets a socket's buffer fill up, then receives until the sender ends, and hands over what
// it got. For socket_test.ts.
import { NativeMemory } from "../../../src/sys/memory.ts";
import { tryRecv } from "../../../src/sys/socket.ts";

declare const self: DedicatedWorkerGlobalScope;

/** `size`: bytes to receive; `idleMs`: how long nothing is received at first. */
export interface Drain {
  fd: number;
  size: number;
  idleMs: number;
}

self.onmessage = (event: MessageEvent<Drain>) => {
  const { fd, size, idleMs } = event.data;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, idleMs);
  const memory = NativeMemory.allocate(size);
  let total = 0;
  while (total < size) {
    const count = tryRecv(fd, memory.address + total, size - total);
    if (count <= 0) break;
    total += count;
  }
  self.postMessage(memory.bytes.slice(0, total));
  memory.release();
};
