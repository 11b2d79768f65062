import { assert, assertEquals } from "@std/assert";
import { coarsen } from "../../../src/map/coarse_map.ts";
import {
  statusLine,
  statusLines,
  type StatusSnapshot,
  summary,
} from "../../../src/ui/status_line.ts";
import { formatPercent, isComplete, shares } from "../../../src/ui/shares.ts";
import { lineWidth, painted } from "../../../src/ui/styled_text.ts";
import { viewOfAreas } from "./map_sample.ts";
import { progress } from "./progress_sample.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const VIEW = viewOfAreas([GIB, "+"], [2 * GIB, "?"], [GIB / 2, "*"], [GIB / 2 - 4096, "/"], [
  4096,
  "-",
]);

const RUNNING: StatusSnapshot = {
  name: "sr0",
  progress: progress({
    size: 4 * GIB,
    totals: [2 * GIB, GIB / 2, GIB / 2 - 4096, 4096, GIB],
    clients: 2,
    waiting: 1,
    deviceBytes: GIB,
    failedReads: 3,
    phase: "?",
    lastGood: GIB,
    elapsedMs: 125_000,
    picture: (cells) => coarsen(VIEW, cells),
  }),
  bytesPerSecond: 10.5 * MIB,
  averageBytesPerSecond: 8 * MIB,
  remainingMs: 300_000,
  sinceGoodMs: 4_000,
};

function shown(snapshot: StatusSnapshot, columns: number, rows = 24): string[] {
  const canvas = { columns, rows, colors: false, unicode: true };
  const lines = statusLines(snapshot, canvas);
  for (const line of lines) assert(lineWidth(line) <= columns);
  return lines.map((line) => painted(line, false));
}

const WIDTHS: readonly [columns: number, activity: string, shares: string, bar: string][] = [
  [
    200,
    "sr0  copying  10.5 MiB/s  average 8 MiB/s  ETA 5 min  2 clients, 1 waiting  3 failed reads  " +
    "last good read 4 s ago at 1 GiB",
    "cached 1 GiB 25.0%  bad 4 KiB <0.1%  missing 3 GiB 75.0%",
    "+".repeat(50) + "?".repeat(100) + "*".repeat(25) + "/".repeat(24) + "-",
  ],
  [
    80,
    "sr0  copying  10.5 MiB/s  ETA 5 min  2 clients, 1 waiting  3 failed reads",
    "cached 1 GiB 25.0%  bad 4 KiB <0.1%  missing 3 GiB 75.0%",
    "+".repeat(20) + "?".repeat(40) + "*".repeat(10) + "/".repeat(9) + "-",
  ],
  [
    40,
    "sr0  copying  10.5 MiB/s  ETA 5 min",
    "cached 25.0%  bad 4 KiB  missing 3 GiB",
    "+".repeat(10) + "?".repeat(20) + "*".repeat(5) + "/".repeat(4) + "-",
  ],
  [20, "10.5 MiB/s", "cached 25.0%  bad 4 ", "+++++??????????**//-"],
  [1, "1", "c", "-"],
];

for (const [columns, ...expected] of WIDTHS) {
  Deno.test(`the status on ${columns} columns`, () =>
    assertEquals(shown(RUNNING, columns), expected));
}

Deno.test("a low window gets one line", () => {
  assertEquals(shown(RUNNING, 70, 5), [
    "10.5 MiB/s  cached 25.0%  bad 4 KiB  missing 3 GiB  ETA 5 min",
  ]);
});

Deno.test("a log gets everything in one line", () => {
  assertEquals(
    statusLine(RUNNING),
    "sr0  copying  10.5 MiB/s  cached 1 GiB 25.0%  bad 4 KiB <0.1%  missing 3 GiB 75.0%  " +
      "ETA 5 min  2 clients, 1 waiting  3 failed reads",
  );
});

Deno.test("a status without an end in sight, with one client", () => {
  const idle = { ...RUNNING, name: "", bytesPerSecond: 0, remainingMs: undefined };
  assertEquals(
    statusLine({ ...idle, progress: progress({ size: 0, clients: 1 }) }),
    "0 bytes/s  cached 0 bytes 0%  bad 0 bytes 0%  missing 0 bytes 0%  1 client",
  );
});

Deno.test("a read that hangs is told before anything else that is not needed", () => {
  const progress = { ...RUNNING.progress, reading: { offset: 3 * GIB, ms: 65_000 } };
  const [activity] = shown({ ...RUNNING, progress }, 60);
  assertEquals(activity, "10.5 MiB/s  ETA 5 min  reading at 3 GiB for 1 min 5 s");
});

Deno.test("bad is red only when something is, and all that is cached is complete", () => {
  const canvas = { columns: 80, rows: 24, colors: true, unicode: true };
  const drawn = (snapshot: StatusSnapshot) =>
    statusLines(snapshot, canvas).map((line) => painted(line, true));
  assert(drawn(RUNNING)[1].includes("\x1b[31mbad 4 KiB"));
  const done = progress({ totals: [0, 0, 0, 0, 1000], picture: RUNNING.progress.picture });
  const [activity, shares] = drawn({ ...RUNNING, progress: done });
  assert(activity.includes("\x1b[32mcomplete\x1b[0m"), activity);
  assert(shares.includes("  bad 0 bytes 0%  "), shares);
});

Deno.test("the summary of a run", () => {
  assertEquals(
    summary(RUNNING.progress),
    "cached 1 GiB 25.0%, bad 4 KiB <0.1%, missing 3 GiB 75.0%; 1 GiB read from the device in " +
      "2 min 5 s",
  );
});

const PERCENTS: readonly [part: number, whole: number, string][] = [
  [0, 100, "0%"],
  [100, 100, "100%"],
  [50, 100, "50.0%"],
  [1, 1e12, "<0.1%"],
  [1e12 - 1, 1e12, ">99.9%"],
  [999, 1000, "99.9%"],
  [0, 0, "0%"],
];

for (const [part, whole, expected] of PERCENTS) {
  Deno.test(`${part} of ${whole} is ${expected}`, () => {
    assertEquals(formatPercent(part, whole), expected);
  });
}

Deno.test("the run-out of a disc is neither bad nor missing", () => {
  const disc = { size: 10_000, runOut: 4096 };
  assertEquals(shares({ ...disc, totals: [0, 0, 0, 4096, 5904] }), {
    cached: 5904,
    bad: 0,
    missing: 0,
  });
  assertEquals(shares({ ...disc, totals: [904, 0, 0, 6144, 2952] }), {
    cached: 2952,
    bad: 2048,
    missing: 904,
  });
  assert(isComplete(progress({ ...disc, totals: [0, 4096, 0, 0, 5904] })));
  assert(!isComplete(progress({ ...disc, totals: [4, 4092, 0, 0, 5904], runOut: 4092 })));
});

Deno.test("a rest of the drive stands before the rest of the line, and there is no time left to tell", () => {
  const resting = { ms: 5000, restMs: 3000, pays: true };
  const snapshot = { ...RUNNING, progress: { ...RUNNING.progress, resting } };
  assertEquals(
    shown(snapshot, 80)[0],
    "sr0  resting 5 s: the drive is faster after a rest  copying  10.5 MiB/s",
  );
  assert(statusLine(snapshot).startsWith("sr0  resting 5 s: the drive is faster after a rest  "));
});
