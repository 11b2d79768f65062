import { assert, assertEquals } from "@std/assert";
import {
  PHASE_ENDING,
  PHASE_SERVING,
  SESSION_BYTES,
  SESSION_REQUESTS,
  SharedState,
} from "../../../src/shared/shared_state.ts";

/** A sleep of this length was not ended by anything, milliseconds. */
const LONG_MS = 2000;

function timeOf(work: () => void): number {
  const before = performance.now();
  work();
  return performance.now() - before;
}

Deno.test("a bell that rings while the reader looks for work ends its sleep", () => {
  const state = SharedState.create(1);
  const slept = timeOf(() =>
    state.sleepReader(() => {
      state.ringReader();
      return true;
    }, LONG_MS)
  );
  assert(slept < LONG_MS / 2, `slept ${slept} ms`);
});

Deno.test("a reader that finds work does not sleep, and one that finds none sleeps its time", () => {
  const state = SharedState.create(1);
  state.ringReader();
  assert(timeOf(() => state.sleepReader(() => false, LONG_MS)) < LONG_MS / 2);
  assert(timeOf(() => state.sleepReader(() => true, 20)) >= 19);
});

Deno.test("the end of a run is seen by every view, and rings the reader", () => {
  const state = SharedState.create(2);
  const other = new SharedState(state.buffer, 2);
  assertEquals(other.phase, PHASE_SERVING);
  const slept = timeOf(() =>
    other.sleepReader(() => {
      state.end();
      return true;
    }, LONG_MS)
  );
  assert(slept < LONG_MS / 2);
  assertEquals(other.phase, PHASE_ENDING);
});

Deno.test("the words of sessions do not touch each other", () => {
  const state = SharedState.create(3);
  const other = new SharedState(state.buffer, 3);
  for (let session = 0; session < 3; session++) {
    assertEquals(state.eventFd(session), -1);
    state.setEventFd(session, 100 + session);
    state.assign(session, 200 + session, 7 + session);
    state.setParked(session, 10 * (session + 1));
    state.count(session, SESSION_REQUESTS, session + 1);
    state.count(session, SESSION_BYTES, 2 ** 40);
  }
  state.setDismissed(1, true);
  state.imageSick = true;
  const sockets: number[] = [];
  for (let session = 0; session < 3; session++) other.withSocket(session, (fd) => sockets.push(fd));
  assertEquals(sockets, [200, 201, 202]);
  assertEquals([0, 1, 2].map((session) => other.socket(session)), sockets);
  assertEquals([0, 1, 2].map((session) => other.negotiated(session)), [7, 8, 9]);
  assertEquals([0, 1, 2].map((session) => other.eventFd(session)), [100, 101, 102]);
  assertEquals([0, 1, 2].map((session) => other.isDismissed(session)), [false, true, false]);
  assertEquals(other.parkedReads(), 60);
  assertEquals(other.sumOfSessions(SESSION_REQUESTS), 6);
  assertEquals(other.sumOfSessions(SESSION_BYTES), 3 * 2 ** 40);
  assert(other.imageSick);
});

Deno.test("a socket that was retracted is not used any more", () => {
  const state = SharedState.create(1);
  state.assign(0, 5, 1);
  state.retractSocket(0);
  state.withSocket(0, () => assert(false));
});
