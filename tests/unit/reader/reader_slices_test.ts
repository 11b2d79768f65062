// Slices, and who waits for how many of them: the reader on a device that is slow, or much in demand.
import { assert, assertEquals } from "@std/assert";
import { DeviceWriter } from "../../../src/session/device_writer.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { SimulatedRun } from "./simulated_run.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** A device of 8 MB/s. */
function slowDevice(size: number): SimulatedDevice {
  const device = new SimulatedDevice(size);
  device.tookMs = (length) => length / 8000;
  return device;
}

Deno.test("a small read does not wait for what lies before it", () => {
  const device = new SimulatedDevice(8 * MIB);
  using run = new SimulatedRun(device, { sessions: 2 });
  // So it is the turn of the other one.
  run.read(4 * MIB, 4 * KIB, 0);
  run.ask(0, 0, 64 * KIB, 0);
  run.ask(0, 64 * KIB, 4 * KIB, 1);
  run.reader.step();
  assertEquals(device.reads.at(-1), { offset: 64 * KIB, length: 4 * KIB, result: 4 * KIB });
});

Deno.test("a stretch that is shared out among connections is read in large pieces, forwards", () => {
  const device = new SimulatedDevice(32 * MIB);
  using run = new SimulatedRun(device, { sessions: 4 });
  let next = 0;
  const ask = () => run.ask(next % 64, next * 128 * KIB, 128 * KIB, next++ % 4);
  while (next < 32) ask();
  while (next < 256) {
    run.reader.step();
    for (let session = 0; session < 4; session++) run.ended(session).forEach(ask);
  }
  run.finish();
  const offsets = device.reads.map(({ offset }) => offset);
  assertEquals(offsets, offsets.toSorted((a, b) => a - b));
  assert(device.reads.length <= 34, `${device.reads.length} reads`);
});

Deno.test("on a slow device a turn takes 100 ms, and what is read together obeys", () => {
  const device = slowDevice(64 * MIB);
  using run = new SimulatedRun(device, { sessions: 2 });
  run.sessions[0].prefetch(0, 16 * MIB);
  for (let id = 0; id < 60; id++) run.ask(id, id * 256 * KIB, 256 * KIB, id % 2);
  run.finish();
  const [first, ...others] = device.reads.map(({ length }) => length / KIB);
  assertEquals(first, 1024);
  assert(Math.max(...others) <= 768 && Math.min(...others.slice(0, -1)) >= 704, `${others}`);
});

Deno.test("a small read waits for one turn of a client with 64 large ones, also as the writes of others", () => {
  const device = slowDevice(128 * MIB);
  const written: number[] = [];
  const writable = {
    write(_address: number, length: number, offset: number) {
      device.nowMs += length / 8000;
      written.push(offset);
      return length;
    },
    sync: () => 0,
  };
  using run = new SimulatedRun(device, { sessions: 4, writable });
  const writer = new DeviceWriter(run.sessions[2]);
  for (let id = 0; id < 64; id++) {
    run.ask(id, id * 512 * KIB, 4 * MIB, 0);
    run.ask(id, (id + 64) * 512 * KIB, 4 * MIB, 1);
    writer.zero(id, 100 * MIB, 4 * MIB, false);
  }
  for (let steps = 0; steps < 20; steps++) run.reader.step();
  for (let times = 0; times < 10; times++) {
    const turns = device.reads.length + written.length;
    run.ask(0, 127 * MIB + times * 4 * KIB, 4 * KIB, 3);
    while (run.ended(3).length === 0) run.reader.step();
    assert(device.reads.length + written.length - turns <= 4, `${times}`);
  }
});

Deno.test("a large read ends although small ones never do", () => {
  const device = new SimulatedDevice(64 * MIB);
  using run = new SimulatedRun(device);
  run.ask(0, 0, 4 * MIB);
  let next = 8 * MIB;
  device.during = () => {
    run.ask(1 + next / (4 * KIB) % 200, next, 4 * KIB);
    next += 4 * KIB;
  };
  for (let done = false; !done;) {
    run.reader.step();
    done = run.ended().some(({ id }) => id === 0);
    assert(device.reads.length <= 20, "starved");
  }
});

Deno.test("all that a client has left behind ends before the next turn", () => {
  const device = new SimulatedDevice(64 * MIB);
  using run = new SimulatedRun(device, { sessions: 2 });
  for (let id = 0; id < 64; id++) run.ask(id, id * 512 * KIB, 4 * MIB, 0);
  run.ask(0, 0, 4 * MIB, 1);
  run.reader.step();
  device.during = () => run.sessions[0].endClient();
  run.reader.step();
  device.during = undefined;
  const reads = device.reads.length;
  run.reader.step();
  assertEquals(run.ended(0), []);
  assertEquals(run.sessions[0].pending.underWay, 0);
  run.finish();
  // What the other one still needed, and nothing else.
  assert(device.reads.length <= reads + 4, `${device.reads.length - reads} reads`);
});

Deno.test("a rescue takes its turn in many quick sectors, until somebody comes", () => {
  const device = new SimulatedDevice(64 * MIB);
  device.tookMs = (length) => length > 512 ? length / 8000 : 1;
  using run = new SimulatedRun(device, { sessions: 2 });
  device.bad.add(100);
  for (let id = 0; id < 16; id++) run.ask(id, (8 + id * 3) * MIB, 3 * MIB, 0);
  run.ask(0, 0, 64 * KIB, 1);
  while (run.ended(1).length === 0) run.reader.step();
  const slices = device.reads.filter(({ length }) => length > 512).length;
  // 128 sectors, of which 100 fit into a turn, and one fails.
  assert(slices <= 14, `${slices}`);
});
