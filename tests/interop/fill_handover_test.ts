// A rescue that blkcache and GNU ddrescue pass on to each other, on a real block device that fails: whoever
// is stopped where, the end is that of a run that nobody has disturbed.

import { assert, assertEquals } from "@std/assert";
import { parseMapfile } from "../../src/map/mapfile.ts";
import { FailingDevice } from "../harness/failing_device.ts";
import { Program, runProgram } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tryTool } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "ddrescue");
const KIB = 1024;
const MIB = 1024 * KIB;
const SIZE = 16 * MIB;
const SECTOR_SIZE = 2048;
/** The first one tells blkcache that the device is sick: from then on it reads in clusters. */
const BAD = [[MIB, 2048], [8 * MIB, MIB], [12 * MIB, 2048], [12 * MIB + 20 * KIB, 4096]] as const;
const BAD_SECTORS = 1 + 512 + 1 + 2;

/** A phase with its pass, and errors after which a run stops in it. */
type Stop = readonly [phase: string, errors: number];

/** blkcache trims before it sweeps, in pass 5, and leaves trimming nothing that fails. */
const BLKCACHE_STOPS: readonly Stop[] = [["?1", 1], ["?2", 7], ["?5", 15], ["/1", 100]];
const DDRESCUE_STOPS: readonly Stop[] = [["?1", 1], ["?2", 8], ["?5", 15], ["*1", 21], ["/1", 100]];

/** Where a rescue is done: image, map, and the status line at the last stop. */
class Rescue implements Disposable {
  readonly folder = new TestFolder();
  readonly device: FailingDevice;
  readonly image = this.folder.file("image");
  readonly map = this.folder.file("image.map");

  constructor(device: FailingDevice) {
    this.device = device;
  }

  /** blkcache, until it is done or as many reads have failed. */
  async blkcache(errors?: number): Promise<void> {
    const { code, stderr } = await runProgram(this.serveArguments(errors));
    // Done, with sectors that cannot be read; or stopped by --max-errors.
    assertEquals(code, errors === undefined ? 3 : 6, stderr);
  }

  serveArguments(errors?: number): string[] {
    const { device, image, folder } = this;
    const limit = errors === undefined ? [] : [`--max-errors=${errors}`];
    const socket = `--socket=${folder.file("socket")}`;
    // ddrescue's maps carry no identity, and the device of a test has little of one.
    const options = ["--fill", "--exit-when-complete", "--force", socket, ...limit];
    return ["serve", device.path, image, ...options];
  }

  async ddrescue(errors?: number): Promise<void> {
    const limit = errors === undefined ? [] : [`--max-read-errors=${errors}`];
    const args = ["-q", "-d", `-b${SECTOR_SIZE}`, ...limit, this.device.path, this.image, this.map];
    const { code, stderr } = await tryTool("ddrescue", args);
    assertEquals(code, errors === undefined ? 0 : 1, stderr);
  }

  /** What the mapfile says it is doing. */
  get phase(): string {
    const { phase, pass } = this.#mapfile();
    return `${phase}${pass}`;
  }

  /** Blocks of the mapfile, as text. */
  get blocks(): string {
    const { positions, statuses, size } = this.#mapfile();
    return [...positions].map((start, index) => `${start} ${"?*/-+"[statuses[index]]}`).join("\n") +
      `\n${size}`;
  }

  #mapfile() {
    return parseMapfile(Deno.readTextFileSync(this.map), this.map);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/** A device with the bad sectors, and what ddrescue alone makes of it. */
async function undisturbed(
  folder: TestFolder,
  check: (device: FailingDevice, alone: Rescue) => Promise<void>,
) {
  const source = folder.noise("source", SIZE);
  await using device = await FailingDevice.make(source, { bad: BAD, sectorSize: SECTOR_SIZE });
  using alone = new Rescue(device);
  device.source.mark();
  await alone.ddrescue();
  await check(device, alone);
}

function assertSameEnd(rescue: Rescue, alone: Rescue): void {
  assertEquals(rescue.blocks, alone.blocks);
  assertSameFile(rescue.image, alone.image);
}

Deno.test({
  name: "blkcache alone ends where ddrescue alone does, with no more failing reads",
  ignore,
  async fn() {
    using folder = new TestFolder();
    await undisturbed(folder, async (device, alone) => {
      const expected = device.source.failedReads().length;
      device.source.mark();
      using rescue = new Rescue(device);
      await rescue.blkcache();
      assertSameEnd(rescue, alone);
      const failed = device.source.failedReads().length;
      console.log(`${failed} failing reads, ddrescue ${expected}, bad sectors ${BAD_SECTORS}`);
      assert(failed <= 1.05 * expected);
    });
  },
});

Deno.test({
  name: "blkcache stopped in each phase, ddrescue, stopped, blkcache: the same end",
  ignore,
  async fn() {
    using folder = new TestFolder();
    await undisturbed(folder, async (device, alone) => {
      const once = alone.device.source.failedReads().length;
      for (const [phase, errors] of BLKCACHE_STOPS) {
        using rescue = new Rescue(device);
        device.source.mark();
        await rescue.blkcache(errors);
        assertEquals(rescue.phase, phase);
        await rescue.ddrescue(30);
        await rescue.blkcache();
        assertSameEnd(rescue, alone);
        const failed = device.source.failedReads().length;
        assert(failed <= 1.05 * once, `${failed} failing reads, ${once} undisturbed`);
      }
    });
  },
});

Deno.test({
  name: "ddrescue stopped in each phase, blkcache, stopped, ddrescue: the same end",
  ignore,
  async fn() {
    using folder = new TestFolder();
    await undisturbed(folder, async (device, alone) => {
      for (const [phase, errors] of DDRESCUE_STOPS) {
        using rescue = new Rescue(device);
        await rescue.ddrescue(errors);
        assertEquals(rescue.phase, phase);
        await rescue.blkcache(30);
        await rescue.ddrescue();
        assertSameEnd(rescue, alone);
      }
    });
  },
});

Deno.test({
  name: "blkcache killed again and again, and stopped by signals, comes to the same end",
  ignore,
  async fn() {
    using folder = new TestFolder();
    await undisturbed(folder, async (device, alone) => {
      using rescue = new Rescue(device);
      for (let stops = 0; stops < 6; stops++) {
        await using program = Program.start([...rescue.serveArguments(), "--save-interval=0.1"]);
        await program.waitForLine("stdout", /^ready/);
        const { length } = device.source.reads();
        // Some reads further on, wherever that is.
        while (device.source.reads().length < length + 40 * stops) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        program.signal(stops % 2 === 0 ? "SIGKILL" : "SIGTERM");
        await program.ended();
      }
      await rescue.blkcache();
      assertSameEnd(rescue, alone);
    });
  },
});
