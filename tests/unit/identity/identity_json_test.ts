import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { blankIdentity, type Identity } from "../../../src/identity/identity.ts";
import { identityFromJson, identityToJson } from "../../../src/identity/identity_json.ts";

const FULL: Identity = {
  size: 4_700_000_000,
  sectorSize: 2048,
  fingerprint: "0123abcd",
  model: "WDC",
  serial: "W1",
  usbSerial: "U1",
  partition: 1_048_576,
  volume: {
    kind: "iso9660",
    label: "DISC",
    created: "2001-02-03T04:05:06.00+00:00",
    modified: null,
    id: null,
    size: 358_400,
  },
  stretches: [{ offset: 4096, length: 512, sha1: "a".repeat(40) }],
  accepted: {
    stretches: [{ offset: 0, length: 65_536, sha1: "b".repeat(40) }],
    sizes: [4_600_000_000],
    serials: ["W0"],
  },
  imageId: "0123456789abcdef",
};
const EMPTY: Identity = blankIdentity(0, 512);

Deno.test("an identity survives being written and read", () => {
  for (const identity of [FULL, EMPTY]) {
    assertEquals(identityFromJson(JSON.parse(JSON.stringify(identityToJson(identity)))), identity);
  }
});

Deno.test("what an earlier version did not write is not known", () => {
  const { usbSerial: _usb, partition: _start, accepted: _yes, imageId: _id, ...old } =
    identityToJson(FULL);
  assertEquals(identityFromJson(old), {
    ...FULL,
    usbSerial: null,
    partition: null,
    accepted: { stretches: [], sizes: [], serials: [] },
    imageId: null,
  });
});

Deno.test("fields that a later version adds are ignored", () => {
  const json = { ...identityToJson(FULL), moonPhase: "full" };
  assertEquals(identityFromJson(json), FULL);
});

Deno.test("another version is refused, not guessed at", () => {
  const error = assertThrows(
    () => identityFromJson({ ...identityToJson(FULL), version: 2 }),
    UserError,
  );
  assertEquals(error.message, "the identity has version 2, this program knows 1");
  assertEquals(error.hints.length, 1);
});

Deno.test("control characters in a sidecar do not reach the terminal", () => {
  const json = { ...identityToJson(FULL), model: "\x1b[2JWDC" };
  assertEquals(identityFromJson(json).model, "[2JWDC");
});

const stretch = { offset: 0, length: 512, sha1: "a".repeat(40) };
const volume = FULL.volume!;
const DAMAGED: [unknown, string][] = [
  [null, "the identity is damaged"],
  ["text", "the identity is damaged"],
  [[], '"version" of the identity is damaged'],
  [{ size: -1 }, '"size" of the identity is damaged'],
  [{ size: 1.5 }, '"size" of the identity is damaged'],
  [{ size: 2 ** 53 }, '"size" of the identity is damaged'],
  [{ size: "5" }, '"size" of the identity is damaged'],
  [{ size: undefined }, '"size" of the identity is damaged'],
  [{ sectorSize: null }, '"sectorSize" of the identity is damaged'],
  [{ fingerprint: "0123ABCD" }, '"fingerprint" of the identity is damaged'],
  [{ fingerprint: "../../etc" }, '"fingerprint" of the identity is damaged'],
  [{ model: 5 }, '"model" of the identity is damaged'],
  [{ serial: undefined }, '"serial" of the identity is damaged'],
  [{ volume: 5 }, "the volume is damaged"],
  [{ volume: { ...volume, kind: "ext4" } }, '"kind" of the volume is damaged'],
  [{ volume: { ...volume, label: 1 } }, '"label" of the volume is damaged'],
  [{ volume: { ...volume, size: -5 } }, '"size" of the volume is damaged'],
  [{ usbSerial: 5 }, '"usbSerial" of the identity is damaged'],
  [{ partition: -1 }, '"partition" of the identity is damaged'],
  [{ imageId: "x" }, '"imageId" of the identity is damaged'],
  [{ accepted: 5 }, "what was accepted is damaged"],
  [{ accepted: { ...FULL.accepted, sizes: 5 } }, '"sizes" of what was accepted is damaged'],
  [{ accepted: { ...FULL.accepted, sizes: [-1] } }, '"0" of a size is damaged'],
  [
    { accepted: { ...FULL.accepted, serials: [null] } },
    '"serials" of what was accepted is damaged',
  ],
  [{ accepted: { ...FULL.accepted, stretches: [null] } }, "a stretch is damaged"],
  [{ stretches: {} }, '"stretches" of the identity is damaged'],
  [{ stretches: Array(65).fill(stretch) }, '"stretches" of the identity is damaged'],
  [{ stretches: [null] }, "a stretch is damaged"],
  [{ stretches: [{ ...stretch, offset: -1 }] }, '"offset" of a stretch is damaged'],
  [{ stretches: [{ ...stretch, length: 2 ** 40 }] }, '"length" of a stretch is damaged'],
  [{ stretches: [{ ...stretch, sha1: null }] }, '"sha1" of a stretch is damaged'],
  [{ stretches: [{ ...stretch, sha1: "a".repeat(41) }] }, '"sha1" of a stretch is damaged'],
];

Deno.test("each damaged field is refused by name", () => {
  for (const [change, message] of DAMAGED) {
    const isRecord = typeof change === "object" && change !== null && !Array.isArray(change);
    const json = isRecord ? { ...identityToJson(FULL), ...change } : change;
    const error = assertThrows(() => identityFromJson(json), UserError);
    assertEquals(error.message, message, JSON.stringify(change));
    assert(error.hints.length > 0);
  }
});
