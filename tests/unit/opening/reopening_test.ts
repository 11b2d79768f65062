// A disk that has gone and come back under another name: whose bytes are read from then on. Loop devices tell neither
// model nor serial number, so content alone decides.
import { assertEquals, assertMatch } from "@std/assert";
import { Device } from "../../../src/device/device.ts";
import { File } from "../../../src/device/file.ts";
import { Reopening } from "../../../src/opening/reopening.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import { FINISHED } from "../../../src/map/statuses.ts";
import { pread, seekEnd, tryPread } from "../../../src/sys/fd.ts";
import { identityOf, make, MIB } from "../../harness/made_media.ts";
import { LoopDevice } from "../../harness/loop_device.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const ignore = !isRoot() || !hasTools("losetup");
const SIZE = 16 * MIB;
const KIB = 1024;
const CONTENT = make({ size: SIZE, seed: 1 });
const BLANK_BEHIND = make({
  size: SIZE,
  seed: "blank",
  files: [{ at: 0, length: 4 * KIB, seed: 2 }],
});

type Content = Uint8Array<ArrayBuffer>;
type Area = readonly [start: number, end: number];

/** What has gone, what of it is in the image, and what is there by its name afterwards. */
interface Return {
  was?: Content;
  finished: readonly Area[];
  is: Content;
  sectorSize?: number;
}

function withFile(bytes: Content, at: number, seed: number, size = 64 * KIB): Content {
  const other = bytes.slice();
  other.set(make({ size, seed }), at);
  return other;
}

/** Plays it. `attempts` are made. */
function play({ was = CONTENT, finished, is, sectorSize = 512 }: Return, attempts = 1) {
  using folder = new TestFolder();
  for (const [name, bytes] of [["was", was], ["is", is]] as const) {
    Deno.writeFileSync(folder.file(name), bytes);
  }
  const image = new Uint8Array(was.length);
  const map = FileMap.create(was.length, { maxTransitions: 1000 });
  for (const [start, end] of finished) {
    image.set(was.subarray(start, end), start);
    map.set(start, end, FINISHED);
  }
  Deno.writeFileSync(folder.file("image"), image);
  using before = LoopDevice.attach(folder.file("was"));
  using after = LoopDevice.attach(folder.file("is"), { sectorSize });
  const path = folder.file("by-id");
  Deno.symlinkSync(before.path, path);
  using device = Device.open(path);
  using imageFile = File.open(folder.file("image"));
  const reads: number[] = [];
  const warnings: string[] = [];
  const reopening = new Reopening({
    path,
    medium: {
      deviceFd: device.fd,
      size: was.length,
      sectorSize: 512,
      identity: identityOf(was),
      imageFd: imageFile.fd,
    },
    map,
    tryPread(fd, address, length, offset) {
      reads.push(offset);
      return tryPread(fd, address, length, offset);
    },
    warn: (message) => warnings.push(message),
  });
  reopening.attempt();
  assertEquals(warnings, [], "the device that is open is not looked at");
  // A file that is opened again begins at its start.
  seekEnd(device.fd);
  reopening.attempt();
  assertEquals(positionOf(device.fd), was.length, "it is not opened again");
  reopening.attempt(true);
  assertEquals(positionOf(device.fd), 0, "it is opened again when it is stuck");
  assertEquals([warnings, reads], [[], []]);
  Deno.removeSync(path);
  reopening.attempt();
  assertEquals(warnings, [], "nothing is there");
  Deno.symlinkSync(after.path, path);
  for (let attempt = 0; attempt < attempts; attempt++) reopening.attempt();
  // Where the two differ: whose byte is read now?
  const at = was.findIndex((byte, index) => byte !== is[index]);
  const byte = new Uint8Array(1);
  if (at >= 0) pread(device.fd, byte, at);
  const isBacking = backingOf(device.fd) === folder.file("is");
  assertEquals(at < 0 || byte[0] === (isBacking ? is : was)[at], true);
  return { isTaken: isBacking, warnings, path: reopening.path === path };
}

function positionOf(fd: number): number {
  return Number(/^pos:\s*(\d+)/.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`))![1]);
}

/** The file behind the loop device that a descriptor is of. */
function backingOf(fd: number): string | undefined {
  const link = Deno.readLinkSync(`/proc/self/fd/${fd}`);
  const { stdout } = new Deno.Command("losetup", {
    args: ["--noheadings", "-O", "BACK-FILE", link],
  })
    .outputSync();
  return new TextDecoder().decode(stdout).trim();
}

const HALF: readonly Area[] = [[0, 8 * MIB]];

const ROWS: readonly [what: string, played: Return, refused?: RegExp][] = [
  ["the same content", { finished: HALF, is: CONTENT.slice() }],
  ["the same content, a little everywhere", {
    finished: [[3 * MIB, 3 * MIB + 64 * KIB], [7 * MIB, 7 * MIB + 64 * KIB], [12 * MIB, 13 * MIB]],
    is: CONTENT.slice(),
  }],
  ["other content", { finished: HALF, is: make({ size: SIZE, seed: 5 }) }, /is another device now/],
  ["other content behind the same head", {
    finished: HALF,
    is: withFile(make({ size: SIZE, seed: 5 }), 0, 1),
  }, /is another device now/],
  [
    "one file that differs",
    { finished: HALF, is: withFile(CONTENT, 4 * MIB, 9, 2 * MIB) },
    /another one/,
  ],
  [
    "other content, nothing read yet",
    { finished: [], is: make({ size: SIZE, seed: 5 }) },
    /too little was read/,
  ],
  [
    "the same content, nothing read yet",
    { finished: [], is: CONTENT.slice() },
    /too little was read/,
  ],
  ["the same head, and nothing else read yet", {
    finished: [[0, 64 * KIB]],
    is: withFile(make({ size: SIZE, seed: 5 }), 0, 1),
  }, /too little can be compared/],
  ["the same zeros, and other content where nothing was read", {
    was: BLANK_BEHIND,
    finished: [[MIB, 8 * MIB]],
    is: withFile(BLANK_BEHIND, 12 * MIB, 7),
  }, /of which many media have the same/],
  [
    "a larger one",
    { finished: HALF, is: make({ size: SIZE + MIB, seed: 1 }) },
    /its size is 17 MiB, not 16 MiB/,
  ],
  [
    "larger sectors",
    { finished: HALF, is: CONTENT.slice(), sectorSize: 4096 },
    /its sectors have 4096 bytes/,
  ],
];

for (const [what, played, refused] of ROWS) {
  Deno.test({
    name: `${what}: ${refused === undefined ? "taken up again" : "not read from"}`,
    ignore,
    fn() {
      const { isTaken, warnings } = play(played);
      assertEquals(isTaken, refused === undefined, warnings.join());
      if (refused === undefined) assertEquals(warnings, []);
      else assertMatch(warnings.join(), refused);
    },
  });
}

Deno.test({
  name: "a device that will not do is compared and spoken of once",
  ignore,
  fn() {
    for (const is of [make({ size: SIZE, seed: 5 }), make({ size: SIZE + MIB, seed: 1 })]) {
      const { isTaken, warnings } = play({ finished: HALF, is }, 3);
      assertEquals([isTaken, warnings.length], [false, 1]);
    }
  },
});
