// Strings on their way to C.
import { EINVAL } from "./errno.ts";
import { SystemError } from "./system_error.ts";

const encoder = new TextEncoder();

/**
 * UTF-8 with the final zero byte.
 * @throws {SystemError} EINVAL when `text` holds a zero byte: C would silently see less of it.
 */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new SystemError(EINVAL, "open", { path: text });
  return encoder.encode(text + "\0");
}
