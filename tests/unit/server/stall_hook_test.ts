// --on-stall on played events: when the command is run, and with what.

import { assertEquals } from "@std/assert";
import type { ServerEvent } from "../../../src/server/events.ts";
import type { CommandListener } from "../../../src/server/stall_command.ts";
import { StallHook } from "../../../src/server/stall_hook.ts";
import { HANGING_MS } from "../../../src/server/stall_schedule.ts";
import { PlayedIntervals } from "../../harness/played_intervals.ts";
import { progress } from "../ui/progress_sample.ts";

/** A hook whose command the test plays. */
class PlayedHook implements Disposable {
  nowMs = 0;
  isAttached = true;
  /** By path. */
  readonly disks: Record<string, { device: string; serial: string; busPath: string }> = {
    "by-id": { device: "/dev/sdb", serial: "S1", busPath: "1-1.2" },
  };
  readonly runs: Readonly<Record<string, string>>[] = [];
  readonly told: ServerEvent[] = [];
  killed = 0;
  listener: CommandListener | undefined;
  readonly hook: StallHook;

  constructor() {
    this.hook = new StallHook("power-cycle", "by-id", (event) => this.told.push(event), {
      now: () => this.nowMs,
      isAttached: () => this.isAttached,
      whereaboutsOf: (path) => this.disks[path] ?? { device: path, serial: "", busPath: "" },
      run: (command, { HOME: _home, ...variables }, listener) => {
        assertEquals(command, "power-cycle");
        this.runs.push(variables);
        this.listener = listener;
        return { kill: () => this.killed++ };
      },
    });
  }

  silent(attempts = 0): void {
    const outage = { sinceMs: 0, attempts, restMs: 0 };
    this.hook.observe({ event: "progress", progress: progress({ outage }) });
  }

  answers(): void {
    this.hook.observe({ event: "progress", progress: progress() });
  }

  [Symbol.dispose](): void {
    this.hook[Symbol.dispose]();
  }
}

Deno.test("the command gets what the device was known by while it was there, and the count", () => {
  using played = new PlayedHook();
  played.answers();
  assertEquals(played.runs, []);
  played.isAttached = false;
  played.silent();
  assertEquals(played.runs, [
    { DEVICE: "/dev/sdb", SERIAL: "S1", BUS_PATH: "1-1.2", STALL_COUNT: "1" },
  ]);
  played.listener!.ended();
  // It has come back under another name.
  played.isAttached = true;
  played.disks["/dev/sdd"] = { device: "/dev/sdd", serial: "S1", busPath: "2-4" };
  played.hook.observe({ event: "info", message: "answers again", device: "/dev/sdd" });
  played.answers();
  played.nowMs = 100_000;
  played.silent();
  assertEquals(played.runs[1], {
    DEVICE: "/dev/sdd",
    SERIAL: "S1",
    BUS_PATH: "2-4",
    STALL_COUNT: "2",
  });
});

Deno.test("output is told as debug and warning, a failure as a warning", () => {
  using played = new PlayedHook();
  played.silent();
  played.listener!.said("port 2 off", false);
  played.listener!.said("no such hub", true);
  played.listener!.failed("the command of --on-stall has failed: exit code 1");
  assertEquals(played.told, [
    { event: "info", message: "running the command of --on-stall (run 1)" },
    { event: "debug", message: "--on-stall: port 2 off" },
    { event: "warning", message: "--on-stall: no such hub", hints: [] },
    {
      event: "warning",
      message: "the command of --on-stall has failed: exit code 1",
      hints: [],
    },
  ]);
});

Deno.test("the end of the run ends the command, which says nothing more", () => {
  const played = new PlayedHook();
  played.silent();
  played[Symbol.dispose]();
  assertEquals(played.killed, 1);
  played.listener!.failed("signal SIGKILL");
  played.listener!.ended();
  played.nowMs = 1_000_000;
  played.silent();
  assertEquals([played.runs.length, played.told.length], [1, 1]);
});

Deno.test("a drive whose medium was taken out has not stalled, one that is unplugged has", () => {
  using intervals = new PlayedIntervals();
  using played = new PlayedHook();
  played.hook.observe({ event: "medium", state: "left", message: "", hints: [] });
  intervals.tick();
  assertEquals(played.runs, []);
  played.isAttached = false;
  intervals.tick();
  intervals.tick();
  assertEquals(played.runs.length, 1);
  played.listener!.ended();
  played.nowMs += HANGING_MS;
  intervals.tick();
  assertEquals(played.runs.map(({ STALL_COUNT }) => STALL_COUNT), ["1", "2"]);
  played.listener!.ended();
  played.isAttached = true;
  const ready = { uri: "", uris: [], image: "", map: "", resumed: false };
  played.hook.observe({ event: "ready", ...ready });
  assertEquals(intervals.count, 0);
});
