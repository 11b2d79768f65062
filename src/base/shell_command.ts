// Command lines to paste into a shell: quoted words, and for hints the command that the user has typed.

/** `text` as one word for sh, quoted only when it has to be. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What was typed, as far as a hint repeats it. */
export interface Typed {
  readonly devicePath: string;
  /** FILE of `blkcache mount DEVICE FILE`; undefined: `blkcache serve` was typed. */
  readonly shownAs?: string | undefined;
}

/** Such as `blkcache serve --force /dev/sdb disk.img`. @param options as they are written, each with a blank after it. */
export function typedAgain(
  { devicePath, shownAs }: Typed,
  imagePath: string | undefined,
  options = "",
): string {
  const command = shownAs === undefined ? "serve" : "mount";
  const operands = [devicePath, shownAs, imagePath].filter((operand) => operand !== undefined);
  return `blkcache ${command} ${options}${operands.map(shellQuote).join(" ")}`;
}
