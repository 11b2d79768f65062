// deno task mutate: puts deliberate faults (faults.ts) into a copy of the sources, one at a time, runs the fast
// tests that must notice, and prints which of them does. It ends with 1 when one is not noticed, or when the
// sources have changed so that a fault cannot be put in any more.
//
//   deno task mutate [--jobs=N] [WORD...]     only faults whose name or file has one of the words
//   deno task mutate --check                  only whether each fault can be put in; no test is run
import { parseArgs } from "@std/cli/parse-args";
import { troubles } from "./check_faults.ts";
import { type Fault, FAULTS } from "./faults.ts";
import { Workplace } from "./workplace.ts";

/** Tests of a fault that take longer than this hang because of it, milliseconds. */
const MOST_MS = 120_000;

const { jobs, check, _: words } = parseArgs(Deno.args, {
  string: ["jobs"],
  boolean: ["check"],
  default: { jobs: String(navigator.hardwareConcurrency) },
});

function isChosen({ name, file }: Fault): boolean {
  return words.length === 0 ||
    words.some((word: string | number) => `${name} ${file}`.includes(String(word)));
}

const chosen = FAULTS.filter(isChosen);
const stale = await troubles(chosen);
for (const [{ name, file }, trouble] of stale) console.log(`src/${file}: ${name}: ${trouble}`);
if (check) {
  console.log(`${chosen.length - stale.size} of ${chosen.length} faults can be put in`);
  Deno.exit(stale.size === 0 ? 0 : 1);
}

/** @returns a line that says how it went. */
async function tryFault(fault: Fault, workplace: Workplace): Promise<string> {
  const result = await workplace.withFault(fault, () => workplace.test(fault.tests, MOST_MS));
  if (result.failed.length > 0) return `noticed by "${result.failed[0]}"`;
  return result.isOk ? "NOT NOTICED" : `noticed: ${result.ending}`;
}

/** Runs what is queued in several places at once. */
async function runAll<T>(items: readonly T[], run: (item: T, place: Workplace) => Promise<void>) {
  const queue = [...items];
  await Promise.all(places.map(async (place) => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await run(item, place);
  }));
}

const beganMs = performance.now();
const places = Array.from({ length: Number(jobs) }, () => new Workplace());
let missed = 0;
let ended = 0;
try {
  const usable = chosen.filter((fault) => !stale.has(fault));
  const tests = [...new Set(usable.flatMap((fault) => fault.tests))];
  // Each by itself, as with a fault: all of them together take longer than any of them may.
  const sick: string[] = [];
  await runAll(tests, async (test, place) => {
    const { isOk, failed, ending } = await place.test([test], 4 * MOST_MS);
    if (!isOk) sick.push(`without a fault: tests/${test}: ${failed[0] ?? ending}`);
  });
  if (sick.length > 0) {
    for (const line of sick) console.log(line);
    Deno.exitCode = 1;
  } else {
    await runAll(usable, async (fault, place) => {
      const outcome = await tryFault(fault, place);
      if (outcome.startsWith("NOT")) missed++;
      const progress = `${++ended}/${usable.length}`;
      console.log(`${progress} src/${fault.file}: ${fault.name}: ${outcome}`);
    });
    const minutes = ((performance.now() - beganMs) / 60_000).toFixed(1);
    console.log(
      `${usable.length - missed} of ${usable.length} faults are noticed, in ${minutes} min`,
    );
    if (missed > 0 || stale.size > 0) Deno.exitCode = 1;
  }
} finally {
  for (const place of places) place[Symbol.dispose]();
}
