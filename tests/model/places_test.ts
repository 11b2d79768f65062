// Clients at random, with a clock of their own: never too many are let in, each is served or refused in time, and
// nobody who asks for something every now and then is sent away.
import { assert } from "@std/assert";
import {
  type ClientPlaceAction,
  ClientPlaces,
  NEGOTIATION_MS,
  UNUSED_MS,
  UNUSED_SINCE_MS,
} from "../../src/server/client_places.ts";
import { chooseSeed, Random } from "./map_random.ts";

const RUNS = 200;
const EVENTS = 400;

interface Seen {
  state: "negotiates" | "asks" | "holds";
  cameMs: number;
  lastMs: number;
  hasAsked: boolean;
}

/** What is known of the clients without Places. */
class Run {
  readonly #random: Random;
  readonly #most: number;
  readonly #mostNegotiating: number;
  readonly #places: ClientPlaces;
  readonly #clients = new Map<number, Seen>();
  #nowMs = 0;
  #next = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#most = random.below(4);
    this.#mostNegotiating = 1 + random.below(4);
    this.#places = new ClientPlaces(this.#most, this.#mostNegotiating);
  }

  step(): void {
    this.#pass(this.#random.pick([0, 1, 100, 3000, 12_000, UNUSED_SINCE_MS]));
    const client = this.#random.pick([...this.#clients.keys()]);
    const seen = this.#clients.get(client);
    const event = this.#random.below(6);
    if (event < 2 || seen === undefined) {
      this.#clients.set(this.#next, {
        state: "negotiates",
        cameMs: this.#nowMs,
        lastMs: this.#nowMs,
        hasAsked: false,
      });
      this.#apply(this.#places.came(this.#next++, this.#nowMs));
    } else if (event === 2) {
      this.#clients.delete(client);
      this.#apply(this.#places.left(client, this.#nowMs));
    } else if (seen.state === "holds") {
      seen.lastMs = this.#nowMs;
      seen.hasAsked = true;
      this.#places.active(client, this.#nowMs);
    } else if (seen.state === "negotiates" && event === 3) {
      this.#places.spoke(client, this.#nowMs);
    } else if (seen.state === "negotiates") {
      seen.state = "asks";
      this.#apply(this.#places.asks(client, this.#nowMs));
    }
    this.#check();
  }

  /** Lets time pass, and does what is due on the way. */
  #pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let nextMs; (nextMs = this.#places.nextMs) <= endMs;) {
      assert(nextMs >= this.#nowMs, "something was due before");
      this.#nowMs = nextMs;
      const actions = this.#places.tick(nextMs);
      assert(actions.length > 0, "nothing was due");
      this.#apply(actions);
    }
    this.#nowMs = endMs;
  }

  #apply(actions: readonly ClientPlaceAction[]): void {
    for (const action of actions) {
      const seen = this.#clients.get(action.client)!;
      if (action.do === "enter") {
        assert(seen.state === "asks", "one enters that has not asked");
        seen.state = "holds";
        seen.lastMs = this.#nowMs;
        continue;
      }
      this.#clients.delete(action.client);
      if (seen.state !== "holds") continue;
      const mayStayMs = seen.hasAsked ? UNUSED_SINCE_MS : UNUSED_MS;
      assert(this.#nowMs - seen.lastMs >= mayStayMs, "one is sent away that has used its place");
      assert(this.#count("holds") === this.#most - 1, "one is sent away without need");
    }
  }

  #count(state: Seen["state"]): number {
    return [...this.#clients.values()].filter((seen) => seen.state === state).length;
  }

  #check(): void {
    const holders = this.#count("holds");
    assert(holders <= this.#most && holders === this.#places.holders, "too many have got in");
    const negotiating = this.#clients.size - holders;
    assert(negotiating <= this.#mostNegotiating, "too many negotiate");
    assert(this.#count("asks") === 0 || holders === this.#most, "one waits beside a free place");
    for (const { state, cameMs } of this.#clients.values()) {
      assert(state === "holds" || this.#nowMs - cameMs < NEGOTIATION_MS, "one waits for too long");
    }
  }
}

Deno.test("places: everybody is served or refused in time, and nobody who is active is sent away", () => {
  const random = new Random(chooseSeed());
  for (let run = 0; run < RUNS; run++) {
    const clients = new Run(random);
    for (let event = 0; event < EVENTS; event++) clients.step();
  }
});
