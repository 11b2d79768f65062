// A client on libnbd that goes on when a server drops it.

import type { ClientRead } from "../harness/nbd_client.ts";
import { tool } from "../harness/tool.ts";

const PROGRAM = new URL("../harness/nbd_client.py", import.meta.url).pathname;

/** Ranges in bytes. */
export type Reads = readonly (readonly [offset: number, length: number])[];

/** What became of some reads. */
export interface Answers {
  readonly reads: readonly ClientRead[];
  readonly lostConnection: boolean;
}

/**
 * Reads one range after the other, and connects again for the rest whenever the connection is lost.
 * @param data a file that what comes is compared with. @param options once: without connecting again.
 */
export async function askAll(
  uri: string,
  reads: Reads,
  data: string,
  { once = false } = {},
): Promise<Answers> {
  const done: ClientRead[] = [];
  for (let lostConnection = false;;) {
    const answer = await ask(uri, reads.slice(done.length), data);
    if (answer.lost && answer.results.length === 0) throw new Error(String(answer.lost));
    done.push(...answer.results);
    lostConnection ||= answer.lost !== false;
    if (once || done.length === reads.length) return { reads: done, lostConnection };
  }
}

/** One connection. `lost` is libnbd's sentence when it was lost, else false. */
async function ask(
  uri: string,
  reads: Reads,
  source: string,
): Promise<{ results: ClientRead[]; lost: string | false }> {
  const task = { uri, reads, inflight: 1, structured: true, source, announce: null };
  return JSON.parse(await tool("/usr/bin/python3", [PROGRAM], { stdin: JSON.stringify(task) }));
}
