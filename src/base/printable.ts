// Text that a device, a client or a file name supplies, made safe for a terminal and a log.

// C0, DEL and C1 controls, line and paragraph separators, and every character with Unicode's property
// Bidi_Control: the Arabic letter mark, the marks, embeddings, overrides and isolates that turn the direction
// of text.
const CONTROLS =
  // deno-lint-ignore no-control-regex
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

// Characters that represent bytes of a name that is not UTF-8 (sys/c_string.ts).
const BYTES = /[\udc80-\udcff]/gu;

/**
 * `text` without control characters: no escape sequence, line break or turned direction survives. A byte of a name
 * that is not UTF-8 is shown as `\xNN`.
 */
export function printable(text: string): string {
  return text.replace(CONTROLS, "").replace(
    BYTES,
    (byte) => `\\x${(byte.charCodeAt(0) & 0xff).toString(16)}`,
  );
}

/**
 * JSON of `value` in which control characters are written as `\uXXXX`: a program that parses it gets exact
 * names, and a terminal that shows it is not steered.
 */
export function printableJson(value: unknown, indent?: number): string {
  // JSON's own line breaks, with `indent`, stand outside of strings.
  return JSON.stringify(value, undefined, indent).replace(
    CONTROLS,
    (character) => character === "\n" ? character : escaped(character),
  );
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
