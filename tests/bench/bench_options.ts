// The command line of the benchmark.

import { inBytes, parseSize } from "../../src/base/sizes.ts";
import { givenOptions } from "./run_benchmark.ts";

/** What to measure, and how long. */
export interface BenchOptions {
  /** Only rows whose key begins with one of these; empty: all. */
  readonly rows: readonly string[];
  readonly rounds: number;
  /** Of each fio run. */
  readonly seconds: number;
  /** Of the source, bytes. */
  readonly size: number;
  /** Where the source, the images and the sockets go: a disk, not memory. */
  readonly dir: string;
  /** A folder with the sources of the Python original; undefined: it is not measured. */
  readonly original: string | undefined;
  /** Another compiled blkcache, to compare with; undefined: none. */
  readonly before: string | undefined;
  /** One JSON object instead of tables. */
  readonly json: boolean;
}

export const USAGE = `deno task bench [OPTIONS]

  --rows LIST     only rows whose key begins with one of these, separated by commas (warm,cold-copy)
  --rounds N      rounds; the median is printed (3)
  --seconds N     length of each fio run (3)
  --size SIZE     size of the source (1G)
  --dir FOLDER    where the source and the images go (/var/tmp)
  --original DIR  measure the Python original too, from a checkout of it; needs nbdkit's Python plugin
  --before FILE   measure another compiled blkcache too: is this one as fast as that one was?
  --quick         one round, one second, 256M: to see that it works
  --json          all figures as one JSON object

BLKCACHE names a compiled blkcache; without it the sources are run.`;

/** @returns undefined when help was asked for. @throws {Error} for what is not understood. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const given = givenOptions(
    args,
    USAGE,
    ["rows", "rounds", "seconds", "size", "dir", "original", "before"],
    [
      "quick",
      "json",
    ],
  );
  if (given === undefined) return undefined;
  const quick = given.quick === true;
  return {
    rows: String(given.rows ?? "").split(",").filter((row) => row !== ""),
    rounds: positive("rounds", given.rounds, quick ? 1 : 3),
    seconds: positive("seconds", given.seconds, quick ? 1 : 3),
    size: inBytes(parseSize(String(given.size ?? (quick ? "256Mi" : "1Gi"))), 512),
    dir: String(given.dir ?? "/var/tmp"),
    original: given.original === undefined ? undefined : Deno.realPathSync(String(given.original)),
    before: given.before === undefined ? undefined : Deno.realPathSync(String(given.before)),
    json: given.json === true,
  };
}

function positive(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  const number = Number(value);
  if (!(number > 0)) throw new Error(`--${name} wants a number above 0, not "${value}"`);
  return number;
}
