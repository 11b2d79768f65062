import { assert, assertEquals } from "@std/assert";
import type { Phase } from "../../../src/map/statuses.ts";
import type { ServerEvent } from "../../../src/server/events.ts";
import { RunReporter } from "../../../src/ui/run_reporter.ts";
import { FakeTerminal } from "./fake_terminal.ts";
import { progress } from "./progress_sample.ts";

const URI = "nbd+unix:///?socket=/run/blkcache/sr0.sock";
const READY: ServerEvent = {
  event: "ready",
  uri: URI,
  uris: [URI, "nbd://127.0.0.1:10809"],
  image: "sr0.img",
  map: "sr0.img.map",
  resumed: false,
};

async function told(terminal: FakeTerminal, events: readonly ServerEvent[]): Promise<FakeTerminal> {
  const reporter = new RunReporter(terminal);
  events.forEach(reporter.observe);
  await terminal.close();
  return terminal;
}

Deno.test("the ready line comes first on stdout, then what to type next", async () => {
  const { written } = await told(new FakeTerminal(), [READY]);
  assertEquals(written.stdout.split("\n"), [
    `ready ${URI}`,
    "also nbd://127.0.0.1:10809",
    `next: nbdcopy --progress '${URI}' copy.img`,
    `next: qemu-img convert -p -f raw -O qcow2 '${URI}' copy.qcow2`,
    "next: modprobe nbd && nbd-client -unix /run/blkcache/sr0.sock /dev/nbd0 && " +
    "mount -o ro /dev/nbd0 /mnt",
    "",
  ]);
  assertEquals(written.stderr, 'blkcache: new image "sr0.img", map "sr0.img.map"\n');
});

Deno.test("when quiet, the ready line and errors stay", async () => {
  const terminal = new FakeTerminal();
  terminal.level = "error";
  await told(terminal, [
    READY,
    { event: "warning", message: "w", hints: [] },
    { event: "done", exitCode: 0, progress: progress() },
  ]);
  assertEquals(terminal.written.stdout, `ready ${URI}\nalso nbd://127.0.0.1:10809\n`);
  assertEquals(terminal.written.stderr, "");
});

Deno.test("with --json each event is one object on stdout", async () => {
  const terminal = new FakeTerminal({ isTerminal: true });
  terminal.json = true;
  await told(terminal, [
    READY,
    { event: "progress", progress: progress({ size: 10, totals: [1, 2, 3, 0, 4] }) },
    { event: "debug", message: "not shown" },
    { event: "saved", map: "sr0.img.map", transitions: 7 },
    { event: "done", exitCode: 3, progress: progress({ size: 10, totals: [0, 0, 0, 6, 4] }) },
  ]);
  const objects = terminal.written.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const counters = { deviceBytes: 0, deviceReads: 0, failedReads: 0, servedBytes: 0 };
  const place = {
    runOut: 0,
    phase: null,
    pass: 1,
    position: 0,
    lastGood: null,
    reading: null,
    outage: null,
    paused: null,
    resting: null,
    cooling: null,
  };
  const now = { size: 10, ...counters, clients: 0, waiting: 0, elapsedMs: 0, ...place };
  assertEquals(objects, [
    READY,
    {
      event: "progress",
      ...now,
      totals: { finished: 4, nonTried: 1, nonTrimmed: 2, nonScraped: 3, badSector: 0 },
    },
    { event: "saved", map: "sr0.img.map", transitions: 7 },
    {
      event: "done",
      exitCode: 3,
      meaning: "finished, some areas are unreadable",
      ...now,
      totals: { finished: 4, nonTried: 0, nonTrimmed: 0, nonScraped: 0, badSector: 6 },
    },
  ]);
});

Deno.test("on a pipe there is a line every 30 s, as long as something changes", async () => {
  const events: ServerEvent[] = [];
  for (let second = 0; second <= 120; second++) {
    const read = Math.min(second, 50);
    events.push({
      event: "progress",
      progress: progress({
        totals: [1000 - read, 0, 0, 0, read],
        deviceBytes: read,
        deviceReads: read,
        elapsedMs: second * 1000,
      }),
    });
  }
  const { written } = await told(new FakeTerminal(), events);
  assertEquals(written.stderr.trimEnd().split("\n").map((line) => line.match(/cached.*?%/)?.[0]), [
    "cached 30 bytes 3.0%",
    "cached 50 bytes 5.0%",
  ]);
});

Deno.test("on a terminal the status follows each snapshot and is gone at the end", async () => {
  const terminal = new FakeTerminal({ isTerminal: true });
  await told(terminal, [
    { event: "progress", progress: progress({ totals: [1000, 0, 0, 0, 0] }) },
    { event: "progress", progress: progress({ totals: [0, 0, 0, 0, 1000], elapsedMs: 1000 }) },
    { event: "done", exitCode: 0, progress: progress({ totals: [0, 0, 0, 0, 1000] }) },
  ]);
  // The second is drawn over the three lines of the first, then they are taken away.
  const [first, second, end] = terminal.both.join("").split("\r\x1b[2A");
  assert(first.includes("cached 0 bytes 0%"), first);
  assert(second.includes("cached 1000 bytes 100%"), second);
  assert(end.startsWith("\x1b[Jblkcache: cached 1000 bytes 100%"), end);
});

Deno.test("a status on request is a line of its own, as soon as there is one", async () => {
  const terminal = new FakeTerminal({ isTerminal: true });
  const reporter = new RunReporter(terminal);
  reporter.printStatus();
  reporter.observe({ event: "info", message: "starting" });
  reporter.observe({ event: "progress", progress: progress({ clients: 3 }) });
  reporter.observe({ event: "progress", progress: progress({ clients: 4 }) });
  reporter.printStatus();
  await terminal.close();
  const lines = terminal.both.join("").split("\n").filter((line) => line.includes("blkcache: "));
  assertEquals(lines.map((line) => line.match(/starting$|\d clients$/)?.[0]), [
    "starting",
    "3 clients",
    "4 clients",
  ]);
});

Deno.test("a medium that comes, goes or is refused is told, and the next one begins anew", async () => {
  const terminal = new FakeTerminal({ isTerminal: true });
  const left = progress({ totals: [0, 0, 0, 0, 1000], deviceBytes: 1000, elapsedMs: 2000 });
  await told(terminal, [
    { event: "medium", state: "awaited", message: "waiting for a disc", hints: [] },
    { event: "progress", progress: left },
    { event: "medium", state: "left", message: "the disc has left", hints: [], progress: left },
    { event: "medium", state: "refused", message: "too small", hints: ["take another"] },
    { event: "progress", progress: progress({ elapsedMs: 500 }) },
    { event: "done", exitCode: 0 },
  ]);
  const lines = terminal.both.join("").split("\n").filter((line) => line.includes("blkcache: "));
  assertEquals(lines.map((line) => line.slice(line.indexOf("blkcache: "))), [
    "blkcache: waiting for a disc",
    "blkcache: the disc has left",
    "blkcache: cached 1000 bytes 100%, bad 0 bytes 0%, missing 0 bytes 0%; 1000 bytes read from " +
    "the device in 2 s",
    "blkcache: warning: too small",
    "blkcache: hint: take another",
  ]);
  assert(terminal.both.join("").endsWith("\x1b[J"));
});

Deno.test("with --json a phase is an event when it begins", async () => {
  const terminal = new FakeTerminal();
  terminal.json = true;
  const at = (phase: Phase | null, pass: number): ServerEvent => ({
    event: "progress",
    progress: progress({ phase, pass }),
  });
  await told(terminal, [at(null, 1), at("?", 1), at("?", 1), at("?", 2), at("*", 1), at(null, 1)]);
  const phases = terminal.written.stdout.trimEnd().split("\n").map((line) => JSON.parse(line))
    .filter(({ event }) => event === "phase");
  assertEquals(phases, [
    { event: "phase", phase: "copying", pass: 1 },
    { event: "phase", phase: "copying", pass: 2 },
    { event: "phase", phase: "trimming", pass: 1 },
    { event: "phase", phase: null, pass: 1 },
  ]);
});

const waiting = (seconds: number): ServerEvent => ({
  event: "waiting",
  what: "/dev/sdb to answer",
  seconds,
  message: `waiting for /dev/sdb to answer (${seconds} s); Ctrl-C ends`,
});

Deno.test("a device that does not answer is said at first and every half minute on a pipe", async () => {
  const events = Array.from({ length: 70 }, (_, index) => waiting(index + 3));
  const { written } = await told(new FakeTerminal(), [...events, waiting(3), READY]);
  const lines = [3, 33, 63, 3].map((seconds) =>
    `blkcache: waiting for /dev/sdb to answer (${seconds} s); Ctrl-C ends`
  );
  assertEquals(written.stderr.split("\n").slice(0, -2), lines);
});

Deno.test("on a terminal a device that does not answer is counted in place, until it has", async () => {
  const terminal = new FakeTerminal({ isTerminal: true });
  const { written } = await told(terminal, [waiting(3), waiting(4), READY]);
  const [before, after] = written.stderr.split("blkcache: new image");
  assert(/\(3 s\); Ctrl-C ends[^\n]*\(4 s\); Ctrl-C ends[^\n]*$/.test(before!), before);
  assert(before!.endsWith("\r\x1b[J"), "the line is taken away");
  assert(!after!.includes("waiting"), after);
});
