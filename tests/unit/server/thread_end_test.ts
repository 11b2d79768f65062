// A thread says that it has ended and fails afterwards, or fails twice: what it had is closed once.

import { assertEquals } from "@std/assert";
import { DescriptorUsers } from "../../../src/server/descriptor_users.ts";
import { FuseThread } from "../../../src/server/fuse_thread.ts";
import { KernelThread } from "../../../src/server/kernel_thread.ts";
import { createEventFd, drainEventFd } from "../../../src/sys/eventfd.ts";
import { closeFd } from "../../../src/sys/fd.ts";
import type { FuseInit } from "../../../src/workers/fuse_init.ts";
import type { KernelSessionInit } from "../../../src/workers/attach_init.ts";

/** A thread that does nothing: the test says what is heard of it. */
class SilentWorker {
  static last: SilentWorker;
  onmessage: (event: { data: unknown }) => void = () => {};
  onerror: (event: { message: string; preventDefault(): void }) => void = () => {};

  constructor() {
    SilentWorker.last = this;
  }

  postMessage(): void {}

  fail(): void {
    this.onerror({ message: "out of memory", preventDefault() {} });
  }
}

function withSilentWorker(body: () => void): void {
  const { Worker } = globalThis;
  Object.assign(globalThis, { Worker: SilentWorker });
  try {
    body();
  } finally {
    Object.assign(globalThis, { Worker });
  }
}

/** Ends a thread that owns `fds`, and ends it again when the numbers mean something else. */
function endTwice(fds: readonly number[], end: () => void): void {
  end();
  const reused = fds.map(() => createEventFd());
  assertEquals(reused.toSorted(), fds.toSorted());
  SilentWorker.last.fail();
  // Fails when one of them is closed.
  reused.forEach(drainEventFd);
  reused.forEach(closeFd);
}

Deno.test("a thread of a mounted file that ends and then fails closes its lanes once", () => {
  withSilentWorker(() => {
    for (const isFailure of [false, true]) {
      const lanes = [createEventFd(), createEventFd()] as const;
      const init = { session: 0, lanes } as unknown as FuseInit;
      const thread = new FuseThread(init, new DescriptorUsers(), () => {});
      endTwice(lanes, () => {
        if (isFailure) SilentWorker.last.fail();
        else SilentWorker.last.onmessage({ data: { type: "ended" } });
      });
      assertEquals(thread.isRunning, false);
    }
  });
});

Deno.test("a thread of an attached device that ends and then fails closes its socket once", () => {
  withSilentWorker(() => {
    for (const isFailure of [false, true]) {
      const socket = createEventFd();
      const init = { session: 0, socket } as unknown as KernelSessionInit;
      new KernelThread(init, "/dev/nbd0", new DescriptorUsers(), () => {});
      endTwice([socket], () => {
        if (isFailure) SilentWorker.last.fail();
        else SilentWorker.last.onmessage({ data: { type: "ended" } });
      });
    }
  });
});
