// The session pool with played workers: who gets a thread, and what becomes of clients and threads at their ends.
import { assert, assertEquals } from "@std/assert";
import { DescriptorUsers } from "../../../src/server/descriptor_users.ts";
import type { Client } from "../../../src/server/guest.ts";
import { SessionPool } from "../../../src/server/session_pool.ts";
import { SharedState } from "../../../src/shared/shared_state.ts";
import { closeFd } from "../../../src/sys/fd.ts";
import { socketPair } from "../../../src/sys/socket.ts";
import type { SessionInit, SessionMessage } from "../../../src/workers/session_init.ts";
import { PlayedTimeouts } from "../../harness/played_timeouts.ts";
import { type PlayedWorker, PlayedWorkers } from "../../harness/played_workers.ts";

const NUMBERS = 20;

class Pool implements Disposable {
  readonly workers = new PlayedWorkers();
  readonly timers = new PlayedTimeouts();
  readonly state = SharedState.create(NUMBERS);
  readonly heard: string[] = [];
  readonly pool: SessionPool;
  missing: string | undefined;
  readonly #ends: number[] = [];
  #clients = 0;

  constructor(maxSessions: number) {
    const served = { map: this.state.buffer, imageFd: -1, size: 0, sectorSize: 512 };
    const serving = {
      state: this.state,
      served: { ...served, readAhead: 0, readAheadEnd: 0, touched: undefined },
      timeoutMs: 1000,
      users: new DescriptorUsers(),
    };
    this.pool = new SessionPool(serving, maxSessions, {
      begun: () => void this.heard.push("begun"),
      idle: ({ id }) => void this.heard.push(`${id} is idle`),
      left: ({ id }, message) => void this.heard.push(`${id} left ${message}`.trim()),
      warned: (message) => void this.heard.push(message),
      died: (error) => void this.heard.push(`died: ${error}`),
      missing: () => this.missing,
    });
  }

  client(): Client {
    const [socket, other] = socketPair();
    this.#ends.push(other);
    return { id: ++this.#clients, socket, negotiated: 3 };
  }

  get sessions(): PlayedWorker[] {
    return this.workers.of("session.ts");
  }

  tell(index: number, message: SessionMessage): void {
    this.sessions[index]!.tell(message);
  }

  /** As a session does whose client has gone. */
  leave(index: number, message = ""): void {
    const number = this.numberOf(index);
    const socket = this.state.socket(number);
    this.state.retractSocket(number);
    closeFd(socket);
    this.tell(index, { type: "left", message, isFree: true });
  }

  numberOf(index: number): number {
    return (this.sessions[index]!.orders[0] as SessionInit).session;
  }

  get served(): number[] {
    return Array.from(this.pool.served(), ([{ id }]) => id);
  }

  [Symbol.dispose](): void {
    this.timers[Symbol.dispose]();
    this.workers[Symbol.dispose]();
    for (const end of this.#ends) closeFd(end);
  }
}

Deno.test("a session is started when somebody is expected, and serves who asks first", () => {
  using pool = new Pool(4);
  pool.pool.expect();
  pool.pool.expect();
  assertEquals([pool.sessions.length, pool.heard], [1, ["begun"]]);
  const client = pool.client();
  pool.pool.serve(client);
  assertEquals([pool.sessions.length, pool.served], [1, []]);
  pool.tell(0, { type: "ready" });
  assertEquals(pool.served, [client.id]);
  assertEquals(pool.state.socket(pool.numberOf(0)), client.socket);
  assertEquals(pool.state.negotiated(pool.numberOf(0)), 3);
  pool.leave(0, "recv: EPIPE");
  assertEquals([pool.heard, pool.served], [["begun", "1 left recv: EPIPE"], []]);
});

Deno.test("no more sessions are started than may be; who comes later waits for one that is free", () => {
  using pool = new Pool(2);
  for (let count = 0; count < 3; count++) pool.pool.serve(pool.client());
  assertEquals(pool.sessions.length, 2);
  pool.tell(0, { type: "ready" });
  pool.tell(1, { type: "ready" });
  assertEquals(pool.served, [1, 2]);
  pool.leave(1);
  assertEquals(pool.served, [1, 3]);
});

Deno.test("of two sessions without a client one is dismissed after a rest, and its number is used again", () => {
  using pool = new Pool(4);
  pool.pool.serve(pool.client());
  pool.pool.serve(pool.client());
  for (const index of [0, 1]) pool.tell(index, { type: "ready" });
  pool.leave(0);
  pool.leave(1);
  pool.timers.runAll();
  const dismissed = [0, 1].filter((index) => pool.state.isDismissed(pool.numberOf(index)));
  assertEquals(dismissed.length, 1);
  const number = pool.numberOf(dismissed[0]!);
  pool.tell(dismissed[0]!, { type: "ended" });
  assertEquals([pool.state.isDismissed(number), pool.state.eventFd(number)], [false, -1]);
  pool.pool.serve(pool.client());
  pool.pool.serve(pool.client());
  assertEquals([pool.sessions.length, pool.numberOf(2)], [3, number]);
});

Deno.test("a session that still works on what its client has left serves nobody until it is free", () => {
  using pool = new Pool(1);
  pool.pool.serve(pool.client());
  pool.tell(0, { type: "ready" });
  const number = pool.numberOf(0);
  closeFd(pool.state.socket(number));
  pool.state.retractSocket(number);
  pool.tell(0, { type: "left", message: "", isFree: false });
  pool.pool.serve(pool.client());
  assertEquals(pool.served, []);
  pool.tell(0, { type: "free" });
  assertEquals(pool.served, [2]);
});

Deno.test("a silent client is given back with its socket open", () => {
  using pool = new Pool(1);
  const client = pool.client();
  pool.pool.serve(client);
  pool.tell(0, { type: "ready" });
  pool.state.retractSocket(pool.numberOf(0));
  pool.tell(0, { type: "idle", isFree: true });
  assertEquals(pool.heard.at(-1), "1 is idle");
  closeFd(client.socket);
});

Deno.test("a worker that dies costs its client alone, and another one takes its place", () => {
  using pool = new Pool(1);
  pool.pool.serve(pool.client());
  pool.tell(0, { type: "ready" });
  pool.pool.serve(pool.client());
  pool.sessions[0]!.die("oops");
  assertEquals(pool.heard, ["begun", "begun", "died: oops", "1 left"]);
  assert(pool.numberOf(1) !== pool.numberOf(0), "the number of a dead worker is used again");
  pool.tell(0, { type: "ready" });
  pool.tell(1, { type: "ready" });
  assertEquals(pool.served, [2]);
});

Deno.test("who waits because there are too few threads is served when there are more", () => {
  using pool = new Pool(2);
  pool.missing = "threads";
  pool.pool.serve(pool.client());
  assertEquals(pool.heard, ["a client waits: there are too few threads to serve one more"]);
  pool.timers.runAll();
  assertEquals([pool.sessions.length, pool.heard.length], [0, 1]);
  pool.missing = undefined;
  pool.timers.runAll();
  pool.tell(0, { type: "ready" });
  assertEquals(pool.served, [1]);
});

Deno.test("a client is cut off while it waits and while it is served", () => {
  using pool = new Pool(1);
  const [first, second] = [pool.client(), pool.client()];
  pool.pool.serve(first);
  pool.tell(0, { type: "ready" });
  pool.pool.serve(second);
  pool.pool.cut(second);
  assertEquals(pool.heard.at(-1), "2 left");
  pool.pool.cut(first);
  pool.leave(0);
  assertEquals(pool.heard.at(-1), "1 left");
});

Deno.test("at the end callers are let go, sessions are awaited, and what rests does not ring any more", async () => {
  using pool = new Pool(2);
  pool.pool.serve(pool.client());
  pool.tell(0, { type: "ready" });
  pool.leave(0);
  pool.missing = "memory";
  const served = pool.client();
  pool.pool.serve(served);
  pool.pool.serve(pool.client());
  const ended = pool.pool.end();
  assertEquals(pool.heard.at(-1), "3 left");
  pool.leave(0);
  pool.tell(0, { type: "ended" });
  await ended;
  await pool.pool.ended;
  pool.pool.close();
  assertEquals(pool.state.eventFd(pool.numberOf(0)), -1);
});

Deno.test("the last session without a client is kept, however long it rests", () => {
  using pool = new Pool(4);
  pool.pool.serve(pool.client());
  pool.tell(0, { type: "ready" });
  pool.leave(0);
  pool.timers.runAll();
  assertEquals(pool.state.isDismissed(pool.numberOf(0)), false);
});
