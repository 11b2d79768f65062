// How much is tried: a little in each run of the tests, much with `deno task fuzz`.

/** The share of the long form that is tried: 1 for FUZZ=long, or the number that FUZZ gives; undefined: the short form. */
const SHARE = longShare(Deno.env.get("FUZZ"));

/** The number for this run. */
export function countOf(short: number, long: number): number {
  return SHARE === undefined ? short : Math.max(short, Math.round(long * SHARE));
}

function longShare(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const share = given === "long" ? 1 : Number(given);
  if (!(share > 0 && share <= 1)) throw new Error(`FUZZ=${given}: expected "long", or 0 to 1`);
  return share;
}

/** What must not reach a terminal: controls, their 8-bit forms, and marks that turn text around. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** @throws {Error} when a line for people has a control character in it. */
export function checkPrintable(line: string): void {
  if (CONTROLS.test(line)) throw new Error(`a control character in ${JSON.stringify(line)}`);
}

/** The same for each line that a program has written. */
export function checkPrintableLines(...texts: readonly string[]): void {
  for (const text of texts) text.trimEnd().split("\n").forEach(checkPrintable);
}

/** The most memory that a process has had at a time, bytes. */
export function peakBytes(pid: number = Deno.pid): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}
