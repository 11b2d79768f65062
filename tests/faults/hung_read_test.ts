// A device that hangs in the middle of a read: clients get an error in time, the attempt goes on, and the
// program can be stopped.

import { assert, assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { readThrough } from "../harness/nbd_client.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { exists, TestFolder } from "../harness/test_folder.ts";
import { tool, until } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "ddrescuelog");
const MIB = 1024 * 1024;
const SIZE = 4 * MIB;
const EIO = 5;
const ESHUTDOWN = 108;

const SOURCES = [{ name: "a loop device", asFile: false }, { name: "a file", asFile: true }];

/** blkcache on a device that can be made to hang. */
class HangingRun implements AsyncDisposable {
  private constructor(
    readonly folder: TestFolder,
    readonly file: string,
    readonly device: FailingDevice,
    readonly served: Served,
    private readonly stack: AsyncDisposableStack,
  ) {}

  static async start(asFile: boolean, ...args: string[]): Promise<HangingRun> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(new TestFolder());
    const file = folder.noise("source", SIZE);
    const device = stack.use(await FailingDevice.make(file, { canHang: true, asFile }));
    const served = stack.use(await Served.start(device.path, { dir: folder.path, args }));
    return new HangingRun(folder, file, device, served, stack.move());
  }

  /** Begins a read, and returns when the device works on it. */
  async beginRead(): Promise<{ ended: ReturnType<typeof readThrough> }> {
    const { source } = this.device;
    source.mark();
    const ended = readThrough(this.served.uri, { reads: [[2 * MIB, 65_536]] });
    await until("the device hangs", () => source.reads().length > 0);
    return { ended };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

for (const { name, asFile } of SOURCES) {
  Deno.test({
    name: `${name} that hangs: --timeout answers EIO, the attempt goes on and heals the map`,
    ignore,
    async fn() {
      await using run = await HangingRun.start(asFile, "--timeout=0.5", "--read-ahead=0");
      const { file, device, served } = run;
      const task = { reads: [[2 * MIB, 65_536]] as [number, number][], source: file };
      {
        await using _hang = await device.source.hang();
        device.source.mark();
        for (let again = 0; again < 2; again++) {
          const [read] = await readThrough(served.uri, task);
          assertEquals([read.errno, read.good], [EIO, 0]);
        }
        assert(device.source.reads().length > 0, "the device was asked");
        assert(device.source.reads().every(({ failed }) => failed === undefined), "it hung");
      }
      // What came too late for the client is in the image now.
      await until("the attempt has ended well", async () => {
        const [read] = await readThrough(served.uri, task);
        return read.errno === 0 && read.good === 65_536 && read.wrong === 0;
      });
      const offsets = device.source.reads().map(({ offset }) => offset);
      assertEquals(offsets.length, new Set(offsets).size, "each place was read once");
    },
  });

  Deno.test({
    name: `${name} that hangs: a client that leaves much behind keeps no other waiting`,
    ignore,
    async fn() {
      await using run = await HangingRun.start(asFile, "--timeout=0.5", "--read-ahead=0");
      const { file, device, served } = run;
      const cached = { reads: [[0, 65_536]] as [number, number][], source: file };
      await readThrough(served.uri, cached);
      await using _hang = await device.source.hang();
      const many = Array.from({ length: 200 }, (_, i): [number, number] => [MIB + i * 8192, 4096]);
      const refused = await readThrough(served.uri, { reads: many, inflight: many.length });
      assertEquals(refused.filter(({ errno }) => errno === EIO).length, many.length);
      const [read] = await readThrough(served.uri, cached);
      assertEquals([read.errno, read.good, read.wrong], [0, 65_536, 0]);
    },
  });

  Deno.test({
    name: `${name} that hangs: SIGTERM saves the map and ends the program while it hangs`,
    ignore,
    async fn() {
      await using run = await HangingRun.start(asFile);
      const { folder, device, served } = run;
      await readThrough(served.uri, { reads: [[MIB, 65_536]] });
      await using _hang = await device.source.hang();
      const waiting = await run.beginRead();

      // The device hangs until the end of the block: the program does not wait for it.
      const { code, done } = await served.stop("SIGTERM");
      assertEquals(code, 0);
      assertEquals((await waiting.ended)[0].errno, ESHUTDOWN);
      assert(!exists(folder.file("socket")), "the socket is gone");
      const saved = await tool("ddrescuelog", ["--list-blocks=+", served.map]);
      assertEquals(saved.trim().split("\n").length * 512, done?.totals.finished);
      assert(saved.includes(`\n${MIB / 512}\n`), "what was read is in the mapfile");
    },
  });

  Deno.test({
    name: `${name} that hangs: a second SIGINT ends the program at once`,
    ignore,
    async fn() {
      await using run = await HangingRun.start(asFile);
      const { device, served } = run;
      await using _hang = await device.source.hang();
      const waiting = await run.beginRead();
      served.program.signal("SIGINT");
      // The first one has been heard when clients are told to leave; the program still waits for the device.
      assertEquals((await waiting.ended)[0].errno, ESHUTDOWN);
      const { code } = await served.stop("SIGINT");
      assertEquals(code, 130);
      await tool("ddrescuelog", ["--show-status", served.map]);
    },
  });
}
