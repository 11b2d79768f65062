// Fill and GNU ddrescue on the same sick devices: who asks them more, and whether each goes on where the
// other has stopped. ddrescue's test mode fails where the model does.
import { assert, assertEquals } from "@std/assert";
import { FileMap } from "../../src/map/file_map.ts";
import { formatMapfile, parseMapfile } from "../../src/map/mapfile.ts";
import { fileMapOf, mapfileOf } from "../../src/map/mapfile_conversion.ts";
import { BAD_SECTOR, FINISHED } from "../../src/map/statuses.ts";
import { hasTools } from "../harness/requires.ts";
import { SickModel, SICKNESSES } from "../harness/sick_model.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { tryTool } from "../harness/tool.ts";
import { chooseSeed, Random } from "../model/map_random.ts";
import { SimulatedFill } from "../unit/reader/simulated_fill.ts";

const MIB = 1_048_576;
const SIZE = 64 * MIB;
const SEED = chooseSeed();
const ignore = !hasTools("ddrescue");

/** ddrescue on a model, with a map that it goes on with. */
class Ddrescue implements Disposable {
  readonly #folder = new TestFolder();
  readonly #model: SickModel;

  constructor(model: SickModel) {
    this.#model = model;
    Deno.writeTextFileSync(this.#folder.file("bad"), model.badMapfile);
    for (const name of ["device", "image"]) {
      using file = Deno.createSync(this.#folder.file(name));
      file.truncateSync(model.size);
    }
  }

  /** Runs it on `map`, with further arguments. @returns what it made of the map, and its failing reads. */
  async run(map: FileMap, ...args: string[]): Promise<{ map: FileMap; failingReads: number }> {
    const path = (name: string) => this.#folder.file(name);
    Deno.writeTextFileSync(path("map"), textOf(map));
    const options = ["-q", `-H${path("bad")}`, `--log-reads=${path("reads")}`, ...args];
    const { sectorSize } = this.#model;
    await tryTool("ddrescue", [
      ...options,
      `-b${sectorSize}`,
      path("device"),
      path("image"),
      path("map"),
    ]);
    const failed = Deno.readTextFileSync(path("reads")).split("\n")
      .filter((line) => /^0x\S+\t\d+\t\d+\t[1-9]/.test(line));
    return {
      map: fileMapOf(parseMapfile(Deno.readTextFileSync(path("map")), "map"), map.size, "map", {
        sectorSize,
      }),
      failingReads: failed.length,
    };
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

function textOf(map: FileMap): string {
  const now = new Date();
  const heading = { version: "0", commandLine: "", startTime: now, currentTime: now };
  return formatMapfile(mapfileOf(map.snapshot()), heading);
}

function assertComplete(map: FileMap, model: SickModel): void {
  assertEquals([...map.ranges()], [...model.truth.ranges()]);
}

Deno.test({
  name: "fill asks a sick device for no more failing reads than ddrescue -d does",
  ignore,
  async fn() {
    for (const kind of SICKNESSES) {
      const model = SickModel.make(kind, SIZE, SEED);
      using ddrescue = new Ddrescue(model);
      const { map, failingReads } = await ddrescue.run(FileMap.create(SIZE, { sectorSize: 512 }));
      assertComplete(map, model);
      const fill = new SimulatedFill(model).run();
      fill.assertComplete();
      console.log(`${kind}: ${fill.failingReads} failing reads, ddrescue ${failingReads}`);
      assert(fill.failingReads <= 1.05 * failingReads);
    }
  },
});

Deno.test({
  name: "ddrescue goes on where fill was stopped, in every phase",
  ignore,
  async fn() {
    for (const kind of SICKNESSES) {
      const model = SickModel.make(kind, SIZE, SEED);
      using ddrescue = new Ddrescue(model);
      const whole = new SimulatedFill(model).run();
      for (const reads of stopsIn(whole)) {
        const fill = new SimulatedFill(model);
        fill.run(() => fill.reads.length === reads);
        const failedBefore = fill.failingReads;
        const { map, failingReads } = await ddrescue.run(fill.map);
        assertComplete(map, model);
        const sum = failedBefore + failingReads;
        assert(sum <= 1.05 * whole.failingReads + 2, `${sum}, alone ${whole.failingReads}`);
      }
    }
  },
});

Deno.test({
  name: "fill goes on where ddrescue was stopped, in every phase",
  ignore,
  async fn() {
    const phases = new Set<string>();
    const wide = new SickModel(SIZE);
    wide.spoil(10 * MIB, 3 * MIB);
    for (const model of [wide, SickModel.make("scattered", SIZE, SEED)]) {
      using ddrescue = new Ddrescue(model);
      const blank = FileMap.create(SIZE, { sectorSize: 512 });
      const alone = await ddrescue.run(blank);
      for (
        const errors of [0, 3, 9, 17, 30, 49, 100].filter((count) => count < alone.failingReads)
      ) {
        const { map, failingReads } = await ddrescue.run(blank, `--max-read-errors=${errors}`);
        phases.add(`${map.phase}${map.phase === "?" ? map.pass : ""}`);
        const fill = new SimulatedFill(model, { map }).run();
        fill.assertComplete();
        const sum = fill.failingReads + failingReads;
        assert(sum <= 1.05 * alone.failingReads + 2, `${sum}, alone ${alone.failingReads}`);
      }
    }
    for (const phase of ["?1", "?2", "?5", "*", "/"]) {
      assert(phases.has(phase), `no stop in ${phase}`);
    }
  },
});

Deno.test({
  name: "they pass a retrying on to each other, each in the other's direction",
  ignore,
  async fn() {
    const model = new SickModel(MIB);
    const bad = [3, 4, 100, 500].map((sector) => sector * 512);
    for (const offset of bad) model.spoilSector(offset);
    using ddrescue = new Ddrescue(model);
    const first = await ddrescue.run(FileMap.create(MIB, { sectorSize: 512 }), "-r1");
    const second = new SimulatedFill(model, { map: first.map, options: { retryPasses: 2 } }).run();
    assertEquals(second.failingReads, 2 * bad.length);
    const third = await ddrescue.run(second.map, "-r1");
    assertEquals(third.failingReads, bad.length);
    assertEquals(third.map.total(BAD_SECTOR), bad.length * 512);
    assertEquals(third.map.total(FINISHED), MIB - bad.length * 512);
  },
});

/** A number of reads in the middle of each phase and pass. */
function stopsIn(fill: SimulatedFill): number[] {
  const random = new Random(SEED);
  const spans = new Map<string, [first: number, last: number]>();
  fill.reads.forEach(({ phase }, index) => {
    const span = spans.get(phase);
    if (span === undefined) spans.set(phase, [index, index]);
    else span[1] = index;
  });
  return [...spans.values()].map(([first, last]) => first + random.below(last - first + 1));
}
