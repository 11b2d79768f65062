// How many columns of a terminal a text takes. Labels of discs and names of files may have wide characters (CJK, most
// emoji), which take two, and combining ones, which take none. After Unicode's East_Asian_Width (UAX #11), as far as
// JavaScript knows properties of characters. @std/cli's unicodeWidth would do this, but the npm package lacks its table.

const WIDE =
  /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Yi}\p{Script=Bopomofo}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
/** Katakana and Hangul that were made to fit into one column. */
const HALF_WIDTH = /[\uff61-\uffdc]/;
const NONE = /[\p{Mn}\p{Me}\u200b-\u200d\u2060]/u;
/** All that most texts consist of. */
const NARROW = /^[\x20-\x7e]*$/;

/** Columns that `text` takes; it has no control characters. */
export function columnsOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += columnsOfCharacter(character);
  return columns;
}

/** The longest start of `text` that fits into `columns`. */
export function firstColumns(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let cut = "";
  let left = columns;
  for (const character of text) {
    left -= columnsOfCharacter(character);
    if (left < 0) break;
    cut += character;
  }
  return cut;
}

function columnsOfCharacter(character: string): number {
  if (NONE.test(character)) return 0;
  return WIDE.test(character) && !HALF_WIDTH.test(character) ? 2 : 1;
}
