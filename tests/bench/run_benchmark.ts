// How every benchmark starts and ends: its options, its help, and its exit code.

import { parseArgs } from "@std/cli/parse-args";

/** What was given for each option; undefined where nothing was. */
export type GivenOptions = Record<string, unknown>;

/**
 * Takes a command line apart.
 * @param flags options without a value; `--help` is understood as well.
 * @returns undefined when help was asked for.
 * @throws {Error} for an argument that is not among them, with the usage.
 */
export function givenOptions(
  args: readonly string[],
  usage: string,
  values: readonly string[],
  flags: readonly string[],
): GivenOptions | undefined {
  const given: GivenOptions = parseArgs([...args], {
    string: [...values],
    boolean: [...flags, "help"],
    unknown: (arg: string) => {
      throw new Error(`unknown argument "${arg}"\n${usage}`);
    },
  });
  return given.help ? undefined : given;
}

/** Runs a benchmark with its settings, or prints its usage when there are none. Exit code 1 when it fails. */
export async function runBenchmark<Settings>(
  settings: Settings | undefined,
  usage: string,
  main: (settings: Settings) => Promise<void>,
): Promise<void> {
  if (settings === undefined) return console.log(usage);
  try {
    await main(settings);
  } catch (error) {
    console.error(error);
    Deno.exit(1);
  }
}
