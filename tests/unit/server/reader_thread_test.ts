// What main makes of the reader worker's messages, with a played worker.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { MediumLeft, MediumRefused } from "../../../src/device/medium_errors.ts";
import type { ServerEvent } from "../../../src/server/events.ts";
import { FileInUse } from "../../../src/host/lock_holder.ts";
import { ReaderThread } from "../../../src/server/reader_thread.ts";
import { EIO } from "../../../src/sys/errno.ts";
import type { OpenInit, ReaderInit, ReaderMessage } from "../../../src/workers/reader_init.ts";
import { PlayedTimeouts } from "../../harness/played_timeouts.ts";
import { DescriptorUsers } from "../../../src/server/descriptor_users.ts";
import { PlayedWorkers } from "../../harness/played_workers.ts";

const OPEN = { open: { devicePath: "/dev/sdx" }, isDrive: false } as unknown as OpenInit;
const READ = { deviceFd: 3 } as unknown as ReaderInit;

class Thread implements Disposable {
  readonly workers = new PlayedWorkers();
  readonly events: ServerEvent[] = [];
  readonly users = new DescriptorUsers();
  readonly thread: ReaderThread;

  constructor(order: OpenInit | ReaderInit) {
    const names = { devicePath: "/dev/sdx", imagePath: "x.img" };
    const observe = (event: ServerEvent) => void this.events.push(event);
    this.thread = new ReaderThread(order, names, this.users, observe);
  }

  tell(message: ReaderMessage): void {
    this.workers.all[0]!.tell(message);
  }

  get said(): string[] {
    return this.events.flatMap((event) => "message" in event ? [event.message] : []);
  }

  [Symbol.dispose](): void {
    this.workers[Symbol.dispose]();
  }
}

Deno.test("the thread starts with the first who may wait for it, and once", () => {
  using thread = new Thread(READ);
  assertEquals([thread.thread.isRunning, thread.workers.all.length], [false, 0]);
  thread.thread.begin();
  thread.thread.begin();
  assertEquals(thread.workers.all.map(({ entry, orders }) => [entry, orders]), [["reader.ts", [
    READ,
  ]]]);
});

Deno.test("a device is opened at once, then read or abandoned", async () => {
  using thread = new Thread(OPEN);
  const opened = { medium: {}, writeFd: undefined, isCertain: true };
  thread.tell({ type: "ready", opened: opened as never });
  assertEquals(await thread.thread.opened as unknown, opened);
  thread.thread.read(READ, "y.img");
  thread.tell({ type: "imageFailed", errno: EIO });
  assertEquals(thread.said, ['cannot write the image "y.img": Input/output error (EIO)']);
  thread.thread.abandon();
  assertEquals(thread.workers.all[0]!.orders, [OPEN, READ, { abandon: true }]);
});

Deno.test("each way in which a device is not opened is an error of its own", async () => {
  const refusal = { message: "no", hints: ["hint"], exitCode: 1 };
  for (const kind of [UserError, MediumRefused, FileInUse, MediumLeft]) {
    using thread = new Thread(OPEN);
    thread.tell({ type: "refused", refusal: { ...refusal, kind: kind.name } });
    const error = await assertRejects(() => thread.thread.opened);
    assertEquals(error?.constructor, kind);
  }
});

Deno.test("a reader that dies ends the run, and says so", async () => {
  using thread = new Thread(OPEN);
  thread.workers.all[0]!.die("oops");
  await assertRejects(() => thread.thread.opened, UserError, "has ended before it was ready");
  await thread.thread.failed;
  await thread.users.gone;
  assertEquals(thread.said, ["the reader has ended by an error of blkcache: oops"]);
});

Deno.test("a reader that never ran has ended; one that hangs is left behind after a while", async () => {
  using idle = new Thread(READ);
  assertEquals(await idle.thread.end(), true);
  using busy = new Thread(OPEN);
  using timers = new PlayedTimeouts();
  const ended = busy.thread.end();
  timers.runAll();
  assertEquals(await ended, false);
  const again = busy.thread.end();
  busy.tell({ type: "ended" });
  assertEquals(await again, true);
});

Deno.test("what the reader tells is a sentence, or something to wait for", async () => {
  using thread = new Thread(READ);
  thread.thread.begin();
  thread.tell({ type: "readsFailed", count: 1, offset: 512, length: 512, errno: EIO });
  thread.tell({ type: "readsFailed", count: 3, offset: 512, length: 512, errno: EIO });
  thread.tell({ type: "silent", sinceMs: 0, errno: 0 });
  thread.tell({ type: "answers", silentMs: 5000, path: "/dev/sdy" });
  thread.tell({ type: "imageRecovered" });
  thread.tell({ type: "mapFull" });
  thread.tell({ type: "writeFailed", what: "cannot sync", errno: EIO });
  thread.tell({ type: "warning", message: "mind", hints: [] });
  thread.tell({ type: "deviceGone", errno: EIO });
  const beginnings = [
    'cannot read "/dev/sdx" at 512 (512 bytes): Input/output error (EIO)',
    'cannot read "/dev/sdx" at 512 (512 bytes): Input/output error (EIO), and 2 more',
    '"/dev/sdx" has stopped answering since ',
    '"/dev/sdx" answers again as "/dev/sdy", after ',
    'the image "x.img" can be written again',
    "there is no memory left for the map",
    'cannot sync "/dev/sdx": Input/output error (EIO)',
    "mind",
    '"/dev/sdx" has gone: Input/output error (EIO)',
  ];
  assertEquals(thread.said.length, beginnings.length);
  for (const [index, text] of thread.said.entries()) {
    assert(text.startsWith(beginnings[index]!), text);
  }
  await thread.thread.gone;
  thread.tell({ type: "fillEnded", reason: "complete", verified: undefined });
  assertEquals((await thread.thread.filled).reason, "complete");
  assertEquals(thread.thread.writesComplete, false);
  thread.tell({ type: "writesEnded", complete: true });
  assertEquals(thread.thread.writesComplete, true);
});

Deno.test("differences from the image are told one by one, but not without end", () => {
  using thread = new Thread(READ);
  thread.thread.begin();
  for (let offset = 0; offset < 100; offset++) thread.tell({ type: "differs", offset });
  assertEquals(thread.said.length, 5);
});

Deno.test("that a medium has left its drive is said by others", async () => {
  using thread = new Thread({ ...OPEN, isDrive: true });
  thread.tell({ type: "deviceGone", errno: 0 });
  await thread.thread.gone;
  assertEquals(thread.said, []);
});
