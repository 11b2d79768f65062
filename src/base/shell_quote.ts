// Words of a command line that can be pasted into a shell.

/** `text` as one word for sh, quoted only when it has to be. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
