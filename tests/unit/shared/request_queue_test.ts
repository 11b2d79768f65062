import { assert, assertEquals } from "@std/assert";
import { ReaderQueue, SessionQueue } from "../../../src/shared/request_queue.ts";
import {
  HINTS_PER_SESSION,
  KIND_CLIENT,
  KIND_PREFETCH,
  KIND_READ_AHEAD,
  PARKED_PER_SESSION,
  RESULT_RESOLVED,
  RESULT_UNCACHED,
  SharedState,
  SLOTS_PER_SESSION,
} from "../../../src/shared/shared_state.ts";
import { createEventFd } from "../../../src/sys/eventfd.ts";
import { closeFd } from "../../../src/sys/fd.ts";
import { POLLIN, PollSet } from "../../../src/sys/poll.ts";
import { chooseSeed } from "../../model/map_random.ts";
import {
  CONTROL_BYTES,
  type Orders,
  park,
  QUIT,
  type ReaderReport,
  type SessionReport,
} from "./queue_orders.ts";

/** Runs `test` with the memory of some sessions and an eventfd for each. */
async function withState(
  sessions: number,
  test: (state: SharedState) => void | Promise<void>,
): Promise<void> {
  const state = SharedState.create(sessions);
  for (let session = 0; session < sessions; session++) state.setEventFd(session, createEventFd());
  try {
    await test(state);
  } finally {
    for (let session = 0; session < sessions; session++) closeFd(state.eventFd(session));
  }
}

function isRinging(fd: number): boolean {
  const poll = new PollSet(1);
  poll.set(0, fd, POLLIN);
  return poll.wait(0) === 1;
}

Deno.test("what is parked arrives in order, with all that was said of it", () =>
  withState(2, (state) => {
    const first = new SessionQueue(state, 0);
    const second = new SessionQueue(state, 1);
    const reader = new ReaderQueue(state);
    assert(reader.isEmpty);
    assertEquals(reader.take(), -1);
    park(second, 7, KIND_CLIENT, 2 ** 45, 512, 2 ** 46);
    park(first, 0, KIND_CLIENT, 0, 4096, 0);
    first.hint(KIND_PREFETCH, 8192, 2 ** 30);
    assert(!reader.isEmpty);
    const slots = [reader.take(), reader.take(), reader.take()];
    assertEquals(reader.take(), -1);
    const { slotKind, slotOffset, slotLength, slotBounce } = state;
    assertEquals(
      slots.map((slot) => [slot, slotKind[slot], slotOffset[slot], slotLength[slot]]),
      [
        [SLOTS_PER_SESSION + 7, KIND_CLIENT, 2 ** 45, 512],
        [0, KIND_CLIENT, 0, 4096],
        [PARKED_PER_SESSION, KIND_PREFETCH, 8192, 2 ** 30],
      ],
    );
    assertEquals(slotBounce[slots[0]], 2 ** 46);
  }));

Deno.test("what has ended comes back to its session, once, with its result", () =>
  withState(2, (state) => {
    const first = new SessionQueue(state, 0);
    const second = new SessionQueue(state, 1);
    const reader = new ReaderQueue(state);
    park(first, 3, KIND_CLIENT, 0, 512, 0);
    park(second, 3, KIND_CLIENT, 0, 512, 0);
    reader.end(reader.take(), RESULT_UNCACHED);
    reader.end(reader.take(), RESULT_RESOLVED);
    assertEquals([first.nextEnded(), first.result(3), first.nextEnded()], [3, RESULT_UNCACHED, -1]);
    assertEquals([second.nextEnded(), second.result(3), second.nextEnded()], [
      3,
      RESULT_RESOLVED,
      -1,
    ]);
  }));

Deno.test("the eventfd rings only for a session that sleeps, and only once", () =>
  withState(1, (state) => {
    const queue = new SessionQueue(state, 0);
    const reader = new ReaderQueue(state);
    const fd = state.eventFd(0);
    for (let slot = 0; slot < 4; slot++) park(queue, slot, KIND_CLIENT, 0, 512, 0);
    reader.end(reader.take(), 0);
    assert(!isRinging(fd));
    assert(!queue.armWakeUp(), "something has ended already");
    assertEquals(queue.nextEnded(), 0);
    reader.end(reader.take(), 0);
    assert(!isRinging(fd), "a refused sleep leaves no flag behind");
    assertEquals(queue.nextEnded(), 1);
    assert(queue.armWakeUp());
    reader.end(reader.take(), 0);
    assert(isRinging(fd));
    queue.disarmWakeUp();
  }));

Deno.test("a session may hint a little, and again when that has been dealt with", () =>
  withState(1, (state) => {
    const queue = new SessionQueue(state, 0);
    const reader = new ReaderQueue(state);
    for (let round = 0; round < 3; round++) {
      for (let count = 0; count < HINTS_PER_SESSION; count++) {
        assert(queue.hint(KIND_READ_AHEAD, count, 1));
      }
      assert(!queue.hint(KIND_READ_AHEAD, 99, 1));
      for (let slot = reader.take(); slot >= 0; slot = reader.take()) reader.end(slot, 0);
      assertEquals(queue.nextEnded(), -1);
    }
  }));

Deno.test("every slot of every session fits, many times around", () =>
  withState(3, (state) => {
    const queues = [0, 1, 2].map((session) => new SessionQueue(state, session));
    const reader = new ReaderQueue(state);
    for (let round = 0; round < 5; round++) {
      for (let slot = 0; slot < PARKED_PER_SESSION; slot++) {
        for (const queue of queues) park(queue, slot, KIND_CLIENT, slot, 1, 0);
      }
      for (const queue of queues) while (queue.hint(KIND_READ_AHEAD, 0, 1));
      let taken = 0;
      for (let slot = reader.take(); slot >= 0; slot = reader.take(), taken++) reader.end(slot, 0);
      assertEquals(taken, 3 * SLOTS_PER_SESSION);
      for (const queue of queues) {
        for (let slot = 0; slot < PARKED_PER_SESSION; slot++) {
          assertEquals(queue.nextEnded(), slot);
        }
        assertEquals(queue.nextEnded(), -1);
      }
    }
  }));

Deno.test("the counts go on when they pass 2^31", () =>
  withState(1, (state) => {
    // A queue that has been used for a long time; 32 bits wrap around.
    const words = state.words;
    words[state.endedTailWord(0)] = 2 ** 31 - 2;
    words[3] = 2 ** 31 - state.ring.length;
    const queue = new SessionQueue(state, 0);
    const reader = new ReaderQueue(state);
    for (let round = 0; round < 2 * state.ring.length; round++) {
      park(queue, round % 3, KIND_CLIENT, round, 1, 0);
      const slot = reader.take();
      assertEquals(state.slotOffset[slot], round);
      reader.end(slot, 0);
      assertEquals([queue.nextEnded(), queue.nextEnded()], [round % 3, -1]);
    }
    assert(words[3] < 0 && words[state.endedTailWord(0)] < 0);
  }));

function answerOf<Report>(
  file: string,
  orders: Orders,
): { worker: Worker; report: Promise<Report> } {
  const worker = new Worker(new URL(file, import.meta.url), { type: "module" });
  const report = new Promise<Report>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
  });
  worker.postMessage(orders);
  return { worker, report };
}

Deno.test("threads: nothing is lost, nothing comes twice, and nobody sleeps on", () =>
  withState(4, async (state) => {
    const seed = chooseSeed();
    const control = new SharedArrayBuffer(CONTROL_BYTES);
    const requests = 150_000;
    const common = { state: state.buffer, sessions: state.sessions, control, seed, requests };
    const reader = answerOf<ReaderReport>("./queue_reader_worker.ts", { ...common, session: -1 });
    const sessions = Array.from(
      { length: state.sessions },
      (_, session) => answerOf<SessionReport>("./queue_session_worker.ts", { ...common, session }),
    );
    const reports = await Promise.all(sessions.map(({ report }) => report));
    Atomics.store(new Int32Array(control), QUIT, 1);
    state.ringReader();
    const seen = await reader.report;
    for (const { worker } of [reader, ...sessions]) worker.terminate();

    const sum = (count: (report: SessionReport) => number) =>
      reports.reduce((total, report) => total + count(report), 0);
    console.log(`${sum(({ posted }) => posted)} requests, ${sum(({ hints }) => hints)} hints`);
    assertEquals(reports.map(({ finding }) => finding), ["", "", "", ""]);
    assertEquals([seen.finding, seen.missedBells, sum((report) => report.missedWakeUps)], [
      "",
      0,
      0,
    ]);
    assertEquals(seen.taken, sum(({ posted }) => posted));
    assertEquals(sum(({ ended }) => ended), seen.taken);
    assert(seen.hints <= sum(({ hints }) => hints));
  }));
