// Runs whose clients write, with real threads in this process: an overlay, and the device itself.
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { MediumRefused } from "../../../src/device/medium_errors.ts";
import { UserError } from "../../../src/base/errors.ts";
import type { Client } from "../../conformance/harness.ts";
import { CMD, E, FLAG } from "../../conformance/wire.ts";
import { ServedHere } from "../../harness/served_here.ts";
import { assertSameBytes, noise, TestFolder } from "../../harness/test_folder.ts";

const SIZE = 2 ** 20;
const AT = 2 ** 19;
const CONTENT = noise(SIZE, 1);
const NEW = noise(3072, 2);

function folderWithDevice(): TestFolder {
  const folder = new TestFolder();
  Deno.writeFileSync(folder.file("dev"), CONTENT);
  return folder;
}

function serve(folder: TestFolder, ...more: string[]): ServedHere {
  const files = [folder.file("dev"), folder.file("image")];
  return new ServedHere("serve", ...files, `--socket=${folder.file("s")}`, ...more);
}

/** What the device is with something written to it. */
function changed(at: number, bytes: Uint8Array): Uint8Array {
  const all = CONTENT.slice();
  all.set(bytes, at);
  return all;
}

async function write(
  client: Client,
  offset: number,
  payload: Uint8Array,
  flags = 0,
): Promise<number> {
  await client.request({ type: CMD.WRITE, offset, length: payload.length, payload, flags });
  return (await client.outcome()).errno;
}

Deno.test("an overlay takes what is written, is read through, and is there in the next run; the device stays", async () => {
  using folder = folderWithDevice();
  const overlay = folder.file("overlay");
  for (const isFirst of [true, false]) {
    await using served = serve(folder, `--overlay=${overlay}`);
    const client = await served.client();
    if (isFirst) {
      // It begins and ends within sectors: the rest of those is the device's.
      assertEquals(await write(client, AT + 100, NEW), 0);
      await client.request({ type: CMD.FLUSH });
      assertEquals((await client.outcome()).errno, 0);
    }
    const all = await served.read(client, 0, SIZE);
    assertSameBytes(all, changed(AT + 100, NEW), isFirst ? "written" : "read by the next run");
    assertEquals(await served.end(), 0);
    const held = isFirst ? ";" : ", which holds 3 KiB already;";
    assertEquals(served.sentences.filter((each) => each.includes("overlay")), [
      `writes go to the overlay "${overlay}"${held} the device is not written to`,
    ]);
  }
  assertSameBytes(Deno.readFileSync(folder.file("dev")), CONTENT, "the device");
  const image = Deno.readFileSync(folder.file("image"));
  assertSameBytes(image, CONTENT, "the image");
});

Deno.test("zeros and trims go to the overlay too, FUA makes them durable, and past the end is refused", async () => {
  using folder = folderWithDevice();
  await using served = serve(folder, `--overlay=${folder.file("overlay")}`);
  const client = await served.client();
  await client.request({ type: CMD.WRITE_ZEROES, offset: AT, length: 65_536, flags: FLAG.FUA });
  assertEquals((await client.outcome()).errno, 0);
  assertSameBytes(await served.read(client, AT, 65_536), new Uint8Array(65_536), "zeros");
  await client.request({ type: CMD.TRIM, offset: 0, length: 4096 });
  assertEquals((await client.outcome()).errno, 0);
  assertEquals(await write(client, SIZE - 10, NEW), E.NOSPC);
  assertEquals(await write(client, SIZE - NEW.length, NEW, FLAG.FUA), 0);
  assertSameBytes(await served.read(client, SIZE - NEW.length, NEW.length), NEW, "the end");
});

Deno.test("two clients of one overlay read what the other has written", async () => {
  using folder = folderWithDevice();
  await using served = serve(folder, `--overlay=${folder.file("overlay")}`);
  const [one, other] = [await served.client(), await served.client("simple")];
  await served.read(other, AT, 4096);
  assertEquals(await write(one, AT, NEW), 0);
  assertSameBytes(await served.read(other, AT, NEW.length), NEW, "the other's");
});

Deno.test("an overlay of another device is refused, even with --force; so is a file that is none", async () => {
  using folder = folderWithDevice();
  const overlay = folder.file("overlay");
  {
    await using served = serve(folder, `--overlay=${overlay}`);
    assertEquals(await write(await served.client(), AT, NEW), 0);
    await served.end();
  }
  Deno.writeFileSync(folder.file("other"), noise(SIZE, 9));
  const args = [
    "serve",
    folder.file("other"),
    folder.file("image2"),
    `--socket=${folder.file("s")}`,
  ];
  await using foreign = new ServedHere(...args, "--force", `--overlay=${overlay}`);
  const error = await assertRejects(() => foreign.exitCode, MediumRefused);
  assertMatch(error.message, /the overlay ".*" is of another device/);
  await using none = serve(folder, `--overlay=${folder.file("other")}`);
  await assertRejects(() => none.exitCode, UserError, "holds data, but there is no");
});

Deno.test("with --write-through both the device and the image get what is written", async () => {
  using folder = folderWithDevice();
  await using served = serve(folder, "--write-through");
  const client = await served.client();
  assertEquals(await write(client, AT + 100, NEW), 0);
  await client.request({ type: CMD.WRITE_ZEROES, offset: 0, length: 4096 });
  assertEquals((await client.outcome()).errno, 0);
  await client.request({ type: CMD.FLUSH });
  assertEquals((await client.outcome()).errno, 0);
  const expected = changed(AT + 100, NEW);
  expected.fill(0, 0, 4096);
  assertSameBytes(await served.read(client, 0, SIZE), expected, "what is read");
  assertEquals(await served.end(), 0);
  assertSameBytes(Deno.readFileSync(folder.file("dev")), expected, "the device");
  assertSameBytes(Deno.readFileSync(folder.file("image")), expected, "the image");
  assertEquals(served.sentences[0], `clients can write to "${folder.file("dev")}" itself`);
  assertEquals(folder.listing().map((line) => line.split(" ")[0]).includes("image.writing"), false);
});
