// A mapfile that cannot be parsed: the error names the line and the problem.

import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";

/** A mapfile that ddrescue would refuse too, or that does not fit the device. */
export class MapfileError extends UserError {
  override name = "MapfileError";
  readonly path: string;
  /** Counted from 1; undefined when it is not one line that is wrong. */
  readonly line: number | undefined;

  /** @param sentence the problem, lower case, no full stop. */
  constructor(
    path: string,
    line: number | undefined,
    sentence: string,
    options: { hints?: readonly string[] } = {},
  ) {
    const where = line === undefined ? "" : `, line ${line}`;
    super(`cannot use the mapfile "${printable(path)}"${where}: ${sentence}`, options);
    this.path = path;
    this.line = line;
  }
}
