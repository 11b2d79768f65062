// One life cycle for every thread of ours, with a played worker: its start, its messages, its end, and what is left of it.
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { MediumLeft, MediumRefused } from "../../../src/device/medium_errors.ts";
import { FileInUse } from "../../../src/host/lock_holder.ts";
import { DescriptorUsers } from "../../../src/server/descriptor_users.ts";
import { Thread } from "../../../src/server/thread.ts";
import type { Ended, Refused } from "../../../src/workers/thread_messages.ts";
import { PlayedTimeouts } from "../../harness/played_timeouts.ts";
import { PlayedWorkers } from "../../harness/played_workers.ts";

type Order = { count: number };
type Message = { type: "ready"; answer: number } | { type: "news"; text: string } | Refused | Ended;

/** A thread whose worker the test plays. */
class Played implements Disposable {
  readonly workers = new PlayedWorkers();
  readonly users = new DescriptorUsers();
  readonly heard: string[] = [];
  readonly thread: Thread<Order, Message>;

  constructor() {
    this.thread = new Thread(new URL("file:///src/workers/played.ts"), "player", {
      heard: (message) => void this.heard.push(message.type),
      ended: (error) => void this.heard.push(error === undefined ? "ended" : `died: ${error}`),
    }, this.users);
  }

  get worker() {
    return this.workers.all[0]!;
  }

  tell(message: Message): void {
    this.worker.tell(message);
  }

  [Symbol.dispose](): void {
    this.workers[Symbol.dispose]();
  }
}

/** Whether a promise has resolved by the time that all that is due has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  const turn = new Promise((resolve) => setTimeout(() => resolve(pending), 0));
  return await Promise.race([promise.then(() => true, () => true), turn]) === true;
}

Deno.test("orders go in and messages come out, in their order, until the thread ends", () => {
  using played = new Played();
  assertEquals([played.worker.entry, played.thread.isRunning], ["played.ts", true]);
  played.thread.order({ count: 1 });
  played.tell({ type: "ready", answer: 1 });
  played.tell({ type: "news", text: "" });
  assertEquals(played.thread.isRunning, true);
  played.tell({ type: "ended" });
  assertEquals(played.thread.isRunning, false);
  played.thread.order({ count: 2 });
  played.tell({ type: "news", text: "" });
  assertEquals(played.heard, ["ready", "news", "ended"]);
  assertEquals(played.worker.orders, [{ count: 1 }]);
});

Deno.test("a thread is ready with its own message, and there is no time limit for that", async () => {
  using played = new Played();
  using timers = new PlayedTimeouts();
  timers.runAll();
  played.tell({ type: "news", text: "" });
  played.tell({ type: "ready", answer: 42 });
  assertEquals((await played.thread.ready).answer, 42);
  played.tell({ type: "ended" });
  assertEquals((await played.thread.ready).answer, 42);
});

Deno.test("a refusal arrives as the error that the thread had", async () => {
  for (const kind of [UserError, MediumRefused, FileInUse, MediumLeft]) {
    using played = new Played();
    const details = { message: "no", hints: ["do this"], exitCode: 5 };
    played.tell({ type: "refused", refusal: { ...details, kind: kind.name } });
    const error = await assertRejects(() => played.thread.ready, kind, "no");
    assertStrictEquals(error.constructor, kind);
    if (error instanceof UserError) {
      assertEquals([error.hints, error.exitCode], [details.hints, details.exitCode]);
    }
    assertEquals(played.heard, ["refused"]);
  }
});

Deno.test("a class of error that main does not tell apart arrives as a UserError", async () => {
  using played = new Played();
  const refusal = { kind: "Error", message: "no", hints: [], exitCode: 1 };
  played.tell({ type: "refused", refusal });
  const error = await assertRejects(() => played.thread.ready, UserError, "no");
  assertStrictEquals(error.constructor, UserError);
});

Deno.test("a thread that ends or dies before it is ready is not waited for any longer", async () => {
  using ended = new Played();
  ended.tell({ type: "ended" });
  await assertRejects(() => ended.thread.ready, UserError, 'the thread "player" has ended');
  using dead = new Played();
  dead.worker.die("oops");
  await assertRejects(() => dead.thread.ready, UserError, 'the thread "player" has ended');
  assertEquals([ended.heard, dead.heard], [["ended"], ["died: oops"]]);
});

Deno.test("the end is heard once and at once: an error after it closes nothing a second time", () => {
  for (const isDead of [false, true]) {
    using played = new Played();
    if (isDead) played.worker.die("oops");
    else played.tell({ type: "ended" });
    assertEquals(played.heard, [isDead ? "died: oops" : "ended"]);
    played.worker.die("again");
    played.tell({ type: "ended" });
    assertEquals(played.heard.length, 1);
  }
});

Deno.test("an error of a thread is main's to tell, not the end of the program", () => {
  using played = new Played();
  const event = new ErrorEvent("error", { message: "oops", cancelable: true });
  played.worker.onerror?.(event);
  assertEquals(event.defaultPrevented, true);
});

Deno.test("descriptors have users until the thread has ended, also one that was left behind", async () => {
  for (const isLeft of [false, true]) {
    using played = new Played();
    assertEquals(await isSettled(played.users.gone), false);
    if (isLeft) played.thread.leave();
    else played.tell({ type: "ended" });
    assertEquals(await isSettled(played.users.gone), !isLeft);
  }
});

Deno.test("a thread that hangs is waited for as long as the caller says, and again later", async () => {
  using played = new Played();
  using timers = new PlayedTimeouts();
  const first = played.thread.endsWithin(500);
  timers.runAll();
  assertEquals(await first, false);
  const second = played.thread.endsWithin(500);
  played.tell({ type: "ended" });
  assertEquals(await second, true);
});

Deno.test("a thread that is left behind is heard no more, and is ended if one more thread can be had", () => {
  using played = new Played();
  played.thread.leave();
  assertEquals([played.worker.isTerminated, played.thread.isRunning], [true, true]);
  played.tell({ type: "news", text: "" });
  played.worker.die("oops");
  assertEquals(played.heard, []);
});
