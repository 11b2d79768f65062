// Names on their way to C and back. A name of a file is bytes to Linux, mostly UTF-8. A byte that is not part of
// valid UTF-8 becomes a lone surrogate U+DC80 to U+DCFF, as in Python, and becomes that byte again on its way back.
import { EINVAL } from "./errno.ts";
import { SystemError } from "./system_error.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Above the byte that a lone surrogate stands for. */
const ESCAPE = 0xdc00;
const ESCAPED = /[\udc80-\udcff]/u;

/**
 * The bytes of a name with the final zero byte.
 * @throws {SystemError} EINVAL when `text` holds a zero byte: C would silently see less of it.
 */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new SystemError(EINVAL, "open", { path: text });
  return ESCAPED.test(text) ? bytesOf(text + "\0") : encoder.encode(text + "\0");
}

/** The bytes of a name. */
export function nameBytes(name: string): Uint8Array<ArrayBuffer> {
  return ESCAPED.test(name) ? bytesOf(name) : encoder.encode(name);
}

/** The name that `bytes`, without a final zero byte, are. */
export function nameOf(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  let name = "";
  for (let at = 0; at < bytes.length;) {
    const length = sequenceAt(bytes, at);
    name += length === 0
      ? String.fromCharCode(ESCAPE + bytes[at])
      : decoder.decode(bytes.subarray(at, at + length));
    at += length || 1;
  }
  return name;
}

/** Bytes of the valid UTF-8 character at `at`; 0 when there is none. */
function sequenceAt(bytes: Uint8Array<ArrayBuffer>, at: number): number {
  for (let length = 1; length <= 4; length++) {
    try {
      decoder.decode(bytes.subarray(at, at + length));
      return at + length <= bytes.length ? length : 0;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return 0;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (const character of text) {
    if (ESCAPED.test(character)) bytes.push(character.charCodeAt(0) - ESCAPE);
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}
