// A device that answers nothing for a while, or for ever: its good sectors are not called bad, clients get what is
// cached and wait for the rest, and the run goes on by itself or ends with exit code 4.

import { assert, assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { type Area, areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { readThrough } from "../harness/nbd_client.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameBytes, TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup");
const MIB = 1024 * 1024;
const SIZE = 32 * MIB;
const SECTOR = 512;
/** Single ones, and a stretch. */
const BAD: readonly (readonly [number, number])[] = [
  [5 * MIB, SECTOR],
  [9 * MIB + 7 * SECTOR, SECTOR],
  [20 * MIB, 40 * SECTOR],
];
const BAD_BYTES = BAD.reduce((sum, [, length]) => sum + length, 0);
/** Rests of 5, 10 and 20 seconds, and some load. */
const PATIENCE_MS = 120_000;
const FILL = ["--fill", "--exit-when-complete", "--save-interval=0.2"];

/** What a mapfile says is bad and is not, bytes. */
function wronglyBad(areas: readonly Area[]): number {
  return areas.filter(({ status }) => status === "-")
    .filter(({ start, end }) => !BAD.some(([bad, length]) => bad <= start && end <= bad + length))
    .reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Waits until the fill has read something. */
function untilFilled(served: Served, bytes: number): Promise<void> {
  return until("something is read", () => bytesWith("+", areasOf(served.map)) > bytes);
}

Deno.test({
  name:
    "every read fails for some seconds: nothing is wrongly called bad, and the run ends as if nothing had been",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file, { bad: BAD, canFail: true, delayMs: 10 });
    await using served = await Served.start(device.path, { dir: folder.path, args: FILL });
    await untilFilled(served, MIB);
    {
      using _outage = device.source.failAll();
      await until(
        "it is told",
        () =>
          served.messages("warning").some((text) => text.includes("has stopped answering since")),
      );
      const saved = areasOf(served.map);
      assertEquals(wronglyBad(saved), 0);
      await until(
        "the progress tells",
        () => /"outage":\{"sinceMs":\d+/.test(served.program.stdout),
      );
      assertEquals(wronglyBad(areasOf(served.map)), 0);
    }
    await until(
      "it answers",
      () => served.messages("info").some((text) => text.includes("answers again, after")),
      120_000,
    );
    const { code } = await served.program.ended();
    assertEquals(code, 3);
    const areas = areasOf(served.map);
    assertEquals([wronglyBad(areas), bytesWith("-", areas)], [0, BAD_BYTES]);
    assertEquals(bytesWith("+", areas), SIZE - BAD_BYTES);
    const [image, source] = [Deno.readFileSync(served.image), Deno.readFileSync(file)];
    for (const { start, end } of areas.filter(({ status }) => status === "+")) {
      assertSameBytes(image.slice(start, end), source.slice(start, end), `the image at ${start}`);
    }
  },
});

Deno.test({
  name:
    "every read fails from some moment on: exit code 4, and a map that says no more than before",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file, { bad: BAD, canFail: true, delayMs: 10 });
    const args = [...FILL, "--give-up-after=2"];
    await using served = await Served.start(device.path, { dir: folder.path, args });
    await untilFilled(served, MIB);
    using _outage = device.source.failAll();
    const { code } = await served.program.ended();
    assertEquals(code, 4);
    const areas = areasOf(served.map);
    assertEquals(wronglyBad(areas), 0);
    assert(bytesWith("?", areas) + bytesWith("+", areas) > SIZE - 3 * 65_536);
    // Two failures and one check, the attempts aside.
    const { length } = device.source.failedReads();
    assert(length <= 20, `${length} reads in vain`);
  },
});

Deno.test({
  name:
    "clients get what is cached meanwhile, and the rest when the device answers again or their time is over",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file, { canFail: true });
    await using served = await Served.start(device.path, {
      dir: folder.path,
      args: ["--timeout=60", "--save-interval=0.2"],
    });
    const read = (offset: number) =>
      readThrough(served.uri, { reads: [[offset, 65_536]], source: file });
    await read(0);
    let waiting: ReturnType<typeof read>;
    {
      using _outage = device.source.failAll();
      waiting = read(8 * MIB);
      await until(
        "it is told",
        () => served.messages("warning").some((text) => text.includes("has stopped answering")),
      );
      const [cached] = await read(0);
      assertEquals([cached.good, cached.wrong], [65_536, 0]);
    }
    const [late] = await waiting;
    assertEquals([late.good, late.wrong, late.errors], [65_536, 0, []]);
    const { code } = await served.stop();
    assertEquals(code, 0);
    assertEquals(bytesWith("-", areasOf(served.map)) + bytesWith("*", areasOf(served.map)), 0);
  },
});

Deno.test({
  name:
    "every read fails from the very first on: nothing is called bad, and the run goes on when it answers",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file, { bad: BAD, canFail: true });
    let served: Served;
    {
      using _outage = device.source.failAll();
      served = await Served.start(device.path, { dir: folder.path, args: FILL });
      await until(
        "it is told",
        () => served.messages("warning").some((text) => text.includes("has stopped answering")),
        PATIENCE_MS,
      );
      assertEquals(areasOf(served.map).map(({ status }) => status), ["?"]);
      // One of the identification, then places that nobody has tried.
      const { length } = device.source.failedReads();
      assert(length <= 20, `${length} reads in vain`);
    }
    await using _served = served;
    const { code } = await served.program.ended();
    assertEquals(code, 3);
    const areas = areasOf(served.map);
    assertEquals([wronglyBad(areas), bytesWith("-", areas)], [0, BAD_BYTES]);
    assertEquals(bytesWith("+", areas), SIZE - BAD_BYTES);
  },
});

Deno.test({
  name:
    "every read fails from the very first on, for ever: exit code 4, and a map that knows nothing",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file, { canFail: true });
    using _outage = device.source.failAll();
    const args = [...FILL, "--give-up-after=2"];
    await using served = await Served.start(device.path, { dir: folder.path, args });
    const { code } = await served.program.ended();
    assertEquals(code, 4);
    assertEquals(areasOf(served.map).map(({ status }) => status), ["?"]);
  },
});

Deno.test({
  name: "kill -9 in an outage: the map calls nothing bad that is not, then and after the restart",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file, { bad: BAD, canFail: true, delayMs: 5 });
    await using killed = await Served.start(device.path, { dir: folder.path, args: FILL });
    await untilFilled(killed, MIB);
    let restarted: Served;
    {
      using _outage = device.source.failAll();
      const failed = device.source.failedReads().length;
      // Before it is known, or after: both lie here.
      await until("reads fail", () => device.source.failedReads().length > failed + 1);
      await killed.stop("SIGKILL");
      assertEquals(wronglyBad(areasOf(killed.map)), 0);
      // Without a serial number nobody can tell now whether it is the same device.
      const args = [...FILL, "--force"];
      restarted = await Served.start(device.path, { dir: folder.path, args });
      await until(
        "it is told",
        () => restarted.messages("warning").some((text) => text.includes("has stopped answering")),
        PATIENCE_MS,
      );
      assertEquals(wronglyBad(areasOf(restarted.map)), 0);
    }
    await using _restarted = restarted;
    const { code } = await restarted.program.ended();
    assertEquals(code, 3);
    const areas = areasOf(restarted.map);
    assertEquals([wronglyBad(areas), bytesWith("-", areas)], [0, BAD_BYTES]);
  },
});
