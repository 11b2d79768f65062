// Whether a device may be a disk that has gone, by what it says of itself.
import { assertEquals } from "@std/assert";
import { contradiction, type DiskFacts, hasName } from "../../../src/host/disk_facts.ts";

const SILENT: DiskFacts = {
  size: 1 << 20,
  partition: undefined,
  start: undefined,
  model: undefined,
  serial: undefined,
  wwid: undefined,
};
const DISK: DiskFacts = { ...SILENT, model: "M", serial: "S1", wwid: "naa.1" };
const PARTITION: DiskFacts = { ...DISK, partition: "1", start: "2048" };

const PAIRS: readonly [what: string, known: DiskFacts, now: DiskFacts, why?: string][] = [
  ["the same disk", DISK, DISK],
  ["the same partition", PARTITION, PARTITION],
  ["two that say nothing", SILENT, SILENT],
  ["an adapter that says more than before", SILENT, DISK],
  ["another serial number", DISK, { ...DISK, serial: "S2" }, "its serial number is S2, not S1"],
  [
    "no serial number",
    DISK,
    { ...DISK, serial: undefined },
    "its serial number is not told, not S1",
  ],
  ["another model", DISK, { ...DISK, model: "N" }, "its model is N, not M"],
  ["no model", DISK, { ...DISK, model: undefined }, "its model is not told, not M"],
  ["another WWID", DISK, { ...DISK, wwid: "naa.2" }, "its WWID is naa.2, not naa.1"],
  ["no WWID", DISK, { ...DISK, wwid: undefined }, "its WWID is not told, not naa.1"],
  ["another size", SILENT, { ...SILENT, size: 2 << 20 }, "its size is 2 MiB, not 1 MiB"],
  [
    "a size of which nothing is known",
    SILENT,
    { ...SILENT, size: undefined },
    "its size is not told, not 1 MiB",
  ],
  [
    "another partition",
    PARTITION,
    { ...PARTITION, partition: "2" },
    "its partition number is 2, not 1",
  ],
  [
    "a partition elsewhere",
    PARTITION,
    { ...PARTITION, start: "63" },
    "its start on its disk is 63, not 2048",
  ],
  ["a disk for a partition", PARTITION, DISK, "its partition number is none, not 1"],
  ["a partition for a disk", DISK, PARTITION, "its partition number is 1, not none"],
];

for (const [what, known, now, why] of PAIRS) {
  Deno.test(`${what}: ${why ?? "it may be the same"}`, () => {
    assertEquals(contradiction(known, now), why);
  });
}

Deno.test("a serial number or a WWID is a name, a model is none", () => {
  assertEquals([hasName(DISK), hasName({ ...SILENT, wwid: "naa.1" })], [true, true]);
  assertEquals([hasName(SILENT), hasName({ ...SILENT, model: "M" })], [false, false]);
});
