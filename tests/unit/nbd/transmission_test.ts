import { assertEquals } from "@std/assert";
import { OUTPUT_BYTES } from "../../../src/nbd/limits.ts";
import { ParkedReads } from "../../../src/nbd/parked_reads.ts";
import { SIMPLE } from "../../../src/nbd/negotiated.ts";
import { serveClient } from "../../../src/nbd/serve_client.ts";
import { CMD, concat, dataOf, E, errnoOf, request } from "../../conformance/wire.ts";
import { ArrayBackend, bytesAt } from "./array_backend.ts";
import { MemoryPeer, SILENCE } from "./memory_peer.ts";
import { play } from "./played_session.ts";

Deno.test("hits are answered while misses are parked, and misses as they end", async () => {
  const { replies, backend, end } = await play({
    steps: (ask, backend) => {
      backend.forget(0, 16);
      return [
        concat(
          ask({ type: CMD.READ, cookie: 1, offset: 0, length: 512 }),
          ask({ type: CMD.READ, cookie: 2, offset: 20_000, length: 100 }),
          ask({ type: CMD.READ, cookie: 3, offset: 700, length: 600 }),
          ask({ type: CMD.READ, cookie: 4, offset: 30_000, length: 100 }),
        ),
        ask({ type: CMD.READ, cookie: 5, offset: 40_000, length: 100 }),
        () => backend.end(1),
        ask({ type: CMD.READ, cookie: 6, offset: 50_000, length: 100 }),
        () => backend.end(0),
        ask({ type: CMD.DISC }),
      ];
    },
  });
  const expected = [
    [2n, 20_000, 100],
    [4n, 30_000, 100],
    [5n, 40_000, 100],
    [3n, 700, 600],
    [6n, 50_000, 100],
    [1n, 0, 512],
  ] as const;
  for (const [cookie, offset, length] of expected) {
    assertEquals(await replies.simpleReply(length), {
      errno: 0,
      cookie,
      data: bytesAt(offset, length),
    });
  }
  assertEquals([end.reason, replies.left()], ["left", 0]);
  assertEquals(backend.noted.length, 6);
});

Deno.test("when all slots are in use the session takes nothing more until one is free", async () => {
  const { replies, backend } = await play({
    backend: { maxParked: 2, cached: false },
    steps: (ask, backend) => [
      concat(
        ...[1, 2, 3, 4].map((cookie) =>
          ask({ type: CMD.READ, cookie, offset: cookie * 512, length: 512 })
        ),
      ),
      ask({ type: CMD.FLUSH, cookie: 5 }),
      () => {
        assertEquals(backend.parked.length, 2);
        backend.end(1);
      },
      () => {
        assertEquals(backend.parked.map(({ offset }) => offset), [512, 1536]);
        backend.end(0);
      },
      () => backend.end(),
      () => backend.end(),
    ],
  });
  for (const [cookie, length] of [[2n, 512], [1n, 512], [5n, 0], [3n, 512], [4n, 512]] as const) {
    assertEquals((await replies.simpleReply(length)).cookie, cookie);
  }
  // Once each: a read that had to wait for a slot is not told twice.
  assertEquals(backend.noted.length, 4);
});

Deno.test("a read whose time is over gets EIO; its slot stays taken until the device is done", async () => {
  const { replies, backend, chunks } = await play({
    mode: "structured",
    backend: { maxParked: 1, cached: false },
    options: { timeoutMs: 60_000 },
    steps: (ask, backend, peer) => [
      ask({ type: CMD.READ, cookie: 1, offset: 0, length: 512 }),
      ask({ type: CMD.FLUSH, cookie: 2 }),
      () => assertEquals(peer.clock += 59_999, 59_999),
      () => assertEquals(peer.clock += 1, 60_000),
      concat(
        ask({ type: CMD.READ, cookie: 3, offset: 512, length: 512 }),
        ask({ type: CMD.FLUSH, cookie: 4 }),
      ),
      () => {
        assertEquals([backend.parked.length, backend.abandoned], [1, [0]]);
        backend.end();
      },
      () => backend.end(),
    ],
  });
  assertEquals((await chunks())[0]!.cookie, 2n);
  const [late] = await chunks();
  assertEquals([late!.cookie, errnoOf(late!)], [1n, E.IO]);
  assertEquals((await chunks())[0]!.cookie, 4n);
  assertEquals(dataOf((await chunks())[0]!), bytesAt(512, 512));
  assertEquals([replies.left(), backend.parked.length], [0, 0]);
});

Deno.test("each read has its own time, whichever ends first", async () => {
  const { replies, peer } = await play({
    backend: { cached: false },
    options: { timeoutMs: 100 },
    steps: (ask, backend, peer) => {
      peer.silent = true;
      const read = (cookie: number) =>
        ask({ type: CMD.READ, cookie, offset: cookie * 512, length: 512 });
      return [
        read(1),
        () => peer.clock = 30,
        read(2),
        () => peer.clock = 60,
        read(3),
        () => backend.end(0),
        ask({ type: CMD.DISC }),
      ];
    },
  });
  assertEquals((await replies.simpleReply(512)).cookie, 1n);
  for (const cookie of [2n, 3n]) {
    assertEquals(await replies.simpleReply(), { errno: E.IO, cookie, data: new Uint8Array() });
  }
  assertEquals([peer.clock, replies.left()], [160, 0]);
});

Deno.test("without a timeout a session waits for ever", async () => {
  const { replies, peer } = await play({
    backend: { cached: false },
    steps: (ask, backend, peer) => [
      ask({ type: CMD.READ, length: 512 }),
      () => {
        peer.clock = 1e9;
        backend.end();
      },
      ask({ type: CMD.DISC }),
    ],
  });
  assertEquals([(await replies.simpleReply(512)).errno, peer.clock], [0, 1e9]);
});

Deno.test("when the backend is ending, what waits and what comes gets ESHUTDOWN", async () => {
  for (const mode of ["simple", "extended"] as const) {
    const { replies, end, parked, chunks } = await play({
      mode,
      backend: { cached: false },
      steps: (ask, backend) => [
        concat(
          ask({ type: CMD.READ, cookie: 1, length: 512 }),
          ask({ type: CMD.READ, cookie: 2, length: 9 }),
        ),
        () => backend.end(1),
        () => backend.ending = true,
        ask({ type: CMD.READ, cookie: 3, length: 512 }),
        concat(ask({ type: CMD.FLUSH, cookie: 4 }), ask({ type: CMD.DISC }), new Uint8Array(99)),
      ],
    });
    if (mode === "simple") {
      assertEquals((await replies.simpleReply(9)).errno, 0);
      for (const cookie of [1n, 3n, 4n]) {
        assertEquals(await replies.simpleReply(), {
          errno: E.SHUTDOWN,
          cookie,
          data: new Uint8Array(),
        });
      }
    } else {
      assertEquals(dataOf((await chunks())[0]!).length, 9);
      for (const cookie of [1n, 3n, 4n]) {
        const [refused] = await chunks();
        assertEquals([refused!.cookie, errnoOf(refused!)], [cookie, E.SHUTDOWN]);
      }
    }
    assertEquals([end.reason, replies.left(), parked.pending.waiting], ["ending", 0, 0]);
  }
});

Deno.test("a session that waits for its client ends when the server shuts the connection down", async () => {
  const { end } = await play({
    steps: (ask, backend) => [ask({ type: CMD.FLUSH }), () => backend.ending = true],
  });
  assertEquals(end.reason, "ending");
});

Deno.test("after NBD_CMD_DISC the reads before it are answered, and nothing behind it", async () => {
  const { replies, end } = await play({
    backend: { cached: false },
    steps: (ask, backend) => [
      concat(
        ask({ type: CMD.READ, cookie: 1, length: 512 }),
        ask({ type: CMD.DISC }),
        ask({ type: CMD.FLUSH, cookie: 2 }),
      ),
      () => backend.end(),
    ],
  });
  assertEquals([(await replies.simpleReply(512)).cookie, replies.left(), end.reason], [
    1n,
    0,
    "left",
  ]);
});

Deno.test("after NBD_CMD_DISC the reads before it fail at their time, or with the backend", async () => {
  for (const how of ["left", "ending"] as const) {
    const { replies, end } = await play({
      backend: { cached: false },
      options: { timeoutMs: 100 },
      steps: (ask, backend, peer) => {
        peer.silent = true;
        const steps = [ask({ type: CMD.READ, cookie: 1, length: 512 }), ask({ type: CMD.DISC })];
        return how === "ending" ? [...steps, () => backend.ending = true] : steps;
      },
    });
    const { errno } = await replies.simpleReply();
    assertEquals([errno, end.reason], [how === "ending" ? E.SHUTDOWN : E.IO, how]);
  }
});

Deno.test("a client that closes while reads are parked leaves them to the next client", async () => {
  const output = new Uint8Array(OUTPUT_BYTES);
  const backend = new ArrayBackend(output, { cached: false, maxParked: 2 });
  const parked = new ParkedReads(backend);
  const read = (cookie: number, offset: number) =>
    request({ type: CMD.READ, cookie, offset, length: 512 });
  const negotiated = { mode: SIMPLE, contexts: [] } as const;

  const first = new MemoryPeer(output);
  first.ended = () => backend.hasEnded();
  first.plays(read(1, 0), read(2, 512));
  assertEquals(serveClient(first, parked, negotiated, { timeoutMs: 0 }).reason, "gone");
  assertEquals([parked.pending.waiting, parked.pending.full, [...backend.abandoned].sort()], [
    0,
    true,
    [
      0,
      1,
    ],
  ]);

  const second = new MemoryPeer(output);
  second.ended = () => backend.hasEnded();
  second.plays(
    read(3, 1024),
    () => backend.end(0),
    () => backend.end(1),
    () => backend.end(0),
    request({ type: CMD.DISC }),
  );
  assertEquals(serveClient(second, parked, negotiated, { timeoutMs: 0 }).reason, "left");
  const replies = second.replies();
  assertEquals(await replies.simpleReply(512), { errno: 0, cookie: 3n, data: bytesAt(1024, 512) });
  assertEquals([replies.left(), parked.pending.full], [0, false]);
});

Deno.test("a client that does not listen ends its session", async () => {
  const { end, parked } = await play({
    backend: { cached: false },
    steps: (ask, backend, peer) => [
      ask({ type: CMD.READ, cookie: 1, length: 512 }),
      ask({ type: CMD.READ, cookie: 2, offset: 512, length: 512 }),
      () => {
        peer.deaf = true;
        backend.end();
      },
    ],
  });
  assertEquals([end.reason, parked.pending.waiting], ["gone", 0]);
});

Deno.test("a client is idle when it is silent between two requests, and only then", () => {
  const peer = new MemoryPeer();
  const parked = new ParkedReads(new ArrayBackend(peer.output));
  const read = request({ type: CMD.READ, cookie: 5, offset: 4096, length: 4096 });
  const serve = () =>
    serveClient(peer, parked, { mode: SIMPLE, contexts: [] }, { timeoutMs: 0 }).reason;
  peer.plays(SILENCE);
  assertEquals([serve(), peer.sent.length], ["idle", 0]);
  peer.plays(read.subarray(0, 13), SILENCE, read.subarray(13), SILENCE);
  assertEquals([serve(), peer.sent.length, peer.stepsLeft], ["idle", 1, 0]);
  // A payload that is refused, as the export is read-only.
  const write = request({ type: CMD.WRITE, length: 512, payload: new Uint8Array(512) });
  peer.plays(write.subarray(0, 100), SILENCE, write.subarray(100), SILENCE);
  assertEquals([serve(), peer.sent.length, peer.stepsLeft], ["idle", 2, 0]);
});
