// Text that a device, a client or a file name supplies, made safe for a terminal and a log.

// C0, DEL and C1 controls, line and paragraph separators, and the marks that turn the direction of text.
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `text` without control characters: no escape sequence, line break or turned direction survives. */
export function printable(text: string): string {
  return text.replace(CONTROLS, "");
}
