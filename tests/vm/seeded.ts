// Random runs in a virtual machine.

import { chooseSeed, Random } from "../model/map_random.ts";

/** Runs a test with random numbers. Its failure names the seed: `deno test --quiet` shows no other output. */
export async function seeded(test: (random: Random) => Promise<void>): Promise<void> {
  const seed = chooseSeed();
  try {
    await test(new Random(seed));
  } catch (error) {
    throw new Error(`it has failed with BLKCACHE_SEED=${seed}`, { cause: error });
  }
}
