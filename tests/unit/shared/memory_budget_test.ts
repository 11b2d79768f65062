import { assert, assertEquals } from "@std/assert";
import {
  MemoryBudget,
  POOL_REPLIES,
  POOL_REQUESTS,
  settleBudget,
} from "../../../src/shared/memory_budget.ts";
import { SharedState } from "../../../src/shared/shared_state.ts";
import { createEventFd, drainEventFd } from "../../../src/sys/eventfd.ts";
import { closeFd } from "../../../src/sys/fd.ts";
import { POLLIN, PollSet } from "../../../src/sys/poll.ts";
import { Random, seedOfRun } from "../../conformance/mutation.ts";

const KIB = 1024;
const CEILING = 100 * KIB;

/** Sessions with a budget, and whether each has been woken since it was asked last. */
class Sessions implements Disposable {
  readonly state: SharedState;
  readonly budgets: MemoryBudget[];

  constructor(count: number, pool = POOL_REQUESTS) {
    this.state = SharedState.create(count);
    this.budgets = Array.from({ length: count }, (_, session) => {
      this.state.setEventFd(session, createEventFd());
      return new MemoryBudget(new SharedState(this.state.buffer, count), session, pool, CEILING);
    });
  }

  isWoken(session: number): boolean {
    const fd = this.state.eventFd(session);
    const poll = new PollSet(1);
    poll.set(0, fd, POLLIN);
    const isReady = poll.wait(0) > 0;
    drainEventFd(fd);
    return isReady;
  }

  [Symbol.dispose](): void {
    for (const session of this.budgets.keys()) closeFd(this.state.retractEventFd(session));
  }
}

Deno.test("memory is given up to the ceiling, and a single request may exceed it", () => {
  using sessions = new Sessions(2);
  const [one, two] = sessions.budgets as [MemoryBudget, MemoryBudget];
  assert(one.take(500 * KIB));
  assert(!two.take(KIB));
  one.give(500 * KIB);
  assert(sessions.isWoken(1) && two.take(60 * KIB) && one.take(40 * KIB) && !one.take(1));
});

Deno.test("who waits is woken, and the first that waits is not passed over", () => {
  using sessions = new Sessions(3);
  const [one, large, small] = sessions.budgets as [MemoryBudget, MemoryBudget, MemoryBudget];
  assert(one.take(90 * KIB));
  assert(!large.take(80 * KIB));
  assert(!small.take(5 * KIB), "there are 10, but another one waits");
  one.give(90 * KIB);
  assertEquals([sessions.isWoken(1), sessions.isWoken(2)], [true, true]);
  assert(small.take(5 * KIB), "there is enough for both");
  assert(!small.take(30 * KIB));
  assert(large.take(80 * KIB));
  assert(sessions.isWoken(2), "nobody is in front of it any more");
  assert(!small.take(30 * KIB));
  large.give(80 * KIB);
  assert(sessions.isWoken(2) && small.take(30 * KIB));
});

Deno.test("who waits no more makes way, and who has died gives everything back", () => {
  using sessions = new Sessions(3);
  const [one, two, three] = sessions.budgets as [MemoryBudget, MemoryBudget, MemoryBudget];
  assert(one.take(100 * KIB) && !two.take(200 * KIB) && !three.take(10 * KIB));
  two.stopWaiting();
  assert(sessions.isWoken(2));
  assert(!two.take(200 * KIB));
  settleBudget(sessions.state, 0);
  settleBudget(sessions.state, 1);
  assert(sessions.isWoken(2) && three.take(100 * KIB));
});

Deno.test("pools do not touch each other, and a wait has an end", () => {
  using sessions = new Sessions(1);
  const [requests] = sessions.budgets as [MemoryBudget];
  const replies = new MemoryBudget(sessions.state, 0, POOL_REPLIES, CEILING);
  assert(requests.take(100 * KIB) && replies.takeWaiting(100 * KIB, 0, () => true));
  assert(!replies.takeWaiting(KIB, 1, () => true));
  assert(!replies.takeWaiting(KIB, 1_000_000, () => false));
  replies.give(100 * KIB);
  assert(replies.takeWaiting(KIB, 1_000_000, () => true));
});

Deno.test("at random: the ceiling holds, and nobody who has been woken for nothing sleeps for ever", () => {
  const seed = seedOfRun();
  console.log(`BLKCACHE_SEED=${seed}`);
  const random = new Random(seed);
  using sessions = new Sessions(4);
  const held: number[][] = sessions.budgets.map(() => []);
  const wants = sessions.budgets.map(() => 0);
  const total = () => held.flat().reduce((sum, bytes) => sum + bytes, 0);
  const tryTake = (session: number) => {
    if (!sessions.budgets[session]!.take(wants[session]!)) return;
    held[session]!.push(wants[session]!);
    wants[session] = 0;
    assert(total() <= CEILING || held.flat().length === 1, `${total()} bytes are taken`);
  };
  for (let step = 0; step < 20_000; step++) {
    const session = random.below(4);
    if (wants[session] === 0 && random.below(2) === 0) {
      wants[session] = KIB * (1 + random.below(120));
      tryTake(session);
    } else if (held[session]!.length > 0) {
      sessions.budgets[session]!.give(held[session]!.pop()!);
    }
    // Whoever waits tries again only when it has been woken.
    for (const waiting of wants.keys()) {
      if (wants[waiting]! > 0 && sessions.isWoken(waiting)) tryTake(waiting);
    }
    assert(total() > 0 || wants.every((bytes) => bytes === 0), "all memory is free, and one waits");
  }
});
