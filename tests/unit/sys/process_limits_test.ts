import { assertEquals } from "@std/assert";
import { EFBIG } from "../../../src/sys/errno.ts";
import {
  freeDescriptors,
  ignoreSignal,
  raiseToHardLimit,
  RLIMIT_NOFILE,
  SIGXFSZ,
} from "../../../src/sys/process_limits.ts";
import { tool } from "../../harness/tool.ts";

const MODULE = new URL("../../../src/sys/", import.meta.url);

/** Runs a script that imports src/sys under limits, and gives what it prints. */
async function limited(limits: readonly string[], script: string): Promise<string> {
  const program = [Deno.execPath(), "eval", "-q", "--no-lock", "--ext=ts", script];
  return await tool("prlimit", [...limits, ...program]);
}

Deno.test("descriptors are counted up to a number, and none stays taken", () => {
  const open = () => Array.from(Deno.readDirSync("/proc/self/fd")).length;
  const before = open();
  assertEquals([freeDescriptors(0), freeDescriptors(1), freeDescriptors(50)], [0, 1, 50]);
  assertEquals(open(), before);
});

Deno.test("the soft limit becomes the hard one, and that many descriptors can be opened", async () => {
  const script = `
    import * as limits from "${MODULE}process_limits.ts";
    const before = limits.freeDescriptors(1000);
    const hard = limits.raiseToHardLimit(limits.RLIMIT_NOFILE);
    const open = Array.from(Deno.readDirSync("/proc/self/fd")).length - 1;
    console.log(before < 300, hard, limits.freeDescriptors(1000) === 300 - open);`;
  assertEquals(await limited(["--nofile=100:300"], script), "true 300n true\n");
  assertEquals(raiseToHardLimit(RLIMIT_NOFILE), raiseToHardLimit(RLIMIT_NOFILE));
});

Deno.test("an ignored SIGXFSZ makes a file that grows too large an error", async () => {
  const path = Deno.makeTempFileSync();
  const script = `
    import { ignoreSignal, SIGXFSZ } from "${MODULE}process_limits.ts";
    import { openFile, tryPwriteAll } from "${MODULE}fd.ts";
    import { addressOf } from "${MODULE}memory.ts";
    ignoreSignal(SIGXFSZ);
    const fd = openFile("${path}", 2);
    const bytes = new Uint8Array(8192);
    console.log(tryPwriteAll(fd, addressOf(bytes), 4096, 67104768), tryPwriteAll(fd, addressOf(bytes), 1, 67108864));`;
  try {
    assertEquals(await limited(["--fsize=67108864"], script), `0 ${-EFBIG}\n`);
  } finally {
    Deno.removeSync(path);
  }
  ignoreSignal(SIGXFSZ);
});
