// A disk that stops answering and returns under another name, with the same content or with other: the name that the
// user gave leads to another loop device then. Loop devices tell no serial number, so content decides.

import { assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { LoopDevice } from "../harness/loop_device.ts";
import { areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameBytes, assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup");
const MIB = 1024 * 1024;
const SIZE = 16 * MIB;
const FILL = ["--fill", "--exit-when-complete", "--save-interval=0.2"];
/** Rests of 5, 10 and 20 seconds, and some load. */
const PATIENCE_MS = 120_000;

function told(served: Served, kind: "warning" | "info", text: string): () => boolean {
  return () => served.messages(kind).some((message) => message.includes(text));
}

/** Lets `name` lead to another device, in one step. */
function lead(name: string, path: string): void {
  Deno.symlinkSync(path, `${name}.new`);
  Deno.renameSync(`${name}.new`, name);
}

Deno.test({
  name:
    "a disk that returns with its content is taken up again, another one in its place is not read",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE, 1);
    const otherFile = folder.noise("other", SIZE, 2);
    await using device = await FailingDevice.make(file, { canFail: true, delayMs: 20 });
    using other = LoopDevice.attach(otherFile, { readOnly: true });
    using same = LoopDevice.attach(file, { readOnly: true });
    const name = folder.file("by-id");
    Deno.symlinkSync(device.path, name);
    await using served = await Served.start(name, { dir: folder.path, args: FILL });
    await until("much is read", () => bytesWith("+", areasOf(served.map)) > 4 * MIB, PATIENCE_MS);
    using _outage = device.source.failAll();
    await until("it is silent", told(served, "warning", "has stopped answering"), PATIENCE_MS);
    lead(name, other.path);
    await until("it is another one", told(served, "warning", "is another device now"), PATIENCE_MS);
    const before = areasOf(served.map);
    assertEquals(bytesWith("-", before), 0);
    lead(name, same.path);
    await until("it answers", told(served, "info", "answers again"), PATIENCE_MS);
    const { code } = await served.program.ended();
    assertEquals(code, 0);
    assertEquals(bytesWith("+", areasOf(served.map)), SIZE);
    assertSameFile(served.image, file);
  },
});

Deno.test({
  name: "a disk of which nothing was read is not known again: the program says so, and waits",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE, 1);
    await using device = await FailingDevice.make(file, { canFail: true });
    using same = LoopDevice.attach(file, { readOnly: true });
    const name = folder.file("by-id");
    Deno.symlinkSync(device.path, name);
    using _outage = device.source.failAll();
    await using served = await Served.start(name, { dir: folder.path, args: FILL });
    await until("it is silent", told(served, "warning", "has stopped answering"), PATIENCE_MS);
    lead(name, same.path);
    await until("it says so", told(served, "warning", "too little was read"), PATIENCE_MS);
    const { code, done } = await served.stop("SIGINT");
    assertEquals([code, done?.deviceBytes], [130, 0]);
    assertEquals(areasOf(served.map).map(({ status }) => status), ["?"]);
    // Its head has not been read either.
    assertSameBytes(Deno.readFileSync(served.image), new Uint8Array(SIZE), "the image");
    // The next start has the whole of it.
    await using again = await Served.start(name, { dir: folder.path, args: FILL });
    assertEquals((await again.program.ended()).code, 0);
    assertSameFile(again.image, file);
  },
});
