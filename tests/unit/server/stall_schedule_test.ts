import { assertEquals } from "@std/assert";
import {
  HANGING_MS,
  LEAST_GAP_MS,
  stallOf,
  StallSchedule,
} from "../../../src/server/stall_schedule.ts";

const SILENT = { attempts: 0 };
const HANGING = { attempts: undefined };

/** A schedule whose command ends at once. */
class Played {
  readonly schedule = new StallSchedule();
  /** Times at which the command has been run. */
  readonly runs: number[] = [];

  look(stall: { attempts: number | undefined } | undefined, nowMs: number): void {
    if (!this.schedule.look(stall, nowMs)) return;
    this.runs.push(nowMs);
    this.schedule.ended();
  }
}

Deno.test("a device stalls when it does not answer, or when a read hangs for longer than a drive tries", () => {
  const outage = { sinceMs: 0, attempts: 3, restMs: 0 };
  const reading = (ms: number) => ({ offset: 0, ms });
  assertEquals(stallOf({ outage: null, reading: null }), undefined);
  assertEquals(stallOf({ outage: null, reading: reading(HANGING_MS - 1) }), undefined);
  assertEquals(stallOf({ outage: null, reading: reading(HANGING_MS) }), HANGING);
  assertEquals(stallOf({ outage, reading: null }), { attempts: 3 });
  assertEquals(stallOf({ outage, reading: reading(HANGING_MS) }), HANGING);
});

Deno.test("the command is run at once, and again only after an attempt that has failed since its end", () => {
  const played = new Played();
  played.look(undefined, 0);
  played.look(SILENT, 1000);
  // As long as nobody tries, nobody knows whether it has helped.
  for (let ms = 1500; ms < 200_000; ms += 500) played.look(SILENT, ms);
  assertEquals(played.runs, [1000]);
  played.look({ attempts: 1 }, 200_000);
  assertEquals(played.runs, [1000, 200_000]);
});

Deno.test("two runs are half a minute apart at least, also in two outages", () => {
  const played = new Played();
  let attempts = 0;
  for (let ms = 0; ms <= 3 * LEAST_GAP_MS; ms += 1000) played.look({ attempts: attempts++ }, ms);
  assertEquals(played.runs, [0, LEAST_GAP_MS, 2 * LEAST_GAP_MS, 3 * LEAST_GAP_MS]);

  const twice = new Played();
  twice.look(SILENT, 0);
  twice.look(undefined, 5000);
  for (let ms = 6000; ms < 40_000; ms += 1000) twice.look(SILENT, ms);
  assertEquals(twice.runs, [0, LEAST_GAP_MS]);
});

Deno.test("an attempt that failed while the command ran does not count", () => {
  const schedule = new StallSchedule();
  assertEquals(schedule.look(SILENT, 0), true);
  assertEquals(schedule.look({ attempts: 1 }, 40_000), false);
  schedule.ended();
  // The first look after the end may see an attempt that was made before it.
  assertEquals(schedule.look({ attempts: 2 }, 50_000), false);
  assertEquals(schedule.look({ attempts: 2 }, 50_500), false);
  assertEquals(schedule.look({ attempts: 3 }, 51_000), true);
  assertEquals(schedule.runs, 2);
});

Deno.test("a command that runs is not run a second time, whatever happens to the device", () => {
  const schedule = new StallSchedule();
  assertEquals(schedule.look(SILENT, 0), true);
  assertEquals(schedule.look(undefined, 1000), false);
  assertEquals(schedule.look(SILENT, 500_000), false);
  schedule.ended();
  assertEquals(schedule.look(SILENT, 500_500), true);
});

Deno.test("where nobody counts attempts the device gets as long as a read may hang", () => {
  const played = new Played();
  for (let ms = 0; ms <= 2 * HANGING_MS; ms += 500) played.look(HANGING, ms);
  assertEquals(played.runs, [0, HANGING_MS, 2 * HANGING_MS]);
});
