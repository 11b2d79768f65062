// Mapfiles with something wrong, or not: good ones with a few pieces put in, taken out and swapped.

import type { Random } from "./map_random.ts";

const GOOD: readonly string[] = [
  "# c\n0 ? 1\n0 100 +\n100 0x200 *\n612 010 -\n",
  "0x10 / 2\n0x10 0x100 +\n0x110 5 -\n0x115 0x30 ?\n",
  "# Mapfile. Created by x\n0 + 1\n# c\n0x00000000  0x00001000  +\n",
  "0 ?\n0 0 +\n0 5 -\n5 5 -\n10 5 +\n",
  "0 -\n0x1FFFFFFFFFFFFF 5 +\n9007199254740996 0x10 -\n0x20000000000014 99999999999999999999 /\n",
  "0 ?\n0 9007199254740993 -\n9007199254740993 5 +\n0x20000000000006 0x7FFFFFFFFFFFFFFF ?\n",
];

const PIECES: readonly string[] = [
  ..."0159xag+-*/?FG# \t\n\r\v\f\0\xa0",
  ..."0x 0X 08 010 0x10 0b1 -0 +0 100 \n\n #x ##".split(" "),
  "2147483648",
  "4294967297",
  "9007199254740991",
  "9007199254740992",
  "9007199254740993",
  "0x7FFFFFFFFFFFFFFF",
  "0x8000000000000000",
  "99999999999999999999",
];

/** One file, as its bytes. `%` is not in it: ddrescue refuses it before 1.30. */
export function mutatedMapfile(random: Random): Uint8Array {
  let text = random.pick(GOOD);
  for (let edits = 1 + random.below(3); edits > 0; edits--) {
    const at = random.below(text.length + 1);
    const piece = random.once(4) ? "" : random.pick(PIECES);
    text = text.slice(0, at) + piece + text.slice(at + random.below(3));
  }
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
