/// <reference lib="deno.worker" />
// A session that parks, cancels and hints as fast as it can, and checks each answer.
import { SessionQueue } from "../../../src/shared/request_queue.ts";
import {
  KIND_BYPASS,
  KIND_CLIENT,
  KIND_READ_AHEAD,
  PARKED_PER_SESSION,
  SharedState,
} from "../../../src/shared/shared_state.ts";
import { drainEventFd } from "../../../src/sys/eventfd.ts";
import { POLLIN, PollSet } from "../../../src/sys/poll.ts";
import { Random } from "../../model/map_random.ts";
import {
  CANCELLED,
  LOST_MS,
  type Orders,
  park,
  resultOf,
  type SessionReport,
} from "./queue_orders.ts";

self.onmessage = ({ data }: MessageEvent<Orders>) => {
  const state = new SharedState(data.state, data.sessions);
  const queue = new SessionQueue(state, data.session);
  const random = new Random(data.seed + data.session);
  const eventFd = state.eventFd(data.session);
  const poll = new PollSet(1);
  poll.set(0, eventFd, POLLIN);
  const expected = new Int32Array(PARKED_PER_SESSION).fill(-2);
  const cancelled = new Uint8Array(PARKED_PER_SESSION);
  const free = Array.from(expected, (_, slot) => slot);
  const report: SessionReport = {
    posted: 0,
    ended: 0,
    cancelled: 0,
    hints: 0,
    missedWakeUps: 0,
    finding: "",
  };
  let serial = 0;
  while (report.posted < data.requests || free.length < PARKED_PER_SESSION) {
    const serving = report.posted < data.requests;
    // In the end one at a time: then nobody else's ring makes good for one that was lost.
    const single = report.posted > data.requests * 0.9;
    const most = !serving
      ? 0
      : single
      ? Number(free.length === PARKED_PER_SESSION)
      : random.below(40);
    for (let count = most; count > 0 && free.length > 0; count--) {
      const slot = free.splice(random.below(free.length), 1)[0];
      const kind = random.pick([KIND_CLIENT, KIND_BYPASS]);
      const offset = (data.session * 2 ** 27 + serial++) * 512;
      const length = 512 * (1 + random.below(100));
      expected[slot] = resultOf(kind, offset, length);
      cancelled[slot] = 0;
      park(queue, slot, kind, offset, length, offset + 1);
      report.posted++;
      if (random.once(20)) {
        queue.cancel(slot);
        cancelled[slot] = 1;
      }
    }
    if (serving && !single && random.once(3)) {
      if (queue.hint(KIND_READ_AHEAD, serial * 512, 1024)) report.hints++;
    }
    for (let slot = queue.nextEnded(); slot >= 0; slot = queue.nextEnded()) {
      const result = queue.result(slot);
      if (expected[slot] === -2) report.finding ||= `${slot} ended twice`;
      else if (result === CANCELLED && cancelled[slot] === 1) report.cancelled++;
      else if (result !== expected[slot]) report.finding ||= `${slot} has another's result`;
      expected[slot] = -2;
      free.push(slot);
      report.ended++;
    }
    if (free.length === PARKED_PER_SESSION) continue;
    // As a session waits: the flag first, the queue second.
    if (!single && random.once(2) || !queue.armWakeUp()) continue;
    if (poll.wait(LOST_MS) === 0) report.missedWakeUps++;
    queue.disarmWakeUp();
    drainEventFd(eventFd);
  }
  self.postMessage(report);
};
