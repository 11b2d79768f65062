import { assert, assertEquals, assertThrows } from "@std/assert";
import { Interrupts } from "../../../src/fuse/interrupts.ts";
import { MAX_READ_BYTES } from "../../../src/fuse/limits.ts";
import type { MountOptions } from "../../../src/fuse/shown_file.ts";
import { ParkedReads } from "../../../src/fuse/parked_reads.ts";
import { serveMount } from "../../../src/fuse/serve_mount.ts";
import { ArrayBackend, bytesAt } from "../nbd/array_backend.ts";
import { Deadlock, interrupt, PlayedKernel, read, request, type Step } from "./played_kernel.ts";

const EINTR = 4;
const EIO = 5;
const O_DIRECT = 0o40000;

interface Play {
  backend?: ConstructorParameters<typeof ArrayBackend>[1];
  complete?: boolean;
  options?: Partial<MountOptions>;
  interrupts?: SharedArrayBuffer;
  steps: (backend: ArrayBackend, kernel: PlayedKernel) => Step[];
}

/** Plays the steps, then unmounts. */
function play({ complete = false, interrupts = Interrupts.memory(), ...rest }: Play) {
  const kernel = new PlayedKernel();
  const backend = new ArrayBackend(kernel.output, rest.backend);
  const parked = new ParkedReads(backend);
  kernel.plays(...rest.steps(backend, kernel));
  const file = { mode: 0o400, uid: 7, gid: 8, timeMs: 1234.5e3, isComplete: () => complete };
  serveMount(kernel, file, parked, new Interrupts(interrupts), {
    timeoutMs: 0,
    directFlag: O_DIRECT,
    maxBackground: 100,
    now: kernel.now,
    ...rest.options,
  });
  assertEquals(kernel.stepsLeft, 0);
  return { kernel, backend, parked, replies: kernel.replies };
}

/** Number and error of each reply. */
const outcomes = ({ replies }: { replies: readonly { unique: bigint; errno: number }[] }) =>
  replies.map(({ unique, errno }) => [Number(unique), errno]);

Deno.test("cached reads are answered with their bytes, at the end of the file with fewer or none", () => {
  const { replies, backend } = play({
    backend: { sectors: 10 },
    steps: () => [
      read(2n, 0, 512),
      read(4n, 100, 4000),
      read(6n, 5000, 4096),
      read(8n, 5120, 4096),
      read(10n, 2 ** 40, 4096),
      read((0xfedcba98n << 32n) | 0x87654320n, 1, 1),
    ],
  });
  assertEquals(replies.map(({ unique, errno, data }) => [unique, errno, data]), [
    [2n, 0, bytesAt(0, 512)],
    [4n, 0, bytesAt(100, 4000)],
    [6n, 0, bytesAt(5000, 120)],
    [8n, 0, new Uint8Array()],
    [10n, 0, new Uint8Array()],
    [(0xfedcba98n << 32n) | 0x87654320n, 0, bytesAt(1, 1)],
  ]);
  assertEquals(backend.noted, [[0, 512], [100, 4000], [5000, 120], [1, 1]]);
});

Deno.test("the longest read is served, a longer one is refused", () => {
  const { replies } = play({
    backend: { sectors: 3 * MAX_READ_BYTES / 512 },
    steps: () => [read(2n, 512, MAX_READ_BYTES), read(4n, 0, MAX_READ_BYTES + 1)],
  });
  assertEquals(replies.map(({ errno, data }) => [errno, data.length]), [[0, MAX_READ_BYTES], [
    22,
    0,
  ]]);
});

Deno.test("hits are answered while misses wait, and each reply goes back by the lane of its request", () => {
  const { replies } = play({
    steps: (backend) => [
      read(2n, 0, 512),
      () => backend.forget(0, 8),
      read(4n, 0, 512),
      read(6n, 1024, 512),
      read(8n, 8192, 512),
      read(10n, 9216, 512),
      () => backend.end(1),
      read(12n, 8192, 512),
      () => backend.end(),
      read(14n, 8192, 512),
      read(16n, 8192, 512),
    ],
  });
  // Lane 0 is the blocking one: used while nothing waits.
  assertEquals(replies.map(({ unique, lane }) => [Number(unique), lane]), [
    [2, 0],
    [8, 1],
    [10, 1],
    [6, 1],
    [12, 1],
    [4, 0],
    [14, 1],
    [16, 0],
  ]);
  const offsets = new Map([[2n, 0], [4n, 0], [6n, 1024], [10n, 9216]]);
  for (const { unique, data } of replies) {
    assertEquals(data, bytesAt(offsets.get(unique) ?? 8192, 512), String(unique));
  }
});

Deno.test("a read with an unreadable sector in it fails whole, its neighbours alone do not", () => {
  const played = play({
    steps: (backend) => [
      () => {
        backend.forget(0, 8);
        backend.unreadable.add(3);
      },
      read(2n, 0, 4096),
      () => backend.end(),
      read(4n, 1024, 512),
      read(6n, 1536, 512),
      read(8n, 2048, 512),
      () => backend.end(),
    ],
  });
  assertEquals(outcomes(played), [[2, EIO], [4, 0], [8, 0], [6, EIO]]);
  for (const { errno, data } of played.replies) assertEquals(data.length, errno === 0 ? 512 : 0);
});

Deno.test("with all slots in use nothing is received until a read ends", () => {
  const played = play({
    backend: { maxParked: 2, cached: false },
    steps: (backend) => [
      read(2n, 0, 512),
      read(4n, 512, 512),
      () => backend.end(1),
      read(6n, 1024, 512),
      () => backend.end(),
      () => backend.end(),
    ],
  });
  assertEquals(outcomes(played), [[4, 0], [2, 0], [6, 0]]);
  assertThrows(
    () =>
      play({
        backend: { maxParked: 1, cached: false },
        steps: () => [read(2n, 0, 1), read(4n, 0, 1)],
      }),
    Deadlock,
  );
});

Deno.test("an interrupted read is answered at once, and its slot used again only when it has ended", () => {
  const played = play({
    backend: { maxParked: 2, cached: false },
    steps: (backend) => [
      read(2n, 0, 512),
      interrupt(2n),
      read(4n, 512, 512),
      () => backend.end(1),
      read(6n, 512, 512),
      () => backend.end(),
      read(8n, 1024, 512),
      () => backend.end(),
    ],
  });
  assertEquals(outcomes(played), [[2, EINTR], [4, 0], [6, 0], [8, 0]]);
  assertEquals([played.backend.abandoned, played.kernel.calls], [[0], 0]);
});

Deno.test("an interrupt of another thread's read is passed on, and one that comes too late is harmless", () => {
  const memory = Interrupts.memory();
  const other = new Interrupts(memory);
  const { kernel } = play({
    interrupts: memory,
    steps: () => [read(2n, 0, 512), interrupt(2n), interrupt((5n << 32n) | 4n)],
  });
  assertEquals(kernel.calls, 2);
  assertEquals([other.next(), other.high, other.low], [true, 0, 2]);
  assertEquals([other.next(), other.high, other.low], [true, 5, 4]);
  assertEquals(other.next(), false);
});

Deno.test("a read is interrupted by what another thread posts before, while and after it is parked", () => {
  const memory = Interrupts.memory();
  const other = new Interrupts(memory);
  const played = play({
    interrupts: memory,
    backend: { cached: false },
    steps: (backend) => [
      () => other.post(0, 2),
      read(2n, 0, 512),
      read(4n, 512, 512),
      () => other.post(1, 4),
      () => other.post(0, 6),
      () => other.post(0, 4),
      () => backend.end(),
      () => backend.end(),
    ],
  });
  assertEquals(outcomes(played), [[2, EINTR], [4, EINTR]]);
});

Deno.test("a read that waits too long fails, later ones have their own time", () => {
  const played = play({
    backend: { cached: false },
    options: { timeoutMs: 1000 },
    steps: (backend, kernel) => [
      read(2n, 0, 512),
      () => kernel.clock += 600,
      read(4n, 512, 512),
      () => {},
      () => kernel.clock += 399,
      () => assertEquals(kernel.replies.length, 0),
      () => kernel.clock += 1,
      () => assertEquals(outcomes(kernel), [[2, EIO]]),
      () => backend.end(1),
      read(6n, 1024, 512),
      () => backend.end(),
    ],
  });
  // The last one waits until its time is over, as nothing else happens.
  assertEquals(outcomes(played), [[2, EIO], [4, 0], [6, EIO]]);
  assertEquals(played.backend.abandoned, [0, 1]);
});

Deno.test("at the end only what can be answered with its bytes is answered, and no read fails", () => {
  const played = play({
    options: { timeoutMs: 1000 },
    steps: (backend, kernel) => [
      () => backend.forget(0, 8),
      read(2n, 0, 512),
      read(4n, 512, 512),
      read(6n, 1024, 512),
      () => {
        backend.ending = true;
        kernel.clock += 2000;
        backend.unreadable.add(1);
        backend.end(1);
        backend.end(1);
      },
      read(8n, 8192, 512),
      request(3, 10n, 0n, 0n),
    ],
  });
  assertEquals(outcomes(played), [[6, 0], [10, 0]]);
});

Deno.test("a thread that is to leave leaves what waits, but only at the end", () => {
  const notice = request(41, 0n);
  const kernel = new PlayedKernel();
  const backend = new ArrayBackend(kernel.output, { cached: false });
  kernel.plays(read(2n, 0, 512), notice, () => backend.ending = true, notice, request(3, 4n, 0n));
  const file = { mode: 0o400, uid: 0, gid: 0, timeMs: 0, isComplete: () => false };
  const options = { timeoutMs: 0, directFlag: O_DIRECT, maxBackground: 1 };
  const interrupts = new Interrupts(Interrupts.memory());
  serveMount(kernel, file, new ParkedReads(backend), interrupts, options);
  assertEquals([kernel.replies, kernel.stepsLeft], [[], 1]);
});

Deno.test("the page cache is used only when the device is complete, and never for O_DIRECT", () => {
  const direct = 1;
  const keep = 2;
  for (
    const [complete, flags, expected] of [
      [false, 0, keep | direct],
      [true, 0, keep],
      [true, 0o100000, keep],
      [true, O_DIRECT, keep | direct],
      [false, O_DIRECT, keep | direct],
    ] as const
  ) {
    const { replies } = play({ complete, steps: () => [request(14, 2n, BigInt(flags))] });
    assertEquals([replies[0]!.errno, replies[0]!.data.length], [0, 16]);
    assertEquals(new DataView(replies[0]!.data.buffer).getUint32(8, true), expected);
  }
});

Deno.test("attributes say exactly what the file is", () => {
  const { replies } = play({
    backend: { sectors: 3, sectorSize: 2048 },
    steps: () => [request(3, 2n, 0n, 0n)],
  });
  const view = new DataView(replies[0]!.data.buffer);
  const u64 = (at: number) => Number(view.getBigUint64(at, true));
  assertEquals(replies[0]!.data.length, 104);
  assert(u64(0) <= 1, "a killed blkcache must be noticed soon");
  // ino, size, blocks, atime, mtime, ctime
  assertEquals([16, 24, 32, 40, 48, 56].map(u64), [1, 6144, 12, 1234, 1234, 1234]);
  // nanoseconds, mode, nlink, uid, gid, rdev, blksize, flags
  assertEquals(
    [64, 68, 72, 76, 80, 84, 88, 92, 96, 100].map((at) => view.getUint32(at, true)),
    [500e6, 500e6, 500e6, 0o100400, 1, 7, 8, 0, 4096, 0],
  );
});

Deno.test("each request of another kind has its answer or, where the kernel expects none, no answer", () => {
  const EROFS = 30;
  const ENOTDIR = 20;
  const ENOSYS = 38;
  const table: [opcode: number, errno: number | undefined, ...words: bigint[]][] = [
    [1, ENOTDIR],
    [2, undefined, 1n],
    [4, EROFS],
    [5, 22],
    [6, EROFS],
    [8, EROFS],
    [9, EROFS],
    [10, EROFS],
    [11, EROFS],
    [12, EROFS],
    [13, EROFS],
    [14, EROFS, 1n],
    [14, EROFS, 2n],
    [16, EROFS],
    [17, 0],
    [18, 0],
    [20, 0],
    [21, EROFS],
    [22, ENOSYS],
    [23, ENOSYS],
    [24, EROFS],
    [25, ENOSYS],
    [27, ENOTDIR],
    [28, ENOTDIR],
    [34, 0, 4n],
    [34, EROFS, 2n],
    [35, EROFS],
    [38, 0],
    [39, 25],
    [40, ENOSYS],
    [41, undefined],
    [42, undefined, 1n, 1n, 1n],
    [43, EROFS],
    [44, ENOTDIR],
    [45, EROFS],
    [46, ENOSYS],
    [47, EROFS],
    [51, EROFS],
    [4711, ENOSYS],
  ];
  for (const [opcode, errno, ...words] of table) {
    const { replies } = play({ steps: () => [request(opcode, 2n, ...words)] });
    const expected = errno === undefined ? [] : [[2, errno]];
    assertEquals(outcomes({ replies }), expected, `opcode ${opcode}`);
  }
});

Deno.test("the file system is full and has one file", () => {
  const { replies } = play({ backend: { sectors: 17 }, steps: () => [request(17, 2n)] });
  const view = new DataView(replies[0]!.data.buffer);
  assertEquals(replies[0]!.data.length, 80);
  assertEquals([0, 8, 16, 24, 32].map((at) => Number(view.getBigUint64(at, true))), [
    3,
    0,
    0,
    1,
    0,
  ]);
  assertEquals([40, 44, 48].map((at) => view.getUint32(at, true)), [4096, 255, 4096]);
});

Deno.test("what is served is counted with its headers", () => {
  let requests = 0;
  let bytes = 0;
  const counters = {
    add(more: number, moreBytes: number) {
      requests += more;
      bytes += moreBytes;
    },
  };
  play({ options: { counters }, steps: () => [read(2n, 0, 512), request(25, 4n), request(2, 6n)] });
  assertEquals([requests, bytes], [2, 16 + 512 + 16]);
});
