// Whose turn it is: requests that arrive while others are being served, rescued or cancelled.
import { assert, assertEquals } from "@std/assert";
import { BAD_SECTOR } from "../../../src/map/statuses.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { type RunOptions, SimulatedRun } from "./simulated_run.ts";
import { assertSameBytes } from "../../harness/test_folder.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Where the fresh requests of these tests go: nothing else reads there. */
const ELSEWHERE = 24 * MIB;

function addBad(device: SimulatedDevice, start: number, end: number, step = 1): void {
  for (let at = start; at < end; at += step * device.sectorSize) {
    device.bad.add(at / device.sectorSize);
  }
}

/** What else the reader may be doing, and how it is begun. */
interface OtherWork {
  options?: RunOptions;
  /** Device reads until the fresh requests begin to come. */
  after?: number;
  begin: (run: SimulatedRun) => void;
}

const OTHER_WORK: Record<string, OtherWork> = {
  "one rescue": {
    begin(run) {
      addBad(run.device, 8 * KIB, 12 * KIB);
      addBad(run.device, 60 * KIB, 61 * KIB);
      run.ask(0, 0, 64 * KIB);
    },
  },
  "eight requests for one failing stretch": {
    begin(run) {
      addBad(run.device, 8 * KIB, 12 * KIB);
      for (let id = 0; id < 8; id++) run.ask(id, 0, 64 * KIB);
    },
  },
  "many rescues at a time": {
    after: 16,
    begin(run) {
      for (let id = 0; id < 8; id++) {
        addBad(run.device, id * 128 * KIB, id * 128 * KIB + 8 * KIB);
        run.ask(id, id * 128 * KIB, 64 * KIB);
      }
    },
  },
  "one large request": { begin: (run) => run.ask(0, 0, 4 * MIB) },
  "one large request with bad sectors everywhere": {
    begin(run) {
      addBad(run.device, 0, MIB, 150);
      run.ask(0, 0, MIB);
    },
  },
  "retries of bad sectors": {
    options: { retries: 3 },
    begin(run) {
      addBad(run.device, 0, 16 * KIB);
      run.map.set(0, 16 * KIB, BAD_SECTOR);
      run.ask(0, 0, 16 * KIB);
    },
  },
  "read-ahead": { begin: (run) => run.sessions[0].prefetch(0, 4 * MIB) },
};

for (const [name, { options, after = 0, begin }] of Object.entries(OTHER_WORK)) {
  Deno.test(`a fresh request waits for one device read only, the one under way: ${name}`, () => {
    const device = new SimulatedDevice(64 * MIB);
    using run = new SimulatedRun(device, options);
    begin(run);
    let underWay = 0;
    let fresh = -1;
    device.during = (offset) => {
      if (fresh >= 0) {
        assertEquals(offset, fresh, `read ${underWay} came first`);
        fresh = -1;
      } else if (offset < ELSEWHERE && underWay >= after && underWay % 2 === 0) {
        fresh = ELSEWHERE + underWay * 4 * KIB;
        run.ask(100, fresh, 4 * KIB);
      }
      underWay++;
    };
    for (let steps = 0; run.reader.step(); steps++) {
      run.ended();
      assert(steps < 20_000, "no end");
    }
    assert(underWay >= 8, "the other work is too short to prove anything");
  });
}

Deno.test("a rescue goes on while healthy requests never end", () => {
  const device = new SimulatedDevice(32 * MIB);
  using run = new SimulatedRun(device);
  device.bad.add(100);
  run.ask(0, 0, 64 * KIB);
  let next = MIB;
  device.during = () => {
    run.ask(1 + next / (4 * KIB) % 200, next, 4 * KIB);
    next += 4 * KIB;
  };
  let steps = 0;
  for (let done = false; !done; steps++) {
    run.reader.step();
    done = run.ended().some(({ id }) => id === 0);
    assert(steps < 129 * 5, "starved");
  }
});

Deno.test("requests for the same or overlapping ranges cost one device read of each sector", () => {
  for (const shift of [0, 4 * KIB, 28 * KIB, 100 * KIB]) {
    for (const badStep of [0, 1, 30, 128]) {
      const device = new SimulatedDevice(4 * MIB);
      if (badStep > 0) addBad(device, 16 * KIB, 16 * KIB + badStep * 4 * 512, badStep);
      using run = new SimulatedRun(device, { sessions: 8 });
      for (let session = 0; session < 8; session++) {
        run.ask(session, session * shift, 64 * KIB, session);
      }
      run.finish();
      const times = new Uint8Array(device.size / 512);
      const failed = new Uint8Array(device.size / 512);
      for (const { offset, length, result } of device.reads) {
        for (let at = offset; at < offset + result; at += 512) times[at / 512]++;
        if (result < 0 && length === 512) failed[offset / 512]++;
      }
      assertEquals(times.findIndex((count) => count > 1), -1, `shift ${shift}, bad ${badStep}`);
      assertEquals(failed.findIndex((count) => count > 1), -1, `shift ${shift}, bad ${badStep}`);
      for (let session = 0; session < 8; session++) {
        const [{ bytes, unreadable }] = run.ended(session);
        const expected = device.content.slice(session * shift, session * shift + 64 * KIB);
        for (const [start, end] of unreadable) {
          expected.fill(0xee, start - session * shift, end - session * shift);
        }
        assertSameBytes(bytes, expected, `session ${session}`);
      }
    }
  }
});

Deno.test("a request for a stretch that is being rescued shares its outcome", () => {
  const device = new SimulatedDevice(MIB);
  addBad(device, 8 * KIB, 40 * KIB);
  using run = new SimulatedRun(device);
  run.ask(0, 0, 64 * KIB);
  for (let steps = 0; steps < 20; steps++) run.reader.step();
  run.ask(1, 0, 64 * KIB);
  run.ask(2, 32 * KIB, 64 * KIB);
  run.ask(3, 12 * KIB, 512);
  run.finish();
  const answers = run.ended();
  assertEquals(answers.length, 4);
  // 4 for the stretch, nothing for the rest of the third request, and one for the only sector of the fourth.
  assertEquals(device.failingReads, 5);
  for (const { id, unreadable } of answers) {
    const [start, end] = [[8, 40], [8, 40], [32, 40], [12, 12.5]][id];
    assertEquals(unreadable, [[start * KIB, end * KIB]]);
  }
});

Deno.test("a cancelled request costs no further device read", () => {
  for (let cancelAt = 1; cancelAt <= 12; cancelAt++) {
    const device = new SimulatedDevice(8 * MIB);
    addBad(device, 4 * KIB, 12 * KIB, 3);
    using run = new SimulatedRun(device);
    for (const [id, at] of [0, 0, MIB, 2 * MIB].entries()) run.ask(id, at, 64 * KIB);
    device.during = () => {
      if (device.reads.length + 1 === cancelAt) run.sessions[0].endClient();
    };
    run.finish();
    assert(device.reads.length <= cancelAt, `${device.reads.length} reads`);
    run.ended();
    assertEquals(run.sessions[0].pending.underWay, 0);
  }
});

Deno.test("a rescue goes on for those who still wait when the one that began it is cancelled", () => {
  const device = new SimulatedDevice(MIB);
  addBad(device, 8 * KIB, 40 * KIB);
  using run = new SimulatedRun(device, { sessions: 2 });
  run.ask(0, 0, 64 * KIB, 0);
  run.reader.step();
  run.ask(0, 0, 64 * KIB, 1);
  for (let steps = 0; steps < 20; steps++) run.reader.step();
  run.sessions[0].endClient();
  run.finish();
  assertEquals(run.ended(1)[0].unreadable, [[8 * KIB, 40 * KIB]]);
  assertEquals(device.failingReads, 4);
});

Deno.test("a request is answered when its own bytes are settled, not when all of a rescue is", () => {
  const device = new SimulatedDevice(MIB);
  addBad(device, 32 * KIB, 33 * KIB);
  using run = new SimulatedRun(device);
  for (let id = 0; id < 16; id++) run.ask(id, id * 4 * KIB, 4 * KIB);
  // One failing read of the 64 KiB, then the 8 sectors of the first request.
  for (let steps = 0; steps < 9; steps++) run.reader.step();
  assertEquals(run.ended().map(({ id }) => id), [0]);
  run.finish();
  assertEquals(run.ended().length, 15);
});

Deno.test("a request that comes during a rescue is answered at once when its bytes are known by then", () => {
  const device = new SimulatedDevice(MIB);
  addBad(device, 8 * KIB, 9 * KIB);
  addBad(device, 60 * KIB, 61 * KIB);
  using run = new SimulatedRun(device);
  run.ask(0, 0, 64 * KIB);
  // Past the first bad sectors.
  while (!run.map.isFinished(62 * KIB, 64 * KIB)) run.reader.step();
  run.ask(1, 7 * KIB, 2 * KIB);
  const reads = device.reads.length;
  while (run.ended().length === 0) run.reader.step();
  assert(device.reads.length <= reads + 1, `${device.reads.length - reads} reads`);
});

Deno.test("a request that comes during a rescue is answered when its last byte is known", () => {
  const device = new SimulatedDevice(MIB);
  addBad(device, 60 * KIB, 61 * KIB);
  using run = new SimulatedRun(device);
  run.ask(0, 0, 64 * KIB);
  while (!run.map.isFinished(0, 8 * KIB)) run.reader.step();
  run.ask(1, 4 * KIB, 8 * KIB);
  while (!run.map.isFinished(0, 12 * KIB)) run.reader.step();
  assertEquals(run.ended().map(({ id }) => id), [1]);
});

Deno.test("requests that touch are read together, and each read serves waiting requests only", () => {
  const device = new SimulatedDevice(8 * MIB);
  using run = new SimulatedRun(device);
  const order = [3, 1, 0, 2, 5, 8];
  for (const [id, piece] of order.entries()) run.ask(id, piece * 64 * KIB, 64 * KIB);
  run.finish();
  const read = device.reads.map(({ offset, length }) => [offset / KIB, length / KIB]);
  assertEquals(read, [[0, 256], [320, 64], [512, 64]]);
});
