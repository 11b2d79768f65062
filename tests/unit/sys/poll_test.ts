import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { AssertionError } from "../../../src/base/assert.ts";
import { createEventFd, drainEventFd, ringEventFd } from "../../../src/sys/eventfd.ts";
import { EBADF } from "../../../src/sys/errno.ts";
import { closeFd } from "../../../src/sys/fd.ts";
import { POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLRDHUP, PollSet } from "../../../src/sys/poll.ts";
import { SHUT_WR, shutdownSocket, socketPair } from "../../../src/sys/socket.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { interrupting } from "./interruption.ts";

Deno.test("an eventfd is ready from its first ring to its drain", () => {
  const bell = createEventFd();
  const set = new PollSet(1);
  set.set(0, bell, POLLIN);
  assertEquals(set.wait(0), 0);
  assertMatch(Deno.readTextFileSync(`/proc/self/fdinfo/${bell}`), /flags:\s*02004002/);
  ringEventFd(bell);
  ringEventFd(bell);
  assertEquals([set.wait(-1), set.revents(0)], [1, POLLIN]);
  drainEventFd(bell);
  drainEventFd(bell);
  assertEquals([set.wait(0), set.revents(0)], [0, 0]);
  closeFd(bell);
  assertEquals(assertThrows(() => ringEventFd(bell), SystemError).errno, EBADF);
  assertEquals(assertThrows(() => drainEventFd(bell), SystemError).errno, EBADF);
});

Deno.test("each place reports its own descriptor, and empty ones nothing", () => {
  const [a, b] = socketPair();
  const bell = createEventFd();
  const set = new PollSet(4);
  set.set(1, a, POLLIN | POLLOUT | POLLRDHUP);
  set.set(3, bell, POLLIN);
  assertEquals(set.wait(-1), 1);
  assertEquals([0, 1, 2, 3].map((index) => set.revents(index)), [0, POLLOUT, 0, 0]);
  shutdownSocket(b, SHUT_WR);
  ringEventFd(bell);
  assertEquals(set.wait(-1), 2);
  assertEquals([1, 3].map((i) => set.revents(i)), [POLLIN | POLLOUT | POLLRDHUP, POLLIN]);
  closeFd(b);
  set.set(1, a, 0);
  assertEquals(set.revents(1), 0);
  set.set(3, -1, POLLIN);
  assertEquals([set.wait(-1), set.revents(1), set.revents(3)], [1, POLLHUP, 0]);
  [a, bell].forEach(closeFd);
  assertEquals([set.wait(-1), set.revents(1)], [1, POLLNVAL]);
  assertThrows(() => set.set(4, a, POLLIN), AssertionError);
});

Deno.test("a wait that a signal interrupts goes on for the rest of its time", async () => {
  const now = performance.now;
  // By the played clock all of the time is over when the signal has come: the wait looks once more, and ends.
  const looks: number[] = [];
  const times = [0, 400_000_000, 1_000_000_000];
  await interrupting(() => {
    performance.now = () => {
      looks.push(looks.length);
      return times[Math.min(looks.length, times.length) - 1]!;
    };
    try {
      assertEquals(new PollSet(1).wait(1_000_000_000), 0);
    } finally {
      performance.now = now;
    }
  });
  assertEquals(
    looks.length,
    times.length,
    "it went on after the first signal, and ended after the second",
  );
});

Deno.test("a wait elsewhere leaves the thread free", async () => {
  const bell = createEventFd();
  const set = new PollSet(2);
  set.set(1, bell, POLLIN);
  const waited = set.waitElsewhere().then(() => "the wait");
  const turn = new Promise<string>((resolve) => setTimeout(() => resolve("a turn"), 0));
  assertEquals(await Promise.race([waited, turn]), "a turn");
  ringEventFd(bell);
  await waited;
  assertEquals([set.revents(0), set.revents(1)], [0, POLLIN]);
  closeFd(bell);
});
