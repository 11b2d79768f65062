import { assert, assertEquals } from "@std/assert";
import {
  CHUNK,
  type Chunk,
  CMD,
  dataOf,
  E,
  errnoOf,
  FLAG,
  offsetOf,
} from "../../conformance/wire.ts";
import { bytesAt } from "./array_backend.ts";
import { type Mode, play } from "./played_session.ts";

/** Reads a range of a device with these bad sectors, none of it cached. */
function readWithBadSectors(bad: number[], mode: Mode, offset: number, length: number, flags = 0) {
  return play({
    mode,
    backend: { cached: false },
    steps: (ask, backend) => {
      bad.forEach((sector) => backend.unreadable.add(sector));
      return [ask({ type: CMD.READ, cookie: 42, flags, offset, length }), () => backend.end()];
    },
  });
}

/** What a client makes of the chunks: the bytes it has, and the offsets of the errors. */
function assemble(chunks: Chunk[], offset: number, length: number) {
  const data = new Uint8Array(length);
  const have = new Uint8Array(length);
  const errors: number[] = [];
  for (const [index, chunk] of chunks.entries()) {
    assertEquals([chunk.cookie, chunk.done], [42n, index === chunks.length - 1]);
    const at = offsetOf(chunk) - offset;
    if (chunk.type === CHUNK.ERROR_OFFSET) {
      assertEquals(errnoOf(chunk), E.IO);
      assert(at >= 0 && at < length);
      errors.push(at + offset);
      continue;
    }
    const bytes = dataOf(chunk);
    assert(bytes.length > 0 && have.subarray(at, at + bytes.length).every((byte) => byte === 0));
    data.set(bytes, at);
    have.fill(1, at, at + bytes.length);
  }
  return { data, have, errors };
}

Deno.test("every readable byte reaches the client, and each unreadable run its offset", async () => {
  const table: [string, number[], number, number][] = [
    ["one in the middle", [5], 0, 8192],
    ["the first", [0], 0, 8192],
    ["the last", [15], 0, 8192],
    ["a run and single ones", [1, 2, 3, 7, 9, 14], 0, 8192],
    ["every second one", Array.from({ length: 128 }, (_, i) => 2 * i), 0, 256 * 512],
    [
      "every second one but the first",
      Array.from({ length: 128 }, (_, i) => 2 * i + 1),
      0,
      256 * 512,
    ],
    ["all", [0, 1, 2, 3], 0, 2048],
    ["the end of a bad sector in front", [1], 1014, 500],
    ["the start of a bad sector behind", [3], 600, 940],
    ["a byte of a bad sector on either side", [1, 3], 1023, 514],
    ["within a bad sector", [4], 2050, 3],
  ];
  for (const mode of ["structured", "extended"] as const) {
    for (const [what, bad, offset, length] of table) {
      const { chunks, replies } = await readWithBadSectors(bad, mode, offset, length);
      const { data, have, errors } = assemble(await chunks(), offset, length);
      const expected = bytesAt(offset, length);
      const expectedErrors: number[] = [];
      for (let at = 0; at < length; at++) {
        const sector = Math.floor((offset + at) / 512);
        const isBad = bad.includes(sector);
        assertEquals(have[at], isBad ? 0 : 1, `${what}: byte ${at}`);
        if (!isBad) assertEquals(data[at], expected[at], `${what}: byte ${at}`);
        const startsRun = at === 0 || ((offset + at) % 512 === 0 && !bad.includes(sector - 1));
        if (isBad && startsRun) expectedErrors.push(offset + at);
      }
      assertEquals([errors, replies.left()], [expectedErrors, 0], what);
    }
  }
});

Deno.test("a simple reply and an unfragmented read fail as a whole", async () => {
  const simple = await readWithBadSectors([3], "simple", 0, 4096);
  assertEquals(await simple.replies.simpleReply(), {
    errno: E.IO,
    cookie: 42n,
    data: new Uint8Array(),
  });
  assertEquals(simple.replies.left(), 0);
  for (const mode of ["structured", "extended"] as const) {
    const { chunks, replies } = await readWithBadSectors([3, 5], mode, 0, 4096, FLAG.DF);
    const [error, ...others] = await chunks();
    assertEquals([error!.type, offsetOf(error!)], [CHUNK.ERROR_OFFSET, 3 * 512]);
    assertEquals([errnoOf(error!), others.length, replies.left()], [E.IO, 0, 0]);
  }
});

Deno.test("runs too short for the chunks between them give one error", async () => {
  const { chunks, replies } = await play({
    mode: "extended",
    backend: { cached: false },
    steps: (ask, backend) => {
      const runs = Array.from({ length: 300 }, (_, index) => 10 * index + 3);
      backend.collect = () => runs.length;
      backend.unreadableStart = (index) => runs[index]!;
      backend.unreadableEnd = (index) => runs[index]! + 1;
      return [ask({ type: CMD.READ, cookie: 42, length: 4096 }), () => backend.end()];
    },
  });
  const [error, ...others] = await chunks();
  assertEquals([offsetOf(error!), errnoOf(error!), others.length, replies.left()], [3, E.IO, 0, 0]);
});

Deno.test("a read of 32 MiB with a bad sector in every 64 KiB keeps all the rest", async () => {
  const length = 32 * 1024 * 1024;
  const { chunks } = await play({
    mode: "extended",
    backend: { sectors: length / 4096, sectorSize: 4096, cached: false },
    steps: (ask, backend) => {
      for (let sector = 5; sector < length / 4096; sector += 16) backend.unreadable.add(sector);
      return [ask({ type: CMD.READ, cookie: 42, length }), () => backend.end()];
    },
  });
  const { have, errors } = assemble(await chunks(), 0, length);
  assertEquals(errors.length, length / 65536);
  assertEquals(have.reduce((sum, byte) => sum + byte, 0), length - errors.length * 4096);
});

Deno.test("two reads that end together are sent apart when the buffer cannot hold both", async () => {
  const length = 32 * 1024 * 1024;
  const { chunks, replies, peer } = await play({
    mode: "structured",
    backend: { sectors: length / 4096, sectorSize: 4096, cached: false },
    steps: (ask, backend) => {
      backend.unreadable.add(100);
      return [
        ask({ type: CMD.READ, cookie: 1, length: 262_000 }),
        ask({ type: CMD.READ, cookie: 2, length }),
        () => {
          backend.end();
          backend.end();
        },
      ];
    },
  });
  assertEquals(dataOf((await chunks())[0]!).length, 262_000);
  assertEquals((await chunks()).map(({ payload }) => payload.length), [
    8 + 100 * 4096,
    14,
    8 + length - 101 * 4096,
  ]);
  assertEquals([replies.left(), peer.sent.length], [0, 5]);
});
