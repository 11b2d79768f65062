// The compiled program where memory is short: the whole job is done in what README says that it needs, and signals
// are heard below that. The sources need more, as the runtime reads and translates them at each start.

import { assert, assertEquals } from "@std/assert";
import { ControlGroup, hasControlGroups } from "../harness/control_group.ts";
import { Program } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { areasOf } from "../harness/mapfile_areas.ts";
import { assertSameBytes, assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool, until } from "../harness/tool.ts";

const MIB = 1_048_576;
const SIZE = 128 * MIB;
/** What README promises. */
const LEAST = 96 * MIB;
const LEAST_WITH_MORE = 128 * MIB;
const isCompiled = Deno.env.get("BLKCACHE") !== undefined;
const ignore = !isRoot() || !hasControlGroups("memory");

function serve(folder: TestFolder, group: ControlGroup, ...options: string[]): Program {
  const socket = `--socket=${folder.file("socket")}`;
  const args = ["serve", folder.file("source"), folder.file("image"), socket, ...options];
  return Program.start(args, { by: group.by });
}

if (isCompiled) {
  Deno.test({
    name: "one client copies all in 96 MiB, and SIGINT is heard afterwards",
    ignore: ignore || !hasTools("nbdcopy"),
    async fn() {
      using folder = new TestFolder();
      using group = ControlGroup.create("memory", LEAST);
      folder.noise("source", SIZE);
      {
        await using program = serve(folder, group);
        const uri = await program.ready();
        await tool("nbdcopy", [uri, folder.file("copy")]);
        program.signal("SIGINT");
        assertEquals((await program.ended()).code, 0, program.stderr);
      }
      assertSameFile(folder.file("copy"), folder.file("source"));
      assert(group.peak <= LEAST, `${group.peak} bytes were used`);
    },
  });

  Deno.test({
    name: "fill, page, mounted file and a client have enough with 128 MiB",
    ignore: ignore || !hasTools("nbdcopy"),
    async fn() {
      using folder = new TestFolder();
      using group = ControlGroup.create("memory", LEAST_WITH_MORE);
      folder.noise("source", SIZE);
      {
        const shown = folder.file("shown");
        // So slow that it is still going on when the client has all.
        const fill = ["--fill", "--rate=1Mi"];
        await using program = serve(folder, group, ...fill, "--http=0", `--mount=${shown}`);
        const uri = await program.ready();
        const page = /live page (\S+)/.exec(program.stderr)?.[1];
        const events = await fetch(`${page}events`);
        await Promise.all([
          tool("nbdcopy", [uri, folder.file("copy")]),
          tool("cmp", ["-n", String(64 * MIB), folder.file("source"), shown]),
        ]);
        program.signal("SIGTERM");
        assertEquals((await program.ended()).code, 0, program.stderr);
        assert((await events.text()).includes("event: done"));
      }
      assertSameFile(folder.file("copy"), folder.file("source"));
      assertSameFile(folder.file("image"), folder.file("source"));
    },
  });

  Deno.test({
    name: "with less it says so at the start, and a signal ends it in order",
    ignore,
    async fn() {
      using folder = new TestFolder();
      using group = ControlGroup.create("memory", 80 * MIB);
      folder.noise("source", SIZE);
      await using program = serve(folder, group);
      const uri = await program.ready();
      assert(
        program.stderr.includes("there are 80 MiB of memory for blkcache, and it needs 96 MiB"),
        program.stderr,
      );
      await tool("nbdinfo", ["--size", uri]);
      program.signal("SIGINT");
      assertEquals((await program.ended()).code, 0, program.stderr);
    },
  });

  for (const [limit, signal] of [[64, "SIGINT"], [64, "SIGTERM"], [48, "SIGINT"]] as const) {
    Deno.test({
      name: `with ${limit} MiB ${signal} ends a fill in order`,
      ignore,
      async fn() {
        using folder = new TestFolder();
        using group = ControlGroup.create("memory", limit * MIB);
        folder.noise("source", SIZE);
        const image = folder.file("image");
        await using program = serve(folder, group, "--fill");
        await program.ready();
        assert(program.stderr.includes(`there are ${limit} MiB of memory`), program.stderr);
        await until("the fill is under way", () => Deno.statSync(image).blocks! > 0);
        program.signal(signal);
        assertEquals((await program.ended()).code, 0, program.stderr);
        const source = Deno.readFileSync(folder.file("source"));
        const bytes = Deno.readFileSync(image);
        for (const { start, end, status } of areasOf(`${image}.map`)) {
          if (status !== "+") continue;
          assertSameBytes(bytes.slice(start, end), source.slice(start, end), `${start}`);
        }
      },
    });
  }
}
