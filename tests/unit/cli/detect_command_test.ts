// `detect` with a played thread that looks at the devices, and with the real one.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { detectCommand } from "../../../src/cli/detect_command.ts";
import { DeviceLooks } from "../../../src/cli/device_looks.ts";
import {
  type BlockDeviceInfo,
  describeSilentDevice,
  listedBlocks,
} from "../../../src/device/block_listing.ts";
import { SysfsBlock } from "../../../src/host/sysfs.ts";
import { LoopDevice } from "../../harness/loop_device.ts";
import { leave, make } from "../../harness/made_media.ts";
import { PlayedIntervals } from "../../harness/played_intervals.ts";
import { PlayedTimeouts } from "../../harness/played_timeouts.ts";
import { type PlayedWorker, PlayedWorkers } from "../../harness/played_workers.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { TestFolder } from "../../harness/test_folder.ts";
import { FakeTerminal } from "../ui/fake_terminal.ts";

/** A device number that nothing has. */
const DEVICE = (250 << 8) + 7;
const INFO: BlockDeviceInfo = {
  ...describeSilentDevice(new SysfsBlock(DEVICE)),
  size: 4096,
  answers: true,
};

/** The thread, its time and one look. */
class Look implements Disposable {
  readonly workers = new PlayedWorkers();
  readonly timers = new PlayedTimeouts();
  readonly looks = new DeviceLooks();

  get worker(): PlayedWorker {
    return this.workers.of("look.ts").at(-1)!;
  }

  at(path?: string) {
    return this.looks.look({ deviceNumber: DEVICE, path }, 1000);
  }

  [Symbol.dispose](): void {
    this.looks[Symbol.dispose]();
    this.timers[Symbol.dispose]();
    this.workers[Symbol.dispose]();
  }
}

Deno.test("one thread looks at device after device, and ends with the last", async () => {
  using look = new Look();
  for (let count = 0; count < 2; count++) {
    const looked = look.at();
    look.worker.tell({ type: "ready" });
    look.worker.tell({ type: "described", info: INFO });
    look.worker.tell({ type: "done", content: undefined });
    assertEquals(await looked, { info: INFO, content: undefined, refusal: undefined });
  }
  assertEquals(look.workers.all.length, 1);
  assertEquals(look.worker.orders, [1, 2].map(() => ({ deviceNumber: DEVICE, path: undefined })));
  assertEquals(look.timers.count, 0);
  look.looks[Symbol.dispose]();
  assertEquals(look.worker.isTerminated, true);
});

Deno.test("a device that falls silent is left behind with its thread; the next one gets a new one", async () => {
  using look = new Look();
  const first = look.at("/dev/x");
  // The thread's own start is not the device's time.
  assertEquals(look.timers.count, 0);
  look.worker.tell({ type: "ready" });
  look.timers.runAll();
  const silent = await first;
  assertEquals([silent.info.answers, silent.refusal], [false, undefined]);
  assertEquals(look.worker.isTerminated, true);
  const second = look.at("/dev/x");
  look.worker.tell({ type: "ready" });
  look.worker.tell({ type: "described", info: INFO });
  look.worker.tell({ type: "answered" });
  look.timers.runAll();
  assertEquals((await second).info, { ...INFO, answers: false }, "what it had said is kept");
  assertEquals(look.workers.all.length, 2);
});

Deno.test("a refusal comes with its hints, and an error of ours is one", async () => {
  using look = new Look();
  const refused = look.at("/dev/x");
  look.worker.tell({ type: "ready" });
  const error = { kind: "UserError", message: "no medium", hints: ["insert a disc"], exitCode: 1 };
  look.worker.tell({ type: "refused", refusal: error });
  const { refusal, info } = await refused;
  assertEquals([refusal!.message, refusal!.hints, info.answers], ["no medium", error.hints, false]);
  const died = look.at("/dev/x");
  look.worker.die("oops");
  await assertRejects(() => died, Error, "oops");
});

Deno.test("a listed device that is silent is in the table all the same, without an answer", async () => {
  using workers = new PlayedWorkers();
  using timers = new PlayedTimeouts();
  const terminal = new FakeTerminal();
  terminal.json = true;
  const code = detectCommand([], terminal);
  for (let count = 0; count < listedBlocks().length; count++) {
    while (workers.all.length <= count) await Promise.resolve();
    workers.all[count]!.tell({ type: "ready" });
    timers.runAll();
  }
  assertEquals(await code, 0);
  await terminal.close();
  const devices = terminal.written.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  assertEquals(devices.map(({ answers }) => answers), listedBlocks().map(() => false));
  assertEquals(devices.map(({ name }) => name), listedBlocks().map(({ name }) => name));
});

Deno.test("a file is described by what is in it, with the images of it that are here", async () => {
  using folder = new TestFolder();
  const before = Deno.cwd();
  const bytes = make({ iso: { label: "HOME", date: "2001" } });
  Deno.writeFileSync(folder.file("disk"), bytes);
  leave(folder, "disk-a.img", bytes);
  Deno.chdir(folder.path);
  try {
    const terminal = new FakeTerminal();
    assertEquals(await detectCommand(["disk", "disk"], terminal), 0);
    await terminal.close();
    const [one, other] = terminal.written.stdout.split("\n\n");
    assertEquals(other, `${one}\n`);
    assertMatch(one!, /HOME/);
    assertMatch(one!, /disk-a\.img/);
  } finally {
    Deno.chdir(before);
  }
});

Deno.test("a path that is nothing hides none of the others, and the code is 1", async () => {
  using folder = new TestFolder();
  const disk = folder.noise("disk", 65_536);
  const terminal = new FakeTerminal();
  terminal.json = true;
  assertEquals(await detectCommand([folder.file("none"), disk], terminal), 1);
  await terminal.close();
  assertMatch(terminal.written.stderr, /^blkcache: error: .*"[^"]*none"/);
  assertEquals(JSON.parse(terminal.written.stdout).path, disk);
});

const ignore = !isRoot() || !hasTools("losetup");

Deno.test({
  name: "a block device is read on a thread of its own, and listed",
  ignore,
  async fn() {
    using folder = new TestFolder();
    Deno.writeFileSync(folder.file("disk"), make({ iso: { label: "HOME", date: "2001" } }));
    using loop = LoopDevice.attach(folder.file("disk"));
    const described = new FakeTerminal();
    described.json = true;
    assertEquals(await detectCommand([loop.path], described), 0);
    await described.close();
    const report = JSON.parse(described.written.stdout);
    assertEquals([report.class, report.identity.volume.label], ["Device", "HOME"]);
    assertEquals([report.device.answers, report.device.backingFile], [true, folder.file("disk")]);
    const listed = new FakeTerminal({ columns: 200 });
    assertEquals(await detectCommand([], listed), 0);
    await listed.close();
    assert(listed.written.stdout.includes(loop.path), listed.written.stdout);
  },
});

Deno.test({
  name:
    "a block device that does not answer is waited for aloud, described as far as it is known, and an error",
  ignore,
  async fn() {
    using folder = new TestFolder();
    using loop = LoopDevice.attach(folder.noise("disk", 65_536));
    using workers = new PlayedWorkers();
    using timers = new PlayedTimeouts();
    using intervals = new PlayedIntervals();
    const terminal = new FakeTerminal({ isTerminal: true });
    const code = detectCommand([loop.path], terminal);
    intervals.tick();
    workers.all[0]!.tell({ type: "ready" });
    timers.runAll();
    assertEquals(await code, 1);
    await terminal.close();
    assertEquals(intervals.count, 0, "nothing is shown any more");
    const { stderr } = terminal.written;
    assert(stderr.includes(`waiting for ${loop.path} to answer (0 s); Ctrl-C ends`), stderr);
    assert(stderr.includes(`error: "${loop.path}" does not answer`), stderr);
    assert(terminal.written.stdout.includes(loop.path));
  },
});
