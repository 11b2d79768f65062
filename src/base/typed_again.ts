// The command that the user has typed, with another image or more options: for hints to paste.
import { shellQuote } from "./shell_quote.ts";

/** What was typed, as far as a hint repeats it. */
export interface Typed {
  readonly device: string;
  /** FILE of `blkcache mount DEVICE FILE`; undefined: `blkcache serve` was typed. */
  readonly shownAs?: string | undefined;
}

/** Such as `blkcache serve --force /dev/sdb disk.img`. @param options as they are written, each with a blank after it. */
export function typedAgain(
  { device, shownAs }: Typed,
  image: string | undefined,
  options = "",
): string {
  const command = shownAs === undefined ? "serve" : "mount";
  const operands = [device, shownAs, image].filter((operand) => operand !== undefined);
  return `blkcache ${command} ${options}${operands.map(shellQuote).join(" ")}`;
}
