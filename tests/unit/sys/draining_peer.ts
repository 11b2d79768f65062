// A thread that lets a socket's buffer fill up, then receives until the sender ends, for socket_test.ts.
import { NativeMemory } from "../../../src/sys/memory.ts";
import { tryRecv } from "../../../src/sys/socket.ts";

declare const self: DedicatedWorkerGlobalScope;

/** `idleMs`: how long nothing is received at first. */
export interface Drain {
  fd: number;
  idleMs: number;
}

self.onmessage = (event: MessageEvent<Drain>) => {
  const { fd, idleMs } = event.data;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, idleMs);
  const memory = NativeMemory.allocate(2 ** 16);
  let total = 0;
  for (;;) {
    const count = tryRecv(fd, memory.address, memory.size);
    if (count <= 0) break;
    total += count;
  }
  memory.release();
  self.postMessage(total);
};
