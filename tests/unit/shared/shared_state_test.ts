import { assert, assertEquals } from "@std/assert";
import { SESSION_BYTES, SESSION_REQUESTS, SharedState } from "../../../src/shared/shared_state.ts";
import { ReplacedWait } from "../../harness/replaced_wait.ts";

/** How long a sleep may last, milliseconds; no test sleeps. */
const SLEEP_MS = 2000;

Deno.test("a bell that rings while the reader looks for work ends its sleep", () => {
  const state = SharedState.create(1);
  using waits = new ReplacedWait();
  state.sleepReader(() => {
    state.ringReader();
    return true;
  }, SLEEP_MS);
  assertEquals(waits.calls, []);
});

Deno.test("a reader that finds work does not sleep, and one that finds none sleeps its time", () => {
  const state = SharedState.create(1);
  using waits = new ReplacedWait();
  state.ringReader();
  state.sleepReader(() => false, SLEEP_MS);
  assertEquals(waits.calls, []);
  state.sleepReader(() => true, 20);
  assertEquals(waits.calls.map(({ timeoutMs }) => timeoutMs), [20]);
});

Deno.test("the end of a run is seen by every view, and rings the reader", () => {
  const state = SharedState.create(2);
  const other = new SharedState(state.buffer, 2);
  assertEquals(other.ending, false);
  using waits = new ReplacedWait();
  other.sleepReader(() => {
    state.end();
    return true;
  }, SLEEP_MS);
  assertEquals(waits.calls, []);
  assertEquals(other.ending, true);
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
