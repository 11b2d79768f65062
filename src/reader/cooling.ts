// --cooldown by temperature: when a fill pauses because the drive is hot. Pure, on times and temperatures that it is
// given. Reader thread.

/** Milliseconds between two looks: to ask costs the drive a command, and a drive warms up over minutes. */
export const LOOK_MS = 10_000;
/** The fill goes on so much below the limit, degrees: a pause at each degree would wear the drive. */
export const MARGIN_CELSIUS = 3;
/** Looks without an answer after which a pause ends: nobody knows any more that it helps. */
const MOST_UNKNOWN = 3;

/** What the fill waits for. */
export interface Heat {
  readonly celsius: number;
  readonly limitCelsius: number;
}

/** Decides when a fill pauses for a drive that is too hot. */
export class Cooling {
  readonly #limitCelsius: number;
  readonly #thermometer: () => number | undefined;
  #nextLookMs = -Infinity;
  #celsius: number | undefined;
  #unknown = 0;
  #isHot = false;

  /** @param thermometer asks the drive; may take as long as the drive likes. undefined: it does not tell. */
  constructor(limitCelsius: number, thermometer: () => number | undefined) {
    this.#limitCelsius = limitCelsius;
    this.#thermometer = thermometer;
  }

  /** Whether the drive is too hot to go on. Asks it now and then. */
  isTooHot(nowMs: number): boolean {
    if (nowMs >= this.#nextLookMs) {
      this.#nextLookMs = nowMs + LOOK_MS;
      this.#note(this.#thermometer());
    }
    return this.#isHot;
  }

  /** Not undefined while the fill is to wait. */
  get heat(): Heat | undefined {
    if (!this.#isHot || this.#celsius === undefined) return undefined;
    return { celsius: this.#celsius, limitCelsius: this.#limitCelsius };
  }

  /** How long until the next look, milliseconds; 0: the drive is not too hot. */
  waitMs(nowMs: number): number {
    return this.#isHot ? Math.max(0, this.#nextLookMs - nowMs) : 0;
  }

  #note(celsius: number | undefined): void {
    if (celsius === undefined) {
      if (++this.#unknown >= MOST_UNKNOWN) this.#isHot = false;
      return;
    }
    this.#unknown = 0;
    this.#celsius = celsius;
    const limit = this.#isHot ? this.#limitCelsius - MARGIN_CELSIUS : this.#limitCelsius;
    this.#isHot = celsius > limit;
  }
}
