// Standard input, where an option takes `-` for a file.

import { LimitedBytesTransformStream } from "@std/streams/limited-bytes-transform-stream";
import { toBytes } from "@std/streams/to-bytes";
import { UserError } from "../base/errors.ts";

/** The name of standard input, as in ddrescue's options. */
export const STANDARD_INPUT = "-";

/**
 * Room for 20 million blocks. It is less than for a file (MOST_MAPFILE_BYTES): the bytes of a pipe are in memory
 * before its length is known.
 */
const MOST_BYTES = 1 << 29;

/** All of it; signals are heard meanwhile. @throws {UserError} when it cannot be read, or is endless. */
export async function readStandardInput(option: string): Promise<Uint8Array> {
  const limited = new LimitedBytesTransformStream(MOST_BYTES, { error: true });
  try {
    return await toBytes(Deno.stdin.readable.pipeThrough(limited));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UserError(
      error instanceof RangeError
        ? `${option}: standard input is too large`
        : `${option}: cannot read standard input: ${error.message}`,
      { cause: error },
    );
  }
}
