// Writes against a writer that ends them at once or later, as the test likes.
import { assertEquals } from "@std/assert";
import { OUTPUT_BYTES } from "../../../src/nbd/limits.ts";
import { ParkedReads } from "../../../src/nbd/parked_reads.ts";
import type { SessionEnd } from "../../../src/nbd/session_end.ts";
import { refusalOfErrno } from "../../../src/nbd/write_errors.ts";
import { PENDING, type Writer } from "../../../src/nbd/writer.ts";
import { CMD, concat, E, type Request, request } from "../../conformance/wire.ts";
import { ArrayBackend } from "./array_backend.ts";
import { MemoryPeer, type Step } from "./memory_peer.ts";
import { serveDialogue } from "./serve_dialogue.ts";
import { negotiation } from "./played_session.ts";

/** Notes what it is asked for. Writes to odd offsets end later, in the order of the test's choice. */
class LaterWriter implements Writer {
  readonly canTrim = true;
  readonly canZeroFast = false;
  readonly asked: string[] = [];
  readonly waiting: number[] = [];
  readonly ended: number[] = [];
  errno = 0;
  /** What `reserve` may give at a time. */
  room = Infinity;
  #payload = new Uint8Array(0);

  reserve(length: number): Uint8Array | undefined {
    if (this.waiting.length >= this.room) return undefined;
    return this.#payload = new Uint8Array(length);
  }

  write(slot: number, offset: number, length: number, durable: boolean): number {
    const sum = this.#payload.reduce((total, byte) => total + byte, 0);
    return this.#note(slot, offset, `write ${offset}+${length} of ${sum}${durable ? " FUA" : ""}`);
  }

  zero(slot: number, offset: number, length: number): number {
    return this.#note(slot, offset, `zero ${offset}+${length}`);
  }

  trim(slot: number, offset: number, length: number): number {
    return this.#note(slot, offset, `trim ${offset}+${length}`);
  }

  flush(slot: number): number {
    return this.#note(slot, 1, "flush");
  }

  outcome(slot: number): number {
    this.asked.push(`outcome of ${slot}`);
    return this.errno;
  }

  /** The device is done with what has waited longest. */
  end(): void {
    this.ended.push(this.waiting.shift()!);
  }

  #note(slot: number, offset: number, what: string): number {
    this.asked.push(what);
    if (offset % 2 === 0) return this.errno;
    this.waiting.push(slot);
    return PENDING;
  }
}

class WritableBackend extends ArrayBackend {
  readonly writer = new LaterWriter();

  override hasEnded(): boolean {
    return this.writer.ended.length > 0 || super.hasEnded();
  }

  override nextEnded(): number {
    const { ended } = this.writer;
    for (let slot = ended.shift(); slot !== undefined; slot = ended.shift()) {
      if (this.pending.release(slot)) return slot;
    }
    return super.nextEnded();
  }
}

/** Plays a session with simple replies. @returns its end, and cookie and error of each reply. */
async function play(
  steps: (writer: LaterWriter, backend: WritableBackend) => Step[],
): Promise<{ end: SessionEnd; replies: [bigint, number][]; writer: LaterWriter }> {
  const output = new Uint8Array(OUTPUT_BYTES);
  const backend = new WritableBackend(output);
  const peer = new MemoryPeer(output);
  peer.plays(negotiation("simple"), ...steps(backend.writer, backend));
  peer.ended = () => backend.hasEnded();
  backend.onEnding = () => peer.ring();
  const exported = { name: "", description: "" };
  const options = { timeoutMs: 1000, now: peer.now };
  const end = serveDialogue(peer, exported, new ParkedReads(backend), options);
  const replies = peer.replies();
  await replies.greeting();
  await replies.optionReplies();
  const heard: [bigint, number][] = [];
  while (replies.left() > 0) {
    const { cookie, errno } = await replies.simpleReply();
    heard.push([cookie, errno]);
  }
  return { end, replies: heard, writer: backend.writer };
}

function write(cookie: number, offset: number, length = 10): Uint8Array {
  return request({
    type: CMD.WRITE,
    cookie,
    offset,
    length,
    payload: new Uint8Array(length).fill(1),
  });
}

const ask = (asked: Request) => request(asked);

Deno.test("what is done at once is answered at once, what takes longer when it has ended", async () => {
  const { replies, writer } = await play((writer) => [
    concat(write(1, 3), write(2, 4), ask({ type: CMD.FLUSH, cookie: 3 }), write(4, 6)),
    () => writer.end(),
    () => writer.end(),
  ]);
  assertEquals(replies, [[2n, 0], [4n, 0], [1n, 0], [3n, 0]]);
  assertEquals(writer.asked.slice(0, 4), [
    "write 3+10 of 10",
    "write 4+10 of 10",
    "flush",
    "write 6+10 of 10",
  ]);
});

Deno.test("errors reach the client, with the numbers that the wire knows", async () => {
  const { replies } = await play((writer) => [
    () => writer.errno = 122,
    concat(write(1, 2), write(2, 3)),
    () => writer.end(),
  ]);
  assertEquals(replies, [[1n, E.NOSPC], [2n, E.NOSPC]]);
  const table = [
    [1, 1],
    [13, 1],
    [30, 1],
    [5, 5],
    [12, 12],
    [22, 22],
    [27, 28],
    [28, 28],
    [95, 95],
    [
      108,
      108,
    ],
    [4711, 5],
  ];
  for (const [errno, wire] of table) assertEquals(refusalOfErrno(errno!).errno, wire, `${errno}`);
});

Deno.test("a write for which there is no memory waits until something has ended", async () => {
  const { replies, writer } = await play((writer) => [
    () => writer.room = 1,
    concat(write(1, 1), write(2, 3), write(3, 4)),
    () => writer.end(),
    () => writer.end(),
  ]);
  assertEquals(replies, [[1n, 0], [2n, 0], [3n, 0]]);
  assertEquals(writer.asked, [
    "write 1+10 of 10",
    "outcome of 0",
    "write 3+10 of 10",
    "outcome of 0",
    "write 4+10 of 10",
  ]);
});

Deno.test("no more writes are under way than there are slots; and they have no deadline", async () => {
  const { replies } = await play((writer) => [
    concat(...[1, 3, 5, 7, 9].map((offset) => write(offset, offset))),
    () => assertEquals(writer.waiting.length, 4),
    ...Array.from({ length: 5 }, () => () => writer.end()),
  ]);
  assertEquals(replies.map(([cookie]) => cookie), [1n, 3n, 5n, 7n, 9n]);
});

Deno.test("at the end of the run what is under way, and what is still arriving, is refused", async () => {
  const { end, replies, writer } = await play((_, backend) => [
    concat(write(1, 1), write(2, 2).subarray(0, 33)),
    () => backend.ending = true,
    write(2, 2).subarray(33),
  ]);
  assertEquals(end.reason, "ending");
  assertEquals(replies, [[1n, E.SHUTDOWN], [2n, E.SHUTDOWN]]);
  assertEquals(writer.asked, ["write 1+10 of 10"]);
});

Deno.test("after NBD_CMD_DISC what is under way is still answered", async () => {
  const { end, replies } = await play((writer) => [
    concat(write(1, 1), ask({ type: CMD.DISC })),
    () => writer.end(),
  ]);
  assertEquals([end.reason, replies], ["left", [[1n, 0]]]);
});
