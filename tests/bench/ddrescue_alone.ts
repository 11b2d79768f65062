// What it takes to have ddrescue, for the same rows as a server.

import { tool } from "../harness/tool.ts";
import { programBytes, residentBytes } from "./process_facts.ts";
import { IDLE_MS } from "./rows.ts";

/** Bytes a second of the copy that is looked at. */
const SLOWLY = 65_536;

/** Figures by the key of their row; there is none for "memory-after". */
export async function measureDdrescue(
  source: string,
  parent: string,
): Promise<ReadonlyMap<string, number>> {
  const folder = Deno.makeTempDirSync({ dir: parent, prefix: "ddrescue-" });
  const beganMs = performance.now();
  await tool("ddrescue", ["-q", "-s4096", source, `${folder}/first`, `${folder}/first.map`]);
  const startMs = performance.now() - beganMs;
  const copy = new Deno.Command("ddrescue", {
    args: ["-q", `--max-read-rate=${SLOWLY}`, source, `${folder}/copy`, `${folder}/copy.map`],
    stdin: "null",
    stdout: "null",
  }).spawn();
  try {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    return new Map([
      ["start", startMs],
      ["memory", residentBytes(copy.pid) / 2 ** 20],
      ["size", programBytes(copy.pid) / 2 ** 20],
    ]);
  } finally {
    copy.kill("SIGKILL");
    await copy.status;
    Deno.removeSync(folder, { recursive: true });
  }
}
