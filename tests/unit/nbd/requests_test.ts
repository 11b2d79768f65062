import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  CHUNK,
  CMD,
  concat,
  dataOf,
  E,
  errnoOf,
  FLAG,
  offsetOf,
  type Request,
  u16,
  u32,
  u64,
} from "../../conformance/wire.ts";
import { byteAt, bytesAt } from "./array_backend.ts";
import { type Mode, play } from "./played_session.ts";

const MIB = 1024 * 1024;
const SIZE = 256 * 512;

Deno.test("cached reads are answered in order and in one send, in each mode", async () => {
  for (const mode of ["simple", "structured", "extended"] as const) {
    const { peer, replies, chunks, backend } = await play({
      mode,
      steps: (ask) => [
        concat(
          ask({ type: CMD.READ, cookie: 0xfedcba9876543210n, offset: 1000, length: 3000 }),
          ask({ type: CMD.READ, cookie: 2, offset: SIZE - 1, length: 1 }),
        ),
      ],
    });
    for (
      const [cookie, offset, length] of [[0xfedcba9876543210n, 1000, 3000], [
        2n,
        SIZE - 1,
        1,
      ]] as const
    ) {
      if (mode === "simple") {
        assertEquals(await replies.simpleReply(length), {
          errno: 0,
          cookie,
          data: bytesAt(offset, length),
        });
      } else {
        const [chunk, ...others] = await chunks();
        assertEquals([chunk!.type, chunk!.cookie, offsetOf(chunk!)], [
          CHUNK.OFFSET_DATA,
          cookie,
          offset,
        ]);
        assertEquals(chunk!.requestOffset, mode === "extended" ? BigInt(offset) : undefined);
        assertEquals([dataOf(chunk!), others.length], [bytesAt(offset, length), 0]);
      }
    }
    // The greeting, the options one by one, the two reads.
    assertEquals([replies.left(), peer.sent.length], [0, mode === "simple" ? 3 : 4]);
    assertEquals(backend.noted, [[1000, 3000], [SIZE - 1, 1]]);
  }
});

Deno.test("each request that cannot be granted is refused, and the next one is served", async () => {
  const table: [string, Mode, Request, number][] = [
    ["an unknown command", "structured", { type: 8 }, E.INVAL],
    ["an unknown command", "simple", { type: 0xffff }, E.INVAL],
    ["an unknown flag", "structured", { type: CMD.READ, flags: 0x8000, length: 1 }, E.INVAL],
    [
      "REQ_ONE on a read",
      "structured",
      { type: CMD.READ, flags: FLAG.REQ_ONE, length: 1 },
      E.INVAL,
    ],
    ["DF with simple replies", "simple", { type: CMD.READ, flags: FLAG.DF, length: 1 }, E.INVAL],
    ["DF on a flush", "structured", { type: CMD.FLUSH, flags: FLAG.DF }, E.INVAL],
    ["an empty read", "structured", { type: CMD.READ, offset: 5 }, E.INVAL],
    ["a read past the end", "simple", { type: CMD.READ, offset: SIZE - 1, length: 2 }, E.INVAL],
    ["a read at the end", "structured", { type: CMD.READ, offset: SIZE, length: 1 }, E.INVAL],
    [
      "a read at 2^64 - 1",
      "structured",
      { type: CMD.READ, offset: 2n ** 64n - 1n, length: 1 },
      E.INVAL,
    ],
    ["a read at 2^63", "extended", { type: CMD.READ, offset: 2n ** 63n, length: 512 }, E.INVAL],
    ["a read of 32 MiB and a byte", "simple", { type: CMD.READ, length: 32 * MIB + 1 }, E.INVAL],
    ["a read of 4 GiB", "structured", { type: CMD.READ, length: 2 ** 32 - 1 }, E.INVAL],
    ["a read of 2^64 - 1", "extended", { type: CMD.READ, length: 2n ** 64n - 1n }, E.INVAL],
    [
      "an unfragmented read of 33 MiB",
      "structured",
      { type: CMD.READ, flags: FLAG.DF, length: 33 * MIB },
      E.OVERFLOW,
    ],
    ["a write", "simple", { type: CMD.WRITE, length: 3, payload: Uint8Array.of(1, 2, 3) }, E.PERM],
    [
      "a write with FUA outside the export",
      "structured",
      {
        type: CMD.WRITE,
        flags: FLAG.FUA,
        offset: SIZE * 2,
        length: 600,
        payload: new Uint8Array(600),
      },
      E.PERM,
    ],
    [
      "a write in extended headers",
      "extended",
      { type: CMD.WRITE, flags: FLAG.PAYLOAD_LEN, length: 600, payload: new Uint8Array(600) },
      E.PERM,
    ],
    ["a write of nothing", "structured", { type: CMD.WRITE }, E.PERM],
    ["a write without PAYLOAD_LEN", "extended", { type: CMD.WRITE, length: 600 }, E.INVAL],
    [
      "a read with a payload",
      "extended",
      { type: CMD.READ, flags: FLAG.PAYLOAD_LEN, length: 600, payload: new Uint8Array(600) },
      E.INVAL,
    ],
    [
      "an unknown command with a payload",
      "extended",
      { type: 99, flags: FLAG.PAYLOAD_LEN, length: 600, payload: new Uint8Array(600) },
      E.INVAL,
    ],
    ["PAYLOAD_LEN without extended headers", "structured", {
      type: CMD.READ,
      flags: FLAG.PAYLOAD_LEN,
      length: 9,
    }, E.INVAL],
    ["a trim", "structured", { type: CMD.TRIM, length: 512 }, E.PERM],
    ["zeroes", "structured", { type: CMD.WRITE_ZEROES, flags: FLAG.NO_HOLE, length: 512 }, E.PERM],
    ["zeroes, 64 bits", "extended", { type: CMD.WRITE_ZEROES, length: 2n ** 40n }, E.PERM],
    ["a status without contexts", "structured", { type: CMD.BLOCK_STATUS, length: 512 }, E.INVAL],
    [
      "a cache request past the end",
      "structured",
      { type: CMD.CACHE, offset: SIZE, length: 1 },
      E.INVAL,
    ],
    ["a cache request of 33 MiB", "structured", { type: CMD.CACHE, length: 33 * MIB }, E.INVAL],
  ];
  for (const [what, mode, request, errno] of table) {
    const { replies, chunks, end } = await play({
      mode,
      steps: (ask) => [
        concat(
          ask({ cookie: 77, ...request }),
          ask({ type: CMD.READ, cookie: 78, offset: 512, length: 5 }),
        ),
        ask({ type: CMD.DISC }),
      ],
    });
    if (mode === "simple") {
      assertEquals(
        await replies.simpleReply(),
        { errno, cookie: 77n, data: new Uint8Array() },
        what,
      );
      assertEquals((await replies.simpleReply(5)).data, bytesAt(512, 5), what);
    } else {
      const [error, ...others] = await chunks();
      assertEquals([errnoOf(error!), error!.cookie, others.length], [errno, 77n, 0], what);
      if (mode === "extended") {
        assertEquals(error!.requestOffset, BigInt(request.offset ?? 0), what);
      }
      const message = new TextDecoder().decode(error!.payload.subarray(6));
      assertMatch(message, /^[a-z].{5,}$/, what);
      assertEquals(error!.payload.subarray(4, 6), u16(message.length), what);
      assertEquals(dataOf((await chunks())[0]!), bytesAt(512, 5), what);
    }
    assertEquals([end.reason, replies.left()], ["left", 0], what);
  }
});

Deno.test("FLUSH, CACHE and FUA succeed", async () => {
  for (const mode of ["simple", "structured", "extended"] as const) {
    const { replies, chunks, backend } = await play({
      mode,
      steps: (ask) => [
        ask({ type: CMD.FLUSH, cookie: 1 }),
        ask({ type: CMD.FLUSH, flags: FLAG.FUA, cookie: 2 }),
        ask({ type: CMD.CACHE, cookie: 3, offset: 1024, length: 4096 }),
        ask({ type: CMD.READ, flags: FLAG.FUA, cookie: 4, offset: 9, length: 3 }),
      ],
    });
    for (const cookie of [1n, 2n, 3n]) {
      if (mode === "simple") {
        assertEquals(await replies.simpleReply(), { errno: 0, cookie, data: new Uint8Array() });
      } else {
        const [chunk, ...others] = await chunks();
        assertEquals([chunk!.type, chunk!.cookie, others.length], [CHUNK.NONE, cookie, 0]);
        assertEquals(chunk!.payload.length, 0);
      }
    }
    const data = mode === "simple"
      ? (await replies.simpleReply(3)).data
      : dataOf((await chunks())[0]!);
    assertEquals(data, bytesAt(9, 3));
    assertEquals([backend.prefetched, backend.noted], [[[1024, 4096]], [[9, 3]]]);
    assertEquals(replies.left(), 0);
  }
});

Deno.test("an unfragmented read of cached bytes is one data chunk", async () => {
  const { chunks } = await play({
    mode: "structured",
    steps: (ask) => [ask({ type: CMD.READ, flags: FLAG.DF, offset: 512, length: 65536 })],
  });
  const [chunk, ...others] = await chunks();
  assertEquals([dataOf(chunk!), others.length], [bytesAt(512, 65536), 0]);
});

Deno.test("a read of 32 MiB is served, behind others that wait to be sent", async () => {
  const { chunks, peer } = await play({
    mode: "structured",
    backend: { sectors: 65 * 1024, sectorSize: 512 },
    steps: (ask) => [
      concat(
        ask({ type: CMD.READ, cookie: 1, length: 10_000 }),
        ask({ type: CMD.READ, cookie: 2, offset: 512, length: 32 * MIB }),
        ask({ type: CMD.READ, cookie: 3, offset: 1, length: 1 }),
      ),
    ],
  });
  assertEquals((await chunks())[0]!.payload.length, 8 + 10_000);
  const data = dataOf((await chunks())[0]!);
  assertEquals(data.length, 32 * MIB);
  for (let at = 0; at < data.length; at += 99_991) assert(data[at] === byteAt(512 + at));
  assertEquals(dataOf((await chunks())[0]!), bytesAt(1, 1));
  // The first one is not enough for a send of its own.
  const sent = peer.sent.slice(3).map((bytes) => bytes.length);
  assertEquals(sent, [28 + 10_000 + 28 + 32 * MIB, 29]);
});

Deno.test("pending replies are sent when they are many, although requests wait", async () => {
  const { peer } = await play({
    backend: { sectors: 2048 },
    steps: (ask) => [
      concat(...Array.from({ length: 20 }, () => ask({ type: CMD.READ, length: 8192 }))),
    ],
  });
  assertEquals(peer.sent.slice(2).map((bytes) => bytes.length), Array(5).fill(4 * (16 + 8192)));
});

Deno.test("a payload of a refused write may come in pieces, with hits behind it", async () => {
  const payload = new Uint8Array(200_000).fill(0x25);
  const { replies } = await play({
    steps: (ask) => {
      const bytes = concat(
        ask({ type: CMD.WRITE, cookie: 1, length: payload.length, payload }),
        ask({ type: CMD.READ, cookie: 2, length: 4 }),
      );
      return [0, 3, 27, 28, 29, 70_000, 200_027, 200_029].map((start, index, starts) =>
        bytes.subarray(start, starts[index + 1])
      );
    },
  });
  assertEquals((await replies.simpleReply()).errno, E.PERM);
  assertEquals((await replies.simpleReply(4)).data, bytesAt(0, 4));
  assertEquals(replies.left(), 0);
});

Deno.test("bytes that are no request close the connection, after the replies due", async () => {
  const header = (magic: number) => concat(u32(magic), u32(0), u64(9), u64(0), u32(1));
  const table: [string, Mode, Uint8Array, RegExp][] = [
    ["zeros", "simple", new Uint8Array(28), /magic/],
    ["a structured reply", "structured", header(0x668e33ef), /magic/],
    ["an extended request", "structured", header(0x21e41c71), /magic/],
    ["a compact request", "extended", concat(header(0x25609513), u32(0)), /magic/],
  ];
  for (const [what, mode, bytes, message] of table) {
    const { end, replies } = await play({
      mode,
      steps: (ask) => [concat(ask({ type: CMD.FLUSH }), bytes), ask({ type: CMD.FLUSH })],
    });
    assertEquals(end.reason, "violation", what);
    assertMatch(end.message, message, what);
    assertEquals(replies.left(), { simple: 16, structured: 20, extended: 32 }[mode], what);
  }
});

Deno.test("a payload of 32 MiB is dropped", async () => {
  const { replies } = await play({
    steps: (ask) => [
      ask({ type: CMD.WRITE, length: 32 * MIB }),
      ...Array.from({ length: 32 }, () => new Uint8Array(MIB)),
      ask({ type: CMD.FLUSH }),
    ],
  });
  assertEquals([(await replies.simpleReply()).errno, (await replies.simpleReply()).errno], [
    E.PERM,
    0,
  ]);
});

Deno.test("a payload that is longer than is dropped closes the connection", async () => {
  for (
    const [mode, length] of [
      ["simple", 32 * MIB + 1],
      ["structured", 32 * MIB + 1],
      ["extended", 256 * MIB + 1],
    ] as const
  ) {
    const { end } = await play({
      mode,
      steps: (ask) => [
        ask({ type: CMD.WRITE, flags: mode === "extended" ? FLAG.PAYLOAD_LEN : 0, length }),
      ],
    });
    assertEquals(end.reason, "violation");
    assertMatch(end.message, new RegExp(`NBD_CMD_WRITE with a payload of ${length} bytes`));
  }
});

Deno.test("requests may come byte by byte", async () => {
  for (const mode of ["simple", "extended"] as const) {
    const { replies, chunks } = await play({
      mode,
      steps: (ask) =>
        [...concat(ask({ type: CMD.READ, offset: 7, length: 9 }), ask({ type: CMD.FLUSH }))].map((
          byte,
        ) => Uint8Array.of(byte)),
    });
    const data = mode === "simple"
      ? (await replies.simpleReply(9)).data
      : dataOf((await chunks())[0]!);
    assertEquals([data, replies.left()], [bytesAt(7, 9), mode === "simple" ? 16 : 32]);
  }
});

Deno.test("the counters hear of each request and of each byte", async () => {
  for (const mode of ["simple", "structured", "extended"] as const) {
    const counted = { requests: 0, bytes: 0, calls: 0 };
    const counters = {
      add(requests: number, bytes: number) {
        counted.requests += requests;
        counted.bytes += bytes;
        counted.calls++;
      },
    };
    const { replies } = await play({
      mode,
      options: { counters },
      backend: { cached: false },
      steps: (ask, backend) => {
        backend.statuses.fill(4, 0, 1);
        backend.unreadable.add(2);
        return [
          concat(
            ask({ type: CMD.READ, length: 10 }),
            ask({ type: CMD.FLUSH }),
            ask({ type: CMD.TRIM, length: 512 }),
            ask({ type: CMD.READ, offset: 512, length: 2048 }),
          ),
          () => backend.end(),
        ];
      },
    });
    assertEquals(counted, { requests: 4, bytes: replies.left(), calls: 2 });
  }
});
