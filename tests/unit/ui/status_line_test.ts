import { assert, assertEquals } from "@std/assert";
import { formatPercent } from "../../../src/ui/percent.ts";
import { statusLine, type StatusSnapshot, summary } from "../../../src/ui/status_line.ts";
import { progress } from "./progress_sample.ts";

const GIB = 1024 ** 3;

const RUNNING: StatusSnapshot = {
  progress: progress({
    size: 4 * GIB,
    totals: [2 * GIB, GIB / 2, GIB / 2 - 4096, 4096, GIB],
    clients: 2,
    waiting: 1,
    deviceBytes: GIB,
    elapsedMs: 125_000,
  }),
  bytesPerSecond: 10.5 * 1024 * 1024,
  remainingMs: 300_000,
};

const FULL = "10.5 MiB/s  cached 1 GiB 25.0%  bad 4 KiB <0.1%  missing 3 GiB 75.0%  ETA 5 min  " +
  "2 clients, 1 waiting";

const WIDTHS: readonly [number, string][] = [
  [Infinity, FULL],
  [FULL.length, FULL],
  [
    FULL.length - 1,
    "10.5 MiB/s  cached 1 GiB 25.0%  bad 4 KiB  missing 3 GiB  ETA 5 min  2 clients, 1 waiting",
  ],
  [83, "10.5 MiB/s  cached 25.0%  bad 4 KiB  missing 3 GiB  ETA 5 min  2 clients, 1 waiting"],
  [70, "10.5 MiB/s  cached 25.0%  bad 4 KiB  missing 3 GiB  ETA 5 min"],
  [50, "10.5 MiB/s  cached 25.0%  bad 4 KiB  ETA 5 min"],
  [40, "10.5 MiB/s  cached 25.0%  bad 4 KiB"],
  [20, "10.5 MiB/s  cached 2"],
  [1, "1"],
];

for (const [columns, expected] of WIDTHS) {
  Deno.test(`the status line on ${columns} columns`, () => {
    assertEquals(statusLine(RUNNING, columns), expected);
    assert(expected.length <= columns);
  });
}

Deno.test("a status without an end in sight, with one client", () => {
  const snapshot = { progress: progress({ size: 0, clients: 1 }), bytesPerSecond: 0 };
  assertEquals(
    statusLine({ ...snapshot, remainingMs: undefined }, 200),
    "0 bytes/s  cached 0 bytes 0%  bad 0 bytes 0%  missing 0 bytes 0%  1 client",
  );
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
