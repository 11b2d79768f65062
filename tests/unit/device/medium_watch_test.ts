import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { needsSwitch } from "../../../src/device/medium_polling.ts";
import { type MediumId, MediumProbe, MediumStays } from "../../../src/device/medium_probe.ts";
import type { MediumStatus } from "../../../src/device/medium.ts";
import { followMedium, watchMedium } from "../../../src/device/medium_watch.ts";
import { Removable } from "../../../src/device/removable.ts";
import { LoopDevice } from "../../harness/loop_device.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { inFolder, makeFile } from "../../harness/temporary_folder.ts";

const GONE = undefined;
const CASES: [string, MediumId | undefined, (MediumId | undefined)[], [MediumId, MediumId][]][] = [
  ["nothing changes", undefined, ["1", "1", "1"], []],
  ["an empty drive stays empty", undefined, [null, null], []],
  ["a disc leaves", undefined, ["1", "1", null, null], [["1", null]]],
  ["a disc comes", undefined, [null, "1", "1"], [[null, "1"]]],
  ["a disc leaves, another comes", undefined, ["1", null, "2"], [["1", null], [null, "2"]]],
  ["another disc between two looks", undefined, ["1", "2"], [["1", "2"]]],
  ["the disc had changed before the first look", "1", ["2", "2"], [["1", "2"]]],
  ["the disc had come before the first look", null, ["2"], [[null, "2"]]],
  ["the disc is the one that the caller saw", "1", ["1"], []],
  ["the drive goes", undefined, ["1", GONE], [["1", null]]],
  ["the drive goes without a disc", undefined, [null, GONE], []],
];

for (const [name, from, looks, changes] of CASES) {
  Deno.test(`what a watch reports: ${name}`, async () => {
    assertEquals(await follow(looks, from), changes);
  });
}

// What the drive says at each look: its sequence number, its status, and the id that follows.
type Look = [number | undefined, MediumStatus, MediumId];
const STAYS: [string, Look[]][] = [
  ["a disc stays", [[5, "present", "5"], [5, "present", "5"]]],
  ["a disc leaves, unseen by the kernel", [[5, "present", "5"], [5, "absent", null]]],
  ["a disc leaves and another comes", [[5, "present", "5"], [6, "open", null], [
    7,
    "present",
    "7",
  ]]],
  ["a disc is being looked at", [[5, "absent", null], [6, "not-ready", null], [6, "present", "6"]]],
  ["discs are exchanged between two looks", [[5, "present", "5"], [7, "present", "7"]]],
  ["a drive is busy with its disc", [[5, "present", "5"], [5, "not-ready", "5"], [
    5,
    "present",
    "5",
  ]]],
  ["a drive is busy with another disc", [[5, "present", "5"], [6, "not-ready", null]]],
  ["a drive that cannot tell has a disc", [[5, "unknown", "5"], [6, "unknown", "6"]]],
  ["an old kernel", [
    [undefined, "absent", null],
    [undefined, "not-ready", null],
    [undefined, "present", "insertion 1"],
    [undefined, "not-ready", "insertion 1"],
    [undefined, "open", null],
    [undefined, "present", "insertion 2"],
  ]],
];

for (const [name, looks] of STAYS) {
  Deno.test(`how media are told apart: ${name}`, () => {
    const stays = new MediumStays();
    for (const [sequence, status, id] of looks) {
      assertEquals(stays.next(status, () => sequence, () => {}), id, `${sequence} ${status}`);
    }
  });
}

Deno.test("the kernel is made to count before each look, but not while the drive is busy", () => {
  const stays = new MediumStays();
  let settled = 0;
  const next = (status: MediumStatus) => stays.next(status, () => 5, () => settled++);
  assertEquals([next("absent"), settled], [null, 1]);
  assertEquals([next("present"), settled], ["5", 2]);
  assertEquals([next("not-ready"), settled], ["5", 2]);
  assertEquals([next("present"), settled], ["5", 3]);
});

Deno.test("an exchange that the kernel counts only when the drive is opened is seen", () => {
  const stays = new MediumStays();
  let sequence = 5;
  let exchanged = false;
  const settle = () => {
    if (exchanged) sequence++;
    exchanged = false;
  };
  const next = () => stays.next("present", () => sequence, settle);
  assertEquals([next(), next()], ["5", "5"]);
  exchanged = true;
  assertEquals([next(), next()], ["6", "6"]);
});

Deno.test("an old kernel tells media of different sizes apart, also between two looks", () => {
  const stays = new MediumStays();
  let size = 700;
  const next = () => stays.next("present", () => undefined, () => {}, () => size);
  assertEquals([next(), next()], ["insertion 1", "insertion 1"]);
  size = 650;
  assertEquals([next(), next()], ["insertion 2", "insertion 2"]);
});

Deno.test("a watch ends when its signal fires, also while it waits", async () => {
  const stop = new AbortController();
  const watch = followMedium(() => "1", {
    signal: stop.signal,
    intervalMs: 1_000_000,
    onChange: () => {},
  });
  stop.abort();
  await watch;
  let looks = 0;
  await followMedium(() => `${looks++}`, { signal: stop.signal, onChange: () => {} });
  assertEquals(looks, 0, "a signal that has fired starts nothing");
});

Deno.test("kernel polling is switched on only where nobody polls", () => {
  const cases: [string | undefined, string | undefined, string | undefined, boolean][] = [
    ["-1", "media_change eject_request", "0", true],
    ["-1", "media_change", undefined, true],
    ["-1", "media_change", "2000\n", false],
    ["0", "media_change", "0", false],
    ["2000", "media_change", "0", false],
    ["-1", undefined, "0", false],
    ["-1", "eject_request", "0", false],
    [undefined, undefined, undefined, false],
  ];
  for (const [interval, events, systemDefault, expected] of cases) {
    assertEquals(needsSwitch(interval, events, systemDefault), expected, `${interval} ${events}`);
  }
});

Deno.test("a drive that is not there cannot be watched", async () => {
  const options = { signal: AbortSignal.abort(), onChange: () => {} };
  const error = await assertRejects(() => watchMedium("/dev/no-such-drive", options), UserError);
  assert(error.hints.length > 0);
});

Deno.test({
  name: "a device without a removable medium keeps its medium, and is no Removable",
  ignore: !isRoot() || !hasTools("losetup"),
  fn: async () => {
    await inFolder(async (folder) => {
      using loop = LoopDevice.attach(makeFile(folder, "a.img", 65_536));
      assertEquals(Removable.check(loop.path), false);
      assertEquals(Removable.mediumStatus(loop.path), "present");
      using drive = Removable.open(loop.path);
      assertEquals([drive.optical, drive.mediumStatus, drive.sectorSize], [false, "present", 512]);
      const stop = new AbortController();
      const changes: MediumId[][] = [];
      let looks = 0;
      await watchMedium(loop.path, {
        signal: stop.signal,
        intervalMs: 1,
        onChange: (...change) => changes.push(change),
        isBusy() {
          if (++looks === 5) stop.abort();
          return false;
        },
      });
      assertEquals(changes, []);
    });
  },
});

Deno.test({
  name: "an empty drive is not opened",
  ignore: !isRoot() || !hasTools("losetup"),
  fn: async () => {
    await inFolder((folder) => {
      const loop = LoopDevice.attach(makeFile(folder, "a.img", 65_536));
      const before = mediumId(loop.path);
      assert(before !== null);
      loop.detach();
      assertEquals([mediumId(loop.path), Removable.mediumStatus(loop.path)], [null, "absent"]);
      const error = assertThrows(() => Removable.open(loop.path), UserError);
      assertEquals(error.message, `cannot read "${loop.path}": no medium (ENOMEDIUM)`);
    });
  },
});

async function follow(
  looks: (MediumId | undefined)[],
  from: MediumId | undefined,
): Promise<[MediumId, MediumId][]> {
  const changes: [MediumId, MediumId][] = [];
  const stop = new AbortController();
  const rest = [...looks];
  await followMedium(() => {
    const look = rest.shift();
    if (rest.length === 0) stop.abort();
    return look;
  }, {
    signal: stop.signal,
    intervalMs: 0,
    from,
    onChange: (oldId, newId) => changes.push([oldId, newId]),
  });
  return changes;
}

function mediumId(path: string): MediumId {
  using probe = new MediumProbe(path);
  return probe.look() ?? null;
}
