import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
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

Deno.test("a wait lasts as long as it is told, also when a signal interrupts it", async () => {
  await interrupting(() => {
    const start = performance.now();
    assertEquals(new PollSet(1).wait(300), 0);
    assert(performance.now() - start >= 300);
  });
});

Deno.test("a wait elsewhere leaves the thread free", async () => {
  const bell = createEventFd();
  const set = new PollSet(2);
  set.set(1, bell, POLLIN);
  let isOver = false;
  const waited = set.waitElsewhere().then(() => isOver = true);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert(!isOver);
  ringEventFd(bell);
  await waited;
  assertEquals([set.revents(0), set.revents(1)], [0, POLLIN]);
  closeFd(bell);
});
