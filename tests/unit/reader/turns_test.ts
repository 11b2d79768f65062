// Whose turn it is, as tables: sessions with what waits in them, and the turns that come of it.
import { assertEquals } from "@std/assert";
import { PendingRead } from "../../../src/reader/pending_read.ts";
import { PendingRescue } from "../../../src/reader/pending_rescue.ts";
import { SessionRequests } from "../../../src/reader/session_requests.ts";
import { Turns } from "../../../src/reader/turns.ts";
import {
  KIND_CLIENT,
  KIND_FLUSH,
  KIND_PREFETCH,
  KIND_READ_AHEAD,
  KIND_WRITE,
} from "../../../src/shared/shared_state.ts";

const KINDS: Record<string, number> = {
  r: KIND_CLIENT,
  w: KIND_WRITE,
  f: KIND_FLUSH,
  a: KIND_READ_AHEAD,
  p: KIND_PREFETCH,
};

/** Sessions and what waits in them: "r1 r32 w4" are reads of 1 and 32 bytes and a write; "!r1" is being rescued. */
class Load {
  readonly sessions: SessionRequests[] = [];
  readonly turns: Turns;
  readonly names = new Map<PendingRead | PendingRescue, string>();
  readonly hints: PendingRead[] = [];
  #arrivals = 0;

  constructor(waiting: string[]) {
    for (const _ of waiting) this.sessions.push(new SessionRequests());
    this.turns = new Turns(this.sessions);
    for (const [session, names] of waiting.entries()) {
      for (const name of names.split(" ").filter((name) => name !== "")) this.arrive(session, name);
    }
    this.turns.beginRescues();
  }

  arrive(session: number, name: string): PendingRead {
    const isHeld = name.startsWith("!");
    const [, kind, length] = name.match(/^!?([a-z])(\d+)/)!;
    const read = new PendingRead(this.#arrivals, session);
    read.begin(++this.#arrivals, KINDS[kind], 0, Number(length), 0);
    this.names.set(read, `${session}:${name}`);
    if (kind === "a" || kind === "p") {
      this.hints.push(read);
      return read;
    }
    this.sessions[session].add(read);
    if (isHeld) {
      const rescue = new PendingRescue(0, 512, 512, "failed", 0);
      this.names.set(rescue, `${session}:${name}`);
      this.sessions[session].hold(read, rescue);
    }
    return read;
  }

  /** The next turn; what had it goes on waiting. */
  turn(): string {
    if (!this.turns.next()) return "";
    const { request, rescue } = this.turns;
    assertEquals(request === undefined, rescue !== undefined);
    return this.names.get((request ?? rescue)!)!;
  }

  /** The next turns. */
  next(count: number): string[] {
    return Array.from({ length: count }, () => this.turn());
  }
}

const TABLE: [name: string, waiting: string[], turns: string[]][] = [
  ["nothing waits", ["", ""], ["", ""]],
  ["one session has all turns", ["r32"], ["0:r32", "0:r32"]],
  ["sessions take turns", ["r32", "r1", "r7"], [
    "0:r32",
    "1:r1",
    "2:r7",
    "0:r32",
    "1:r1",
    "2:r7",
  ]],
  ["many requests are worth no more than one", ["r9 r9 r9 r9", "r9"], [
    "0:r9",
    "1:r9",
    "0:r9",
    "1:r9",
  ]],
  ["the shortest goes first, and the first in line after three", ["r32 r4 r8"], [
    "0:r4",
    "0:r4",
    "0:r4",
    "0:r32",
    "0:r4",
    "0:r4",
    "0:r4",
    "0:r32",
  ]],
  ["writes have every other turn of their session", ["r9 w1 w2"], [
    "0:w1",
    "0:r9",
    "0:w1",
    "0:r9",
  ]],
  ["writes alone have all turns, in the order of arrival", ["w9 w1 f0"], ["0:w9", "0:w9"]],
  ["a write waits for the turn of its session", ["w9 w9", "r1", "f0"], [
    "0:w9",
    "1:r1",
    "2:f0",
    "0:w9",
    "1:r1",
  ]],
  ["a rescue alone has all turns", ["!r9"], ["0:!r9", "0:!r9"]],
  ["a rescue has a turn after three of others", ["!r9", "r1"], [
    "1:r1",
    "1:r1",
    "1:r1",
    "0:!r9",
    "1:r1",
    "1:r1",
    "1:r1",
    "0:!r9",
  ]],
  ["rescues of several sessions take turns, after three of others", ["!r9", "!r8 !r7", "r1"], [
    "2:r1",
    "2:r1",
    "2:r1",
    "0:!r9",
    "2:r1",
    "2:r1",
    "2:r1",
    "1:!r8",
    "2:r1",
    "2:r1",
    "2:r1",
    "0:!r9",
    "2:r1",
    "2:r1",
    "2:r1",
    "1:!r7",
  ]],
  ["rescues alone take turns between the sessions", ["!r9 !r8 !r7", "!r1"], [
    "0:!r9",
    "1:!r1",
    "0:!r8",
    "1:!r1",
    "0:!r7",
    "1:!r1",
    "0:!r9",
  ]],
  ["a session with both spends every other turn on the rescue", ["!r9 r5", "r1", "r2", "r3"], [
    "0:r5",
    "1:r1",
    "2:r2",
    "3:r3",
    "0:!r9",
    "1:r1",
    "2:r2",
    "3:r3",
    "0:r5",
    "1:r1",
    "2:r2",
    "3:r3",
    "0:!r9",
  ]],
];

for (const [name, waiting, turns] of TABLE) {
  Deno.test(`turns: ${name}`, () => {
    assertEquals(new Load(waiting).next(turns.length), turns);
  });
}

Deno.test("turns: a session that has not asked for a while has the next turn", () => {
  const load = new Load(["r9 r9", "r9", "", "r9"]);
  load.next(30);
  load.arrive(2, "r4");
  assertEquals(load.turn(), "2:r4");
});

Deno.test("turns: a session that asks again at once has its turn after the others", () => {
  const load = new Load(["r9 r9", "r9", "", "r9"]);
  load.next(30);
  for (const others of [0, 3, 3, 3]) {
    const read = load.arrive(2, "r4");
    const before = load.next(others);
    assertEquals([...before, load.turn()].indexOf("2:r4"), others);
    load.sessions[2].remove(read);
  }
});

Deno.test("turns: the session of a request that has ended has no turn", () => {
  const load = new Load(["r9", "r1 r2", "w3"]);
  const [first, second] = load.sessions[1].reads;
  assertEquals(load.sessions[1].remove(first), true);
  assertEquals(load.sessions[1].remove(first), false);
  assertEquals(load.next(3), ["0:r9", "1:r2", "2:w3"]);
  load.sessions[1].remove(second);
  load.sessions[2].remove(load.sessions[2].writes[0]);
  assertEquals(load.next(2), ["0:r9", "0:r9"]);
});

Deno.test("turns: a read that is not rescued any more is healthy again", () => {
  const load = new Load(["!r9", "r1"]);
  load.sessions[0].hold(load.sessions[0].reads[0], undefined);
  assertEquals(load.next(3), ["0:!r9", "1:r1", "0:!r9"]);
  assertEquals([load.sessions[0].isHealthy, load.sessions[0].isHeld], [true, false]);
});

Deno.test("turns: hints take turns between the sessions, read-ahead before prefetch", () => {
  const load = new Load(["a1 a2 p1", "p2", "a3"]);
  const take = () => {
    const hint = load.turns.nextHint(load.hints);
    if (hint === undefined) return "";
    load.hints.splice(load.hints.indexOf(hint), 1);
    return load.names.get(hint)!;
  };
  const taken = Array.from({ length: 6 }, take);
  assertEquals(taken, ["0:a1", "2:a3", "0:a2", "1:p2", "0:p1", ""]);
});
