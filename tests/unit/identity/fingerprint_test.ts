import { assertEquals } from "@std/assert";
import { FINGERPRINT_BYTES, fingerprintOf, sha1 } from "../../../src/identity/fingerprint.ts";

Deno.test("the fingerprint is the first 8 digits of the SHA-1 of the head", () => {
  assertEquals(fingerprintOf(new Uint8Array(FINGERPRINT_BYTES)), "1adc95be"); // head -c 65536 /dev/zero | sha1sum
  assertEquals(fingerprintOf(new Uint8Array(1)), "5ba93c9d"); // head -c 1 /dev/zero | sha1sum
  assertEquals(fingerprintOf(new Uint8Array(0)), "da39a3ee"); // sha1sum </dev/null
});

Deno.test("the standard's examples", () => {
  assertEquals(sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assertEquals(
    sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
  );
  assertEquals(sha1(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
});

Deno.test("every length around the edges of a block, and a part of a larger array", async () => {
  const bytes = Uint8Array.from({ length: 65_600 }, (_, i) => (i * 7 + (i >> 8)) % 256);
  const lengths = [...Array(130).keys(), 65_535, 65_536, 65_599];
  for (const length of lengths) {
    const part = bytes.subarray(1, 1 + length);
    const expected = new Uint8Array(await crypto.subtle.digest("SHA-1", part));
    const hex = [...expected].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    assertEquals(sha1(part), hex, String(length));
  }
});
