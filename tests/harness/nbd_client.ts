// Reads through libnbd, by a Python program beside this file.

import { tool } from "./tool.ts";

const PROGRAM = new URL("nbd_client.py", import.meta.url).pathname;

/** What became of one read. */
export interface ClientRead {
  /** Its place in the request. */
  readonly index: number;
  readonly offset: number;
  /** 0 when all of it was read. */
  readonly errno: number;
  /** Bytes received as good. */
  readonly good: number;
  /** Of these, the ones unlike the source's. */
  readonly wrong: number;
  /** Error chunks of a structured reply. */
  readonly errors: readonly (readonly [offset: number, errno: number])[];
}

/** What to read, and how. */
export interface ClientTask {
  reads: readonly (readonly [offset: number, length: number])[];
  /** Most reads at a time; default 1. */
  inflight?: number;
  /** Ask for structured replies; default true. */
  structured?: boolean;
  /** A file that good bytes are compared with. */
  source?: string;
  /** Make an empty file at a path when so many reads have completed. */
  announce?: readonly [count: number, path: string];
}

/** Reads with one connection. @returns the reads in the order of their completion. */
export async function readThrough(uri: string, task: ClientTask): Promise<ClientRead[]> {
  const { reads, inflight = 1, structured = true, source = null, announce = null } = task;
  const stdin = JSON.stringify({ uri, reads, inflight, structured, source, announce });
  // Debian's libnbd comes with Debian's Python, which need not be the first one on PATH.
  const answer = JSON.parse(await tool("/usr/bin/python3", [PROGRAM], { stdin }));
  if (answer.lost) throw new Error(`libnbd lost its connection: ${answer.lost}`);
  if (answer.structured !== structured) throw new Error("structured replies were not negotiated");
  return answer.results;
}

/** Reads of `length` bytes each that cover [0, size). */
export function wholeDevice(size: number, length: number): [offset: number, length: number][] {
  return Array.from(
    { length: Math.ceil(size / length) },
    (_, index) => [index * length, Math.min(length, size - index * length)],
  );
}
