import { assertEquals } from "@std/assert";
import { initReply, type InitRequest, initRequestAt, isTooOld } from "../../../src/fuse/init.ts";

const MIB = 1024 * 1024;
const ASYNC_READ = 1;
const ASYNC_DIO = 1 << 15;
const MAX_PAGES = 1 << 22;
const INIT_EXT = 1 << 30;
const ALLOW_MMAP = 1 << 4;
const EVERYTHING = 0xffffffff;

/** Behind a header of 40 bytes. */
function bytes(...words: number[]): DataView {
  const view = new DataView(new ArrayBuffer(40 + words.length * 4));
  words.forEach((word, index) => view.setUint32(40 + index * 4, word, true));
  return view;
}

const LINUX: InitRequest = {
  major: 7,
  minor: 39,
  maxReadahead: 128 * 1024,
  flags: EVERYTHING,
  flags2: EVERYTHING,
};

Deno.test("the kernel's request is read, whether it is extended or not", () => {
  const old = bytes(7, 31, 131072, ASYNC_READ | MAX_PAGES);
  assertEquals(initRequestAt(old, 40, old.byteLength), {
    major: 7,
    minor: 31,
    maxReadahead: 131072,
    flags: ASYNC_READ | MAX_PAGES,
    flags2: 0,
  });
  const extended = [7, 39, 65536, INIT_EXT, ALLOW_MMAP, ...new Array(11).fill(0)];
  assertEquals(initRequestAt(bytes(...extended), 40, 104).flags2, ALLOW_MMAP);
  // flags2 counts only when the flag says so and it is there.
  assertEquals(initRequestAt(bytes(...extended.with(3, 0)), 40, 104).flags2, 0);
  assertEquals(initRequestAt(bytes(...extended), 40, 56).flags2, 0);
});

Deno.test("only what is wanted and offered is agreed to", () => {
  const reply = initReply(LINUX, 256);
  assertEquals(reply, {
    major: 7,
    minor: 31,
    maxReadahead: 128 * 1024,
    flags: ASYNC_READ | ASYNC_DIO | MAX_PAGES | INIT_EXT,
    flags2: ALLOW_MMAP,
    maxBackground: 256,
    congestionThreshold: 256,
    maxWrite: 4096,
    maxPages: 256,
  });
  const little = initReply({ ...LINUX, flags: ASYNC_READ, flags2: 0, maxReadahead: 8 * MIB }, 1);
  assertEquals([little.flags, little.flags2, little.maxReadahead], [ASYNC_READ, 0, MIB]);
});

Deno.test("kernels before 7.31 are too old, newer ones are not", () => {
  const table: [major: number, minor: number, tooOld: boolean][] = [
    [6, 99, true],
    [7, 30, true],
    [7, 31, false],
    [7, 99, false],
    [8, 0, false],
  ];
  for (const [major, minor, tooOld] of table) {
    assertEquals(isTooOld({ ...LINUX, major, minor }), tooOld, `${major}.${minor}`);
  }
});
