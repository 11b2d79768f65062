// Who of the clients that come by one kind of socket may stay: a pure state machine. A client negotiates for a
// while, asks for the export, waits for a place if there is none, and has it until it leaves. Places are counted,
// and a client that says nothing gives way. Each event changes the state and says what to do, in one step.
import { assert } from "../base/assert.ts";

/** How long a negotiation may take, milliseconds, the wait for a place included. */
export const NEGOTIATION_MS = 10_000;
/** Clients of one kind of socket that may negotiate at a time: real ones are done within milliseconds. */
export const MOST_NEGOTIATING = 64;
/** A client that has got the export and has asked for nothing gives way after this, milliseconds. */
export const UNUSED_MS = 10_000;
/** One that has asked gives way when its last request is this long ago: a mounted file system may be at rest. */
export const UNUSED_SINCE_MS = 300_000;

/** What is done because of an event. The client that is named is not known any more after "refuse" and "close". */
export type ClientPlaceAction =
  /** The client has the export. */
  | { readonly do: "enter"; readonly client: number }
  /** It has waited for a place in vain. */
  | { readonly do: "refuse"; readonly client: number }
  /** It is sent away. */
  | { readonly do: "close"; readonly client: number; readonly because: Reason };

export type Reason = "slow" | "silent" | "unused";

interface Negotiating {
  readonly sinceMs: number;
  lastMs: number;
  hasSpoken: boolean;
  /** It waits for a place. */
  asks: boolean;
}

interface Holder {
  lastMs: number;
  hasAsked: boolean;
}

/**
 * Decides which clients of one kind of socket may stay. No I/O. Times are those of one clock, in
 * milliseconds.
 */
export class ClientPlaces {
  readonly #places: number;
  readonly #mostNegotiating: number;
  /** In the order in which they have come. */
  readonly #negotiating = new Map<number, Negotiating>();
  readonly #holders = new Map<number, Holder>();

  constructor(places: number, mostNegotiating: number = MOST_NEGOTIATING) {
    this.#places = places;
    this.#mostNegotiating = mostNegotiating;
  }

  /** Clients that have got the export. */
  get holders(): number {
    return this.#holders.size;
  }

  /** When `tick` has something to do, at the earliest; Infinity: never. */
  get nextMs(): number {
    let next = Infinity;
    let asks = false;
    for (const client of this.#negotiating.values()) {
      next = Math.min(next, client.sinceMs + NEGOTIATION_MS);
      asks ||= client.asks;
    }
    if (asks) {
      for (const holder of this.#holders.values()) {
        next = Math.min(next, yieldsMs(holder));
      }
    }
    return next;
  }

  /** A client has connected. */
  came(client: number, nowMs: number): ClientPlaceAction[] {
    const actions: ClientPlaceAction[] = [];
    if (this.#negotiating.size >= this.#mostNegotiating) {
      const yielding = this.#quietest();
      this.#negotiating.delete(yielding);
      actions.push({ do: "close", client: yielding, because: "silent" });
    }
    const since = { sinceMs: nowMs, lastMs: nowMs, hasSpoken: false, asks: false };
    this.#negotiating.set(client, since);
    return actions;
  }

  /** Something of its negotiation has arrived. */
  spoke(client: number, nowMs: number): void {
    const negotiating = this.#negotiatingOf(client);
    negotiating.hasSpoken = true;
    negotiating.lastMs = nowMs;
  }

  /** It asks for the export: it enters, or waits for a place. */
  asks(client: number, nowMs: number): ClientPlaceAction[] {
    this.#negotiatingOf(client).asks = true;
    return this.#grant(nowMs);
  }

  /** It has the export, and asks for something or is being answered. */
  active(client: number, nowMs: number): void {
    const holder = this.#holders.get(client);
    assert(holder !== undefined, "a client without a place is active");
    holder.lastMs = nowMs;
    holder.hasAsked = true;
  }

  /** It has gone. */
  left(client: number, nowMs: number): ClientPlaceAction[] {
    if (this.#negotiating.delete(client)) return [];
    assert(this.#holders.delete(client), "a client has left that has not been there");
    return this.#grant(nowMs);
  }

  /** The time is `nextMs`, or later. */
  tick(nowMs: number): ClientPlaceAction[] {
    const actions = this.#grant(nowMs);
    for (const [client, { sinceMs, asks }] of [...this.#negotiating]) {
      if (nowMs < sinceMs + NEGOTIATION_MS) continue;
      this.#negotiating.delete(client);
      actions.push(asks ? { do: "refuse", client } : { do: "close", client, because: "slow" });
    }
    return actions;
  }

  /** Gives places to those who wait for one, the first first, as long as there are some. */
  #grant(nowMs: number): ClientPlaceAction[] {
    const actions: ClientPlaceAction[] = [];
    for (const [client, { asks }] of [...this.#negotiating]) {
      if (!asks) continue;
      if (this.#holders.size >= this.#places) {
        const yielding = this.#longestUnused();
        if (yielding === undefined || nowMs < yieldsMs(this.#holders.get(yielding)!)) break;
        this.#holders.delete(yielding);
        actions.push({ do: "close", client: yielding, because: "unused" });
      }
      this.#negotiating.delete(client);
      this.#holders.set(client, { lastMs: nowMs, hasAsked: false });
      actions.push({ do: "enter", client });
    }
    return actions;
  }

  /**
   * Who gives way to one more: the one that has been quiet longest, of those that have said nothing; if all have,
   * of those that do not wait for a place.
   */
  #quietest(): number {
    let quietest = -1;
    let leastRank = Infinity;
    let leastMs = Infinity;
    for (const [client, { hasSpoken, asks, lastMs }] of this.#negotiating) {
      const rank = asks ? 2 : hasSpoken ? 1 : 0;
      if (rank > leastRank || rank === leastRank && lastMs >= leastMs) continue;
      [quietest, leastRank, leastMs] = [client, rank, lastMs];
    }
    return quietest;
  }

  #longestUnused(): number | undefined {
    let longest: number | undefined;
    let least = Infinity;
    for (const [client, holder] of this.#holders) {
      if (yieldsMs(holder) < least) [longest, least] = [client, yieldsMs(holder)];
    }
    return longest;
  }

  #negotiatingOf(client: number): Negotiating {
    const negotiating = this.#negotiating.get(client);
    assert(negotiating !== undefined, "a client that does not negotiate");
    return negotiating;
  }
}

/** When a client has to give way to one that finds no place. */
function yieldsMs({ lastMs, hasAsked }: Holder): number {
  return lastMs + (hasAsked ? UNUSED_SINCE_MS : UNUSED_MS);
}
