import { assert, assertEquals } from "@std/assert";
import { ParentBond } from "../../../src/server/parent_watch.ts";

const THERE = { is: "there", parent: 42 } as const;
const GONE = { is: "gone" } as const;
const ADOPTER = 1;

Deno.test("a server that must end with its parent ends as soon as that has gone", () => {
  const bond = new ParentBond("parent", THERE, 0);
  bond.note(3, 5);
  assertEquals([bond.isOver(42, 10_000), bond.isOver(ADOPTER, 10_000)], [false, true]);
  assert(new ParentBond("parent", GONE, 0).isOver(ADOPTER, 0));
});

Deno.test("a server that its client has started ends when both the client and its connections have gone", () => {
  for (const starter of [THERE, GONE]) {
    const bond = new ParentBond("clients", starter, 0);
    assert(!bond.isOver(ADOPTER, 1999), "a client may be about to connect");
    bond.note(1, 100);
    assert(!bond.isOver(ADOPTER, 60_000));
    bond.note(0, 60_000);
    assert(!bond.isOver(ADOPTER, 61_000), "another may follow");
    assert(bond.isOver(ADOPTER, 62_000));
    assertEquals(bond.isOver(42, 62_000), starter === GONE);
  }
});

Deno.test("without a bond, or under a service manager, a server stays", () => {
  const manager = { is: "a service manager" } as const;
  for (const bond of ["clients", "parent"] as const) {
    for (const starter of [manager, undefined]) {
      const stays = new ParentBond(bond, starter, 0);
      assert(stays.isIdle && !stays.isOver(ADOPTER, 1_000_000));
    }
  }
  assert(new ParentBond("none", GONE, 0).isIdle);
});
