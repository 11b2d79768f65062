import { assertEquals } from "@std/assert";
import { FINGERPRINT_BYTES, fingerprintOf } from "../../../src/identity/fingerprint.ts";

Deno.test("the fingerprint is the first 8 digits of the SHA-1 of the head", () => {
  assertEquals(fingerprintOf(new Uint8Array(FINGERPRINT_BYTES)), "1adc95be"); // head -c 65536 /dev/zero | sha1sum
  assertEquals(fingerprintOf(new Uint8Array(1)), "5ba93c9d"); // head -c 1 /dev/zero | sha1sum
  assertEquals(fingerprintOf(new Uint8Array(0)), "da39a3ee"); // sha1sum </dev/null
});
