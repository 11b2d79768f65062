// --on-stall with a real outage: the command is run, mends the device, and the run goes on by itself. --max-hours.

import { assert, assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup");
const MIB = 1024 * 1024;
const SIZE = 16 * MIB;
const FILL = ["--fill", "--exit-when-complete", "--save-interval=0.2", "--log-level=debug"];
/** Rests of 5, 10 and 20 seconds, and some load. */
const PATIENCE_MS = 120_000;

/** Waits until the fill has read something. */
function untilFilled(served: Served, bytes: number): Promise<void> {
  return until("much is read", () => bytesWith("+", areasOf(served.map)) > bytes, PATIENCE_MS);
}

function isThere(path: string): boolean {
  try {
    return Deno.lstatSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test({
  name:
    "the command is run once the device is silent, with its name and the count, and the run goes on",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE, 1);
    await using device = await FailingDevice.make(file, { canFail: true, delayMs: 20 });
    const mark = folder.file("called");
    // A name of its own, then the file in one step: whoever sees it sees all of it.
    const command = `echo "$DEVICE|$SERIAL|$BUS_PATH|$STALL_COUNT" >"${mark}.new"; ` +
      `mv "${mark}.new" "${mark}"; echo done; echo oh >&2`;
    await using served = await Served.start(device.path, {
      dir: folder.path,
      args: [...FILL, `--on-stall=${command}`],
    });
    await untilFilled(served, 4 * MIB);
    assert(!isThere(mark));
    {
      using _outage = device.source.failAll();
      await until("the command is run", () => isThere(mark), PATIENCE_MS);
      assertEquals(Deno.readTextFileSync(mark), `${device.path}|||1\n`);
    }
    const { code, stdout } = await served.program.ended();
    assertEquals(code, 0);
    assertSameFile(served.image, file);
    assert(stdout.includes('"message":"running the command of --on-stall (run 1)"'));
    assert(stdout.includes('{"event":"debug","message":"--on-stall: done"}'), stdout);
    assert(served.messages("warning").includes("--on-stall: oh"));
    assertEquals(served.messages("warning").filter((text) => text.includes("has failed")), []);
  },
});

Deno.test({
  name:
    "a command that never ends holds nothing up: the run goes on, and its end kills the command",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE, 1);
    await using device = await FailingDevice.make(file, { canFail: true, delayMs: 20 });
    const mark = folder.file("pid");
    await using served = await Served.start(device.path, {
      dir: folder.path,
      args: [
        ...FILL,
        `--on-stall=sleep 1000 & echo $! >"${mark}.new"; mv "${mark}.new" "${mark}"; wait`,
      ],
    });
    await untilFilled(served, 4 * MIB);
    {
      using _outage = device.source.failAll();
      await until("the command is run", () => isThere(mark), PATIENCE_MS);
    }
    const isAnswering = () =>
      served.messages("info").some((text) => text.includes("answers again"));
    await until("it answers", isAnswering, PATIENCE_MS);
    const pid = Deno.readTextFileSync(mark).trim();
    assert(isThere(`/proc/${pid}/status`), "the command runs on");
    assertEquals((await served.stop("SIGINT")).code, 130);
    await until("the command has ended", () => !isThere(`/proc/${pid}/status`));
  },
});

Deno.test({
  name: "--max-hours ends a run in order with code 6, and the same command completes it",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE, 1);
    await using device = await FailingDevice.make(file, { canFail: true, delayMs: 100 });
    {
      await using served = await Served.start(device.path, {
        dir: folder.path,
        args: ["--fill", "--exit-when-complete", "--rate=64Ki", "--max-hours=0.001"],
      });
      assertEquals((await served.program.ended()).code, 6);
      assert(served.messages("info").some((text) => text.includes("--max-hours is over")));
      const read = bytesWith("+", areasOf(served.map));
      assert(0 < read && read < SIZE, String(read));
    }
    await using served = await Served.start(device.path, { dir: folder.path, args: FILL });
    assertEquals((await served.program.ended()).code, 0);
    assertSameFile(served.image, file);
  },
});
