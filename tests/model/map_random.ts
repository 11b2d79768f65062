// Seeded random numbers for the runs against models. The seed is printed, and BLKCACHE_SEED gives it.

/** The seed of this run: BLKCACHE_SEED, or a new one. */
export function chooseSeed(): number {
  const given = Deno.env.get("BLKCACHE_SEED");
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given) >>> 0;
  console.log(`BLKCACHE_SEED=${seed}`);
  return seed;
}

/** A generator with a state of 32 bits (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ mixed >>> 15, mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return Math.floor(((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32 * limit);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(items: ArrayLike<T>): T {
    return items[this.below(items.length)];
  }
}
