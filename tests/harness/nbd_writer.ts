// A client that writes, reads back, and knows what must be there after a crash: a Python program beside this file.

import { tool, tryTool } from "./tool.ts";

const PROGRAM = new URL("nbd_writer.py", import.meta.url).pathname;

/** What the client has done; `lost` says how the server went away, or is empty. */
export interface Written {
  operations: number;
  flushes: number;
  lost: string;
}

/** What to do. `model` is a file with the bytes that are expected; see the program. */
export interface WriterTask {
  uri: string;
  model: string;
  seed: number;
  operations: number;
  connections?: number;
  mayTrim?: boolean;
}

/** Writes until all is done or the server has gone. @throws when a byte is not what it must be. */
export async function writeThrough(task: WriterTask): Promise<Written> {
  return JSON.parse(await tool("/usr/bin/python3", argumentsOf(task)));
}

/** Writes until the server goes away, which `kill` brings about once the client is at work, and has flushed mostly. */
export async function writeUntilKilled(
  task: Omit<WriterTask, "operations">,
  kill: () => Promise<void>,
): Promise<Written> {
  const ready = `${task.model}.ready`;
  try {
    Deno.removeSync(ready);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const client = tryTool("/usr/bin/python3", argumentsOf({ ...task, operations: 1_000_000 }));
  const killed = (async () => {
    for (;;) {
      if (await Promise.race([client.then(() => true), pause(5)])) break;
      try {
        Deno.statSync(ready);
        break;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    await kill();
  })();
  const { code, stdout, stderr } = await client;
  await killed;
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Runs Python with `h`, a libnbd connection to `uri`. @returns what it has printed. */
export function nbdScript(uri: string, script: string): Promise<string> {
  return tool("/usr/bin/python3", ["-c", nbdPrelude(uri) + script]);
}

/** The lines that connect. */
export function nbdPrelude(uri: string): string {
  return `import nbd\nh = nbd.NBD()\nh.connect_uri(${JSON.stringify(uri)})\n`;
}

function argumentsOf(
  { uri, model, seed, operations, connections = 3, mayTrim = false }: WriterTask,
): string[] {
  const numbers = [seed, operations, connections].map(String);
  return [PROGRAM, uri, model, ...numbers, mayTrim ? "yes" : "no"];
}

function pause(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms));
}
