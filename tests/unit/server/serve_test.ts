// Whole runs on regular files, with real threads in this process: what is served, kept, told, and how it ends.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { CHUNK, CMD, dataOf, E, errnoOf, extentsOf, FLAG } from "../../conformance/wire.ts";
import { FINISHED } from "../../../src/map/statuses.ts";
import { ServedHere } from "../../harness/served_here.ts";
import {
  assertSameBytes,
  assertSameFile,
  exists,
  noise,
  TestFolder,
} from "../../harness/test_folder.ts";

const SIZE = 2 ** 20;
/** Behind the head, which is read to find out what it is. */
const AT = 2 ** 19;
const CONTENT = noise(SIZE, 1);

/** A folder with a file "dev" of noise. */
function folderWithDevice(): TestFolder {
  const folder = new TestFolder();
  Deno.writeFileSync(folder.file("dev"), CONTENT);
  return folder;
}

function serveArgs(folder: TestFolder, ...more: string[]): string[] {
  return [
    "serve",
    folder.file("dev"),
    folder.file("image"),
    `--socket=${folder.file("s")}`,
    ...more,
  ];
}

/** What "dev" holds now cannot be what is served. */
function spoil(folder: TestFolder): void {
  Deno.writeFileSync(folder.file("dev"), CONTENT.map((byte, at) => at < AT ? byte : byte ^ 1));
}

Deno.test("what a client reads is right, is kept, and is not read again by the next run", async () => {
  using folder = folderWithDevice();
  {
    await using served = new ServedHere(...serveArgs(folder, "--read-ahead=0"));
    assertEquals((await served.event("ready")).resumed, false);
    const client = await served.client();
    assertEquals(await served.read(client, AT, 8192), CONTENT.subarray(AT, AT + 8192));
    assertEquals(await served.end(), 0);
    const { progress } = await served.event("done");
    assertEquals([progress!.deviceBytes, progress!.failedReads], [8192, 0]);
    assert(progress!.servedBytes >= 8192);
  }
  assertEquals(exists(folder.file("s")), false, "the socket is removed");
  const image = Deno.readFileSync(folder.file("image"));
  assertEquals(image.subarray(AT, AT + 8192), CONTENT.subarray(AT, AT + 8192));
  assertMatch(Deno.readTextFileSync(folder.file("image.map")), /^0x00080000 +0x00002000 +\+$/m);
  spoil(folder);
  await using served = new ServedHere(...serveArgs(folder, "--read-ahead=0", "--force"));
  assertEquals((await served.event("ready")).resumed, true);
  const client = await served.client();
  assertEquals(await served.read(client, AT, 8192), CONTENT.subarray(AT, AT + 8192));
  assertEquals(await served.end(), 0);
  assertEquals((await served.event("done")).progress!.deviceBytes, 0);
});

Deno.test("clients of each kind of reply are served at the same time, and counted", async () => {
  using folder = folderWithDevice();
  await using served = new ServedHere(...serveArgs(folder));
  for (const mode of ["simple", "structured", "extended"] as const) {
    const client = await served.client(mode);
    assertSameBytes(await served.read(client, 0, SIZE), CONTENT, mode);
    await client.request({ type: CMD.READ, cookie: 2, offset: SIZE, length: 512 });
    assertEquals(await client.outcome(), { cookie: 2n, errno: E.INVAL }, mode);
  }
  const states = await Promise.all(
    [1, 2, 3].map((count) =>
      served.event("client", ({ state, clients }) => state === "connected" && clients === count)
    ),
  );
  assertEquals(states.length, 3);
  assertEquals(await served.end("SIGINT"), 0);
});

Deno.test("a client is told what the image has, by the map", async () => {
  using folder = folderWithDevice();
  await using served = new ServedHere(...serveArgs(folder, "--read-ahead=0"));
  const client = await served.client("structured", ["x-blkcache:state"]);
  await served.read(client, AT, 512);
  await client.request({ type: CMD.BLOCK_STATUS, offset: AT, length: 4096 });
  const [chunk] = await client.chunks();
  const { extents } = extentsOf(chunk!);
  assertEquals(extents.map(({ length }) => length), [512, 4096 - 512]);
  assert(extents[0]!.flags !== extents[1]!.flags);
  await client.request({ type: CMD.CACHE, offset: 2 * AT - 512, length: 512 });
  assertEquals((await client.outcome()).errno, 0);
  await client.request({ type: CMD.WRITE, offset: 0, length: 3, payload: new Uint8Array(3) });
  assertEquals((await client.outcome()).errno, E.PERM);
  await client.request({ type: CMD.DISC });
  await client.closed();
  await served.event("client", ({ state }) => state === "left");
});

Deno.test("a file that was cut short is readable up to there; behind it are failed sectors, which are kept as such", async () => {
  using folder = folderWithDevice();
  {
    await using served = new ServedHere(...serveArgs(folder, "--read-ahead=0"));
    const client = await served.client();
    await served.read(client, 0, 512);
    Deno.truncateSync(folder.file("dev"), AT + 512);
    await client.request({ type: CMD.READ, offset: AT, length: 1024 });
    const chunks = await client.chunks();
    const [data, failure] = [
      chunks.find(({ type }) => type === CHUNK.OFFSET_DATA),
      chunks.find(({ type }) => type === CHUNK.ERROR_OFFSET),
    ];
    assertEquals(dataOf(data!), CONTENT.subarray(AT, AT + 512));
    assertEquals(errnoOf(failure!), E.IO);
    assertEquals(await served.end(), 0);
  }
  assertMatch(Deno.readTextFileSync(folder.file("image.map")), /^0x00080000 +0x00000200 +\+$/m);
});

Deno.test("a fill to the end exits with 0 when everything is read, and the image is the device", async () => {
  using folder = folderWithDevice();
  const args = serveArgs(folder, "--fill", "--exit-when-complete", "--verify=64Ki");
  await using served = new ServedHere(...args);
  assertEquals(await served.exitCode, 0);
  const { progress } = await served.event("done");
  assertEquals(progress!.totals[FINISHED], SIZE);
  assertSameFile(folder.file("image"), folder.file("dev"));
  assertMatch(Deno.readTextFileSync(folder.file("image.map")), /^0x00000000 +0x00100000 +\+$/m);
  assertEquals(served.sentences, ["all has been read", "64 KiB read again, all as in the image"]);
});

Deno.test("a fill that must complete and is interrupted has the code of the signal", async () => {
  using folder = folderWithDevice();
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const args = serveArgs(folder, "--fill", "--exit-when-complete", "--rate=512");
    await using served = new ServedHere(...args);
    await served.event("ready");
    assertEquals(await served.end(signal), code);
  }
});

Deno.test("a fill keeps to its domain, and what clients read is recorded as one", async () => {
  using folder = folderWithDevice();
  {
    await using served = new ServedHere(
      ...serveArgs(folder, `--record-domain=${folder.file("domain")}`),
    );
    const client = await served.client();
    await served.read(client, AT, 65_536);
    assertEquals(await served.end(), 0);
  }
  assertMatch(Deno.readTextFileSync(folder.file("domain")), /^0x00080000 +0x00010000 +\+$/m);
  const fill = ["--fill", "--exit-when-complete", `--domain=${folder.file("domain")}`];
  await using served = new ServedHere(...serveArgs(folder, ...fill).with(2, folder.file("part")));
  assertEquals(await served.exitCode, 0);
  const map = Deno.readTextFileSync(folder.file("part.map"));
  assertMatch(map, /^0x00080000 +0x00010000 +\+$/m);
  assertMatch(map, /^0x00090000 +0x00070000 +\?$/m);
});

Deno.test("without --keep-cache nothing is left", async () => {
  using folder = folderWithDevice();
  await using served = new ServedHere(...serveArgs(folder, "--no-keep-cache"));
  const client = await served.client();
  assertEquals(await served.read(client, 0, 512), CONTENT.subarray(0, 512));
  assertEquals(await served.end(), 0);
  assertEquals(folder.listing(), [`dev ${SIZE}`]);
});

Deno.test("--offline serves what the image has, refuses the rest, and changes nothing", async () => {
  using folder = folderWithDevice();
  {
    await using served = new ServedHere(...serveArgs(folder, "--read-ahead=0"));
    const client = await served.client();
    await served.read(client, AT, 512);
    await served.end();
  }
  Deno.removeSync(folder.file("dev"));
  const before = Deno.readTextFileSync(folder.file("image.map"));
  const [image, socket] = [folder.file("image"), `--socket=${folder.file("s")}`];
  {
    await using served = new ServedHere("serve", "--offline", image, socket);
    const client = await served.client();
    assertEquals(await served.read(client, AT, 512), CONTENT.subarray(AT, AT + 512));
    await client.request({ type: CMD.READ, offset: AT + 512, length: 512, flags: FLAG.DF });
    assertEquals((await client.outcome()).errno, E.IO);
    assertEquals(await served.end(), 0);
  }
  assertEquals(Deno.readTextFileSync(folder.file("image.map")), before);
  for (const name of ["image.map", "image.map.bak"]) Deno.removeSync(folder.file(name));
  await using refused = new ServedHere("serve", "--offline", image, socket);
  await assertRejects(() => refused.exitCode, UserError, "image.map");
});

Deno.test("a client of TCP gets the same, by a port that the system has chosen", async () => {
  using folder = folderWithDevice();
  await using served = new ServedHere(
    ...serveArgs(folder, "--listen=127.0.0.1:0", "--export=disc"),
  );
  const { uris } = await served.event("ready");
  const uri = uris.find((each) => each.startsWith("nbd://"))!;
  assertMatch(uri, /^nbd:\/\/127\.0\.0\.1:\d+\/disc$/);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(uri).port) });
  const greeting = new Uint8Array(18);
  await connection.read(greeting);
  assertEquals(new TextDecoder().decode(greeting.subarray(0, 16)), "NBDMAGICIHAVEOPT");
});

/** Starts that fail: what is wrong, and what it says. Nothing is made then. */
const REFUSED: readonly [what: string, args: (folder: TestFolder) => string[], says: RegExp][] = [
  [
    "a device that is not there",
    ({ path }) => ["serve", `${path}/none`, `${path}/i`],
    /"[^"]*none"/,
  ],
  ["a folder", ({ path }) => ["serve", path, `${path}/i`], /is a directory|no device/],
  [
    "an image in a folder that is not there",
    ({ path }) => ["serve", `${path}/dev`, `${path}/x/i`],
    /x/,
  ],
  ["the device as its own image", ({ path }) => ["serve", `${path}/dev`, `${path}/dev`], /dev/],
  [
    "a speed of what is no drive",
    ({ path }) => ["serve", `${path}/dev`, "--speed=8"],
    /no optical drive/,
  ],
  ["a mapfile that is none", ({ path }) => {
    Deno.writeTextFileSync(`${path}/junk`, "junk\n");
    return ["serve", `${path}/dev`, `${path}/i`, `--map=${path}/junk`];
  }, /junk/],
  ["a domain that is none", ({ path }) => {
    Deno.writeTextFileSync(`${path}/junk`, "junk\n");
    return ["serve", `${path}/dev`, `${path}/i`, "--fill", `--domain=${path}/junk`];
  }, /junk/],
  [
    "no kernel device to attach to",
    ({ path }) => ["serve", `${path}/dev`, `${path}/i`, `--attach=${path}/nbd`],
    /has not loaded its NBD client/,
  ],
];

for (const [what, args, says] of REFUSED) {
  Deno.test(`${what} is refused in a sentence, and nothing is left`, async () => {
    using folder = folderWithDevice();
    const line = args(folder);
    const before = folder.listing();
    const socket = line.some((word) => word.startsWith("--socket"))
      ? []
      : [`--socket=${folder.file("s")}`];
    await using served = new ServedHere(...line, ...socket);
    const error = await assertRejects(() => served.exitCode, UserError);
    assertMatch(error.message, says);
    assertEquals(folder.listing(), before);
  });
}

Deno.test("a second run on the same image is refused while the first one goes on", async () => {
  using folder = folderWithDevice();
  await using first = new ServedHere(...serveArgs(folder));
  await first.event("ready");
  const args = ["serve", folder.file("dev"), folder.file("image")];
  await using second = new ServedHere(...args, `--socket=${folder.file("other")}`);
  const error = await assertRejects(() => second.exitCode, UserError, "image");
  assertMatch(error.message, /using/);
  await using third = new ServedHere(...serveArgs(folder).with(2, folder.file("image2")));
  await assertRejects(() => third.exitCode, UserError, "/s");
  assertEquals(await first.end(), 0);
});
