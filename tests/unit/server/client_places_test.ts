import { assertEquals } from "@std/assert";
import {
  type ClientPlaceAction,
  ClientPlaces,
  NEGOTIATION_MS,
  UNUSED_MS,
  UNUSED_SINCE_MS,
} from "../../../src/server/client_places.ts";

const enters = (client: number): ClientPlaceAction => ({ do: "enter", client });
const closes = (client: number, because: "slow" | "silent" | "unused"): ClientPlaceAction => ({
  do: "close",
  client,
  because,
});

/** Places with as many holders, which came at once at the time 0. */
function taken(places: number): ClientPlaces {
  const some = new ClientPlaces(places);
  for (let client = 0; client < places; client++) {
    some.came(client, 0);
    assertEquals(some.asks(client, 0), [enters(client)]);
  }
  return some;
}

Deno.test("a client enters as long as there are places", () => {
  const places = taken(2);
  assertEquals([places.holders, places.nextMs], [2, Infinity]);
  places.came(2, 5);
  assertEquals(places.asks(2, 5), []);
  assertEquals(places.left(0, 6), [enters(2)]);
  assertEquals([places.holders, places.nextMs], [2, Infinity]);
});

Deno.test("a negotiation that takes too long is closed, whatever has been said", () => {
  const places = new ClientPlaces(1);
  assertEquals(places.came(0, 100), []);
  places.spoke(0, 5000);
  assertEquals(places.nextMs, 100 + NEGOTIATION_MS);
  assertEquals(places.tick(99 + NEGOTIATION_MS), []);
  assertEquals(places.tick(100 + NEGOTIATION_MS), [closes(0, "slow")]);
  assertEquals([places.nextMs, places.holders], [Infinity, 0]);
});

Deno.test("who finds no place is refused when the time for a negotiation is over", () => {
  const places = taken(1);
  places.active(0, 1);
  places.came(1, 1000);
  places.asks(1, 4000);
  places.active(0, 9000);
  assertEquals(places.nextMs, 1000 + NEGOTIATION_MS);
  assertEquals(places.tick(1000 + NEGOTIATION_MS), [{ do: "refuse", client: 1 }]);
  assertEquals(places.left(0, 20_000), []);
});

Deno.test("who has got the export and asks for nothing gives way, the longest first", () => {
  const places = taken(1);
  places.came(1, UNUSED_MS - 1);
  assertEquals(places.asks(1, UNUSED_MS - 1), []);
  assertEquals(places.nextMs, UNUSED_MS);
  assertEquals(places.tick(UNUSED_MS), [closes(0, "unused"), enters(1)]);
  const more = taken(3);
  more.active(0, 10);
  more.came(9, UNUSED_MS);
  assertEquals(more.asks(9, UNUSED_MS), [closes(1, "unused"), enters(9)]);
});

Deno.test("who has asked for something keeps its place for longer", () => {
  const places = taken(1);
  places.active(0, 50);
  places.came(1, UNUSED_MS);
  assertEquals(places.asks(1, UNUSED_MS), []);
  assertEquals(places.tick(UNUSED_MS + NEGOTIATION_MS), [{ do: "refuse", client: 1 }]);
  places.came(2, 50 + UNUSED_SINCE_MS);
  assertEquals(places.asks(2, 50 + UNUSED_SINCE_MS), [closes(0, "unused"), enters(2)]);
});

Deno.test("of too many that negotiate, one gives way that has said nothing, the oldest first", () => {
  const places = new ClientPlaces(0, 3);
  for (const client of [0, 1, 2]) places.came(client, client);
  places.spoke(0, 10);
  assertEquals(places.came(3, 20), [closes(1, "silent")]);
  places.spoke(2, 21);
  places.spoke(3, 22);
  // All have spoken: the one that has been quiet longest, of those that do not wait for a place.
  places.asks(0, 23);
  assertEquals(places.came(4, 30), [closes(2, "silent")]);
  places.spoke(4, 31);
  places.asks(3, 32);
  places.asks(4, 33);
  assertEquals(places.came(5, 40), [closes(0, "silent")]);
});

Deno.test("a client that leaves anywhere takes nothing with it", () => {
  const places = taken(1);
  places.came(1, 0);
  places.came(2, 0);
  places.asks(2, 1);
  assertEquals(places.left(1, 2), []);
  assertEquals(places.left(2, 3), []);
  assertEquals(places.left(0, 4), []);
  assertEquals([places.holders, places.nextMs], [0, Infinity]);
});
