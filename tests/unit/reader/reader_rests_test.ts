// The reader leaves a drive alone that gets slow after a failure: what it tells of that, and what clients have of it.
import { assert, assertEquals } from "@std/assert";
import {
  READER_REST_MS,
  READER_REST_PAYS,
  READER_REST_UNTIL,
} from "../../../src/shared/shared_state.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { NO_LIMITS } from "./simulated_fill.ts";
import { SimulatedRun } from "./simulated_run.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SECTOR = 512;
/** The device tires at the first bad sector, gives 10 KB/s then, and must be left alone for so long. */
const NEEDED_MS = 5000;

/** A device that tires, and the only clock that there is. */
class TiringDevice extends SimulatedDevice {
  isTired = false;
  #endMs = 0;
  readonly #now = performance.now;

  constructor(size: number, ...bad: number[]) {
    super(size);
    for (const sector of bad) this.bad.add(sector);
    performance.now = () => this.nowMs;
    this.nowMs = 1000;
  }

  override read(address: number, length: number, offset: number): number {
    if (this.nowMs - this.#endMs >= NEEDED_MS) this.isTired = false;
    this.nowMs += this.isTired ? length / 10 : 1;
    const result = super.read(address, length, offset);
    if (result < 0) this.isTired = true;
    this.#endMs = this.nowMs;
    return result;
  }

  override readPastCaches(address: number, length: number, offset: number): number {
    this.nowMs += 12;
    this.#endMs = this.nowMs;
    return super.readPastCaches(address, length, offset);
  }

  [Symbol.dispose](): void {
    performance.now = this.#now;
  }
}

/** The rest that main would show: "5000 pays". */
function restOf(run: SimulatedRun): string | undefined {
  const counters = run.state.readerCounters;
  if (counters[READER_REST_UNTIL] === 0) return undefined;
  return `${counters[READER_REST_MS]} ${counters[READER_REST_PAYS] === 1 ? "pays" : "is tried"}`;
}

/** Steps until `stop` says so; time goes on while there is nothing to do. */
function stepUntil(run: SimulatedRun, stop: () => boolean): void {
  for (let steps = 0; !stop(); steps++) {
    assert(steps < 100_000, "it does not come to an end");
    if (!run.reader.step()) run.device.nowMs += 5;
  }
}

Deno.test("rests are tried and told of until one helps, and everything is read", () => {
  using device = new TiringDevice(32 * MIB, 4096, 60_000);
  using run = new SimulatedRun(device, { fill: NO_LIMITS });
  const rests: string[] = [];
  stepUntil(run, () => {
    const rest = restOf(run);
    if (rest !== undefined && rest !== rests.at(-1)) rests.push(rest);
    return run.told.some((line) => line.startsWith("fill ended"));
  });
  assertEquals(rests, ["2000 is tried", "5000 is tried", "5000 pays"]);
  // A check of whether the device answers was made in the last one, which counts from there.
  assertEquals(device.checks.length, 1);
  assertEquals(restOf(run), undefined);
  assertEquals(device.failingReads, 4);
  assertEquals(run.picture().split("-").length, 3);
});

Deno.test("a client's read does not wait for the end of a rest, and is the end of it", () => {
  using device = new TiringDevice(8 * MIB, 4096, 12_000);
  using run = new SimulatedRun(device, { fill: NO_LIMITS });
  stepUntil(run, () => restOf(run) === "5000 is tried");
  const beganMs = device.nowMs;
  assert(run.ask(1, 7 * MIB, SECTOR));
  run.reader.step();
  assertEquals(run.ended().map(({ id }) => id), [1]);
  assertEquals(Math.round(device.nowMs - beganMs), 51);
  stepUntil(run, () => restOf(run) === undefined);
  assert(device.nowMs - beganMs < 1000);
});
