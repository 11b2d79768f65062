// However the program ends, ddrescuelog accepts the mapfile, and the image has what the mapfile claims.

import { assert, assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { readThrough } from "../harness/nbd_client.ts";
import { NbdReader } from "../harness/nbd_reader.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameBytes, TestFolder } from "../harness/test_folder.ts";
import { tool, until } from "../harness/tool.ts";

const MIB = 1024 * 1024;
const SIZE = 8 * MIB;
const BAD: [number, number][] = [[MIB + 1024, 512], [3 * MIB, 4096]];

interface Exit {
  name: string;
  end: (served: Served) => Promise<number>;
  /** One of them: which it is depends on how soon a signal comes. */
  codes: readonly number[];
  /** All that was read has to be in the mapfile. */
  saves: boolean;
}

const EXITS: readonly Exit[] = [
  { name: "SIGTERM", end: endBy("SIGTERM"), codes: [0], saves: true },
  { name: "SIGINT", end: endBy("SIGINT"), codes: [0], saves: true },
  { name: "SIGHUP", end: endBy("SIGHUP"), codes: [0], saves: true },
  { name: "SIGINT twice", end: endByInterrupts, codes: [0, 130], saves: false },
  { name: "SIGKILL", end: endBy("SIGKILL"), codes: [137], saves: false },
];

for (const { name, end, codes, saves } of EXITS) {
  for (const busy of [false, true]) {
    Deno.test({
      name: `${name} ${busy ? "with reads in flight" : "at rest"} leaves a good mapfile`,
      ignore: !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "ddrescuelog"),
      async fn() {
        using folder = new TestFolder();
        const file = folder.noise("source", SIZE);
        await using device = await FailingDevice.make(file, { bad: BAD, delayMs: busy ? 5 : 0 });
        const args = ["--save-interval=0.2"];
        await using served = await Served.start(device.path, { dir: folder.path, args });
        await readThrough(served.uri, { reads: [[MIB, 65_536]] });
        await using reader = busy ? new NbdReader(served.uri, file, 1) : undefined;
        const before = device.source.reads().length;
        if (busy) await until("reads go on", () => device.source.reads().length > before + 8);

        const code = await end(served);
        assert(codes.includes(code), `exit code ${code}: ${served.program.stderr}`);
        assertEquals((await reader?.stop())?.wrong ?? 0, 0);
        await tool("ddrescuelog", ["--show-status", served.map]);
        const areas = areasOf(served.map);
        const image = Deno.readFileSync(served.image);
        const source = Deno.readFileSync(file);
        for (const { start, end, status } of areas) {
          if (status !== "+") continue;
          assertSameBytes(image.slice(start, end), source.slice(start, end), `image at ${start}`);
        }
        if (!saves) return;
        assert(bytesWith("+", areas) >= 65_536 - 512, "what was read is in the mapfile");
        assertEquals(
          areas.some(({ start, status }) => start === BAD[0]![0] && status === "-"),
          true,
        );
      },
    });
  }
}

Deno.test({
  name: "a socket of a client that never leaves does not keep the program from ending",
  ignore: !hasTools("ddrescuelog"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using served = await Served.start(file, { dir: folder.path });
    // It says nothing, not even its flags.
    using silent = await Deno.connect({ transport: "unix", path: folder.file("socket") });
    await silent.read(new Uint8Array(18));
    assertEquals((await served.stop()).code, 0);
    await tool("ddrescuelog", ["--show-status", served.map]);
  },
});

function endBy(signal: Deno.Signal): (served: Served) => Promise<number> {
  return async (served) => (await served.stop(signal)).code;
}

async function endByInterrupts(served: Served): Promise<number> {
  served.program.signal("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 20));
  return (await served.stop("SIGINT")).code;
}
