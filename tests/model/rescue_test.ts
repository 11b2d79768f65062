// Rescue against what a failing stretch really is: seeded random patterns of bad sectors, thousands of them.
import { assert, assertEquals } from "@std/assert";
import { Rescue, type RescueStart } from "../../src/reader/rescue.ts";
import { chooseSeed, Random } from "./map_random.ts";
import { badSectors, stretchCount } from "./rescue_patterns.ts";

const SEED = chooseSeed();
const ROUNDS = 20_000;

/** What one rescue did, a character for each sector: `+` read, `-` failed alone, `/` left over, `?` nothing. */
interface Outcome {
  picture: string;
  failingReads: number;
}

/** Runs a rescue of a stretch that begins at `first`; reads bring at most `mostSectors`. */
function rescue(
  bad: ReadonlySet<number>,
  first: number,
  sectors: number,
  sectorSize: number,
  begin: RescueStart,
  mostSectors: number,
): Outcome {
  const start = first * sectorSize;
  const work = new Rescue(start, start + sectors * sectorSize, sectorSize, begin);
  const picture = new Array<string>(sectors).fill("?");
  const set = (sector: number, mark: string) => {
    assertEquals(picture[sector], "?", `sector ${sector} is dealt with twice`);
    picture[sector] = mark;
  };
  let failingReads = begin === "failed" ? 1 : 0;
  while (work.next()) {
    const from = work.offset / sectorSize - first;
    const count = work.length / sectorSize;
    assert(from >= 0 && count >= 1 && from + count <= sectors, "a read outside the stretch");
    let good = 0;
    while (good < Math.min(count, mostSectors) && !bad.has(from + good)) good++;
    // Direct reads fail as a whole; those that are cut short are buffered ones.
    if (good < count && mostSectors === Infinity) good = 0;
    if (good > 0) {
      for (let index = 0; index < good; index++) set(from + index, "+");
      work.succeeded(good * sectorSize);
    } else {
      failingReads++;
      if (count === 1) set(from, "-");
      work.failed();
    }
  }
  for (const { start: from, end } of work.leftovers) {
    for (let at = from; at < end; at += sectorSize) set((at - start) / sectorSize, "/");
  }
  return { picture: picture.join(""), failingReads };
}

function check(bad: ReadonlySet<number>, { picture, failingReads }: Outcome, begin: RescueStart) {
  for (const [sector, mark] of [...picture].entries()) {
    assert(mark !== "?", `sector ${sector} is forgotten`);
    if (mark !== "/") assertEquals(mark, bad.has(sector) ? "-" : "+", `sector ${sector}`);
  }
  const known = begin === "between bad sectors" ? [-1, picture.length] : [];
  const stretches = Math.max(1, stretchCount(new Set([...bad, ...known])));
  const budget = 2 + 2 * stretches;
  assert(failingReads <= budget, `${failingReads} failing reads for ${stretches} stretches`);
  // Single bad sectors hide nothing.
  const singles = [...bad].every((sector) => !bad.has(sector + 1));
  if (singles && begin !== "between bad sectors") assert(!picture.includes("/"), "good ones left");
}

Deno.test("random stretches: all is dealt with once, and the budget is kept", () => {
  const random = new Random(SEED);
  for (let round = 0; round < ROUNDS; round++) {
    const sectors = 1 + random.below(128);
    const bad = badSectors(random, sectors);
    const begin = random.pick<RescueStart>(["failed", "untried", "between bad sectors"]);
    if (begin === "failed" && bad.size === 0) bad.add(random.below(sectors));
    const most = random.once(2) ? Infinity : 1 + random.below(8);
    const sectorSize = random.pick([512, 2048]);
    const outcome = rescue(bad, random.below(1000), sectors, sectorSize, begin, most);
    try {
      check(bad, outcome, begin);
    } catch (error) {
      const pattern = Array.from({ length: sectors }, (_, index) => bad.has(index) ? "x" : ".");
      console.log(
        `round ${round}, ${begin}, most ${most}\n${pattern.join("")}\n${outcome.picture}`,
      );
      throw error;
    }
  }
});

Deno.test("a stretch that is asked for again and again ends with every sector known", () => {
  const random = new Random(SEED ^ 1);
  for (let round = 0; round < 2000; round++) {
    const sectors = 1 + random.below(128);
    const bad = badSectors(random, sectors);
    let { picture } = rescue(bad, 0, sectors, 512, "untried", Infinity);
    for (let asked = 0; picture.includes("/"); asked++) {
      assert(asked <= sectors, "no progress");
      picture = picture.replace(/\/+/g, (run, at: number) => {
        const part = new Set(
          [...bad].filter((sector) => sector >= at).map((sector) => sector - at),
        );
        return rescue(part, 0, run.length, 512, "between bad sectors", Infinity).picture;
      });
    }
    assertEquals(
      picture,
      Array.from({ length: sectors }, (_, sector) => bad.has(sector) ? "-" : "+").join(""),
    );
  }
});
