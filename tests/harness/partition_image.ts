// Partition tables on image files, made by sfdisk.
import { assert } from "@std/assert";

/** Writes the table that the script (sfdisk(8)) describes. The kernel is not told. */
export async function writePartitionTable(path: string, script: string): Promise<void> {
  const process = new Deno.Command("sfdisk", {
    args: ["--quiet", "--no-reread", "--no-tell-kernel", path],
    stdin: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { success, stderr } = await process.output();
  assert(success, new TextDecoder().decode(stderr));
}
