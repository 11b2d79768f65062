// The life of a drive with played workers: media that come, are refused, leave, and the exit codes of the run.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { EXIT_DONE, EXIT_TERMINATED } from "../../../src/base/exit_codes.ts";
import { DriveLife } from "../../../src/server/drive_life.ts";
import type { ServerEvent } from "../../../src/server/events.ts";
import type { Run } from "../../../src/server/run.ts";
import type { StopSignal } from "../../../src/server/run_end.ts";
import type { StopRequest } from "../../../src/server/stop_request.ts";
import type { WatcherOrder } from "../../../src/workers/watcher_init.ts";
import { type PlayedWorker, PlayedWorkers } from "../../harness/played_workers.ts";

class Drive implements Disposable {
  readonly workers = new PlayedWorkers();
  readonly events: ServerEvent[] = [];
  readonly #stop = Promise.withResolvers<StopSignal>();
  readonly exitCode: Promise<number>;

  constructor({ once = false, mustComplete = false } = {}) {
    const options = {
      devicePath: "/dev/sr0",
      maxClients: 1,
      once,
      fill: mustComplete ? { exitWhenComplete: true } : undefined,
    };
    const run = {
      options,
      listeners: { sockets: [], uris: [] },
      observe: (event: ServerEvent) => void this.events.push(event),
      isDrive: true,
      stopped: this.#stop.promise,
    } as unknown as Run;
    const request = { devicePath: "/dev/sr0" } as never;
    const stop = { requested: this.#stop.promise } as unknown as StopRequest;
    this.exitCode = new DriveLife(run, request, stop).live();
    this.exitCode.catch(() => {});
  }

  get watcher(): PlayedWorker {
    return this.workers.of("watcher.ts")[0]!;
  }

  /** What the watcher sees now. */
  show(seen: { drive: boolean; medium: string | null }): void {
    const watch = this.watcher.orders.findLast((order: WatcherOrder) => order.type === "watch");
    this.watcher.tell({ type: "seen", round: watch!.round, seen });
  }

  /** The reader that looks at the medium; there is one for each. */
  async reader(count: number): Promise<PlayedWorker> {
    while (this.workers.of("reader.ts").length < count) await this.turn();
    return this.workers.of("reader.ts")[count - 1]!;
  }

  async said(text: string): Promise<void> {
    while (!this.sentences.some((each) => each.includes(text))) await this.turn();
  }

  get sentences(): string[] {
    return this.events.flatMap((event) => "message" in event ? [event.message] : []);
  }

  /** Lets what is under way go on. */
  turn(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 0));
  }

  async end(signal: StopSignal = "SIGTERM"): Promise<number> {
    this.#stop.resolve(signal);
    let isOver = false;
    this.exitCode.then(() => isOver = true, () => isOver = true);
    const isStopped = (order: WatcherOrder) => order.type === "stop";
    // A watcher that has died is told nothing.
    while (!isOver && !this.watcher.orders.some(isStopped)) {
      await this.turn();
      for (const reader of this.workers.of("reader.ts")) reader.tell({ type: "ended" });
    }
    this.watcher.tell({ type: "ended" });
    return await this.exitCode;
  }

  [Symbol.dispose](): void {
    this.workers[Symbol.dispose]();
  }
}

const REFUSAL = {
  kind: "MediumRefused",
  message: "it is an audio disc",
  hints: ["insert another"],
  exitCode: 1,
};

Deno.test("without a medium the run waits for one, and ends in order", async () => {
  using drive = new Drive();
  drive.show({ drive: true, medium: null });
  await drive.said('no medium in "/dev/sr0": waiting for one');
  drive.show({ drive: false, medium: null });
  await drive.said('"/dev/sr0" is not plugged in: waiting until it is');
  assertEquals(await drive.end(), EXIT_DONE);
  assertEquals(drive.events.at(-1), { event: "done", exitCode: EXIT_DONE });
});

Deno.test("a run that was to be complete and has found no medium was interrupted", async () => {
  using drive = new Drive({ mustComplete: true });
  drive.show({ drive: true, medium: null });
  await drive.said("waiting for one");
  assertEquals(await drive.end(), EXIT_TERMINATED);
});

Deno.test("a medium that is refused is followed by the next one", async () => {
  using drive = new Drive();
  drive.show({ drive: true, medium: "1" });
  const first = await drive.reader(1);
  assertEquals(first.orders[0].open, { devicePath: "/dev/sr0" });
  first.tell({ type: "refused", refusal: REFUSAL });
  await drive.turn();
  first.tell({ type: "ended" });
  await drive.said("it is an audio disc");
  const refused = drive.events.find((event) =>
    event.event === "medium" && event.state === "refused"
  );
  assert(refused?.event === "medium" && refused.hints?.includes("or insert another one"));
  drive.show({ drive: true, medium: "2" });
  await drive.reader(2);
  assertEquals(await drive.end(), EXIT_DONE);
});

Deno.test("what is wrong with our side at the first medium ends the run, and so does any refusal with --once", async () => {
  for (const [once, kind] of [[false, "UserError"], [true, "MediumRefused"]] as const) {
    using drive = new Drive({ once });
    drive.show({ drive: true, medium: "1" });
    const reader = await drive.reader(1);
    reader.tell({ type: "refused", refusal: { ...REFUSAL, kind } });
    await drive.turn();
    reader.tell({ type: "ended" });
    while (!drive.watcher.orders.some((order: WatcherOrder) => order.type === "stop")) {
      await drive.turn();
    }
    drive.watcher.tell({ type: "ended" });
    await assertRejects(() => drive.exitCode, UserError, "it is an audio disc");
  }
});

Deno.test("a medium that leaves while it is looked at is let go, and looked for anew", async () => {
  using drive = new Drive();
  drive.show({ drive: true, medium: "1" });
  const reader = await drive.reader(1);
  drive.show({ drive: true, medium: null });
  while (reader.orders.length < 2) await drive.turn();
  assertEquals(reader.orders[1], { abandon: true });
  reader.tell({ type: "ended" });
  const isAnew = (order: WatcherOrder) => order.type === "watch" && order.round === 2;
  while (!drive.watcher.orders.some(isAnew)) await drive.turn();
  assertEquals(await drive.end(), EXIT_DONE);
});

Deno.test("a disc whose image an earlier look at it still holds is opened when that has ended", async () => {
  using drive = new Drive();
  const inUse = { ...REFUSAL, kind: "FileInUse", message: "in use" };
  drive.show({ drive: true, medium: "1" });
  const slow = await drive.reader(1);
  drive.show({ drive: true, medium: null });
  while (slow.orders.length < 2) await drive.turn();
  // It does not end: after a moment it is left behind.
  while (drive.watcher.orders.at(-1)?.round !== 2) await drive.turn();
  drive.show({ drive: true, medium: "1" });
  const second = await drive.reader(2);
  second.tell({ type: "refused", refusal: inUse });
  second.tell({ type: "ended" });
  await drive.said("an earlier look");
  slow.tell({ type: "ended" });
  const third = await drive.reader(3);
  // Nothing of ours is left now: it must be another program.
  third.tell({ type: "refused", refusal: { ...inUse, message: "another program" } });
  third.tell({ type: "ended" });
  while (!drive.watcher.orders.some((order: WatcherOrder) => order.type === "stop")) {
    await drive.turn();
  }
  drive.watcher.tell({ type: "ended" });
  await assertRejects(() => drive.exitCode, UserError, "another program");
});

Deno.test("an error of the watcher is said; the run goes on", async () => {
  using drive = new Drive();
  drive.watcher.tell({ type: "warning", message: "mind" });
  drive.watcher.tell({ type: "debug", message: "detail" });
  drive.watcher.die("oops");
  assertEquals(drive.sentences, [
    "mind",
    "detail",
    "the watcher has ended by an error of blkcache: oops",
  ]);
  assertEquals(await drive.end(), EXIT_DONE);
});
