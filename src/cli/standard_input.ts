// What somebody has piped into the program, where an option takes `-` for it.

import { UserError } from "../base/errors.ts";

/** What stands for standard input, as in ddrescue's options. */
export const STANDARD_INPUT = "-";

/**
 * Room for 20 million blocks. It is less than for a file (MOST_MAPFILE_BYTES): what comes through a pipe is in memory
 * before its length is known.
 */
const MOST_BYTES = 1 << 29;

/** All of it; signals are heard meanwhile. @throws {UserError} when it cannot be read, or is endless. */
export async function readStandardInput(option: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of Deno.stdin.readable) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MOST_BYTES) throw new UserError(`${option}: standard input is too large`);
    }
  } catch (error) {
    if (error instanceof UserError || !(error instanceof Error)) throw error;
    throw new UserError(`${option}: cannot read standard input: ${error.message}`, {
      cause: error,
    });
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
