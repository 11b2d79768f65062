import { assertEquals, assertThrows } from "@std/assert";
import { cString, nameBytes, nameOf } from "../../../src/sys/c_string.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { chooseSeed, Random } from "../../model/map_random.ts";

Deno.test("any bytes survive as a name, and UTF-8 is text", () => {
  const random = new Random(chooseSeed());
  const texts = ["", "a", "Grüße", "日本語", "😀", "\ufeffx"].map((text) =>
    new TextEncoder().encode(text)
  );
  const pieces = [[0x80], [0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f], [0xed, 0xa0, 0x80], [0x41]];
  for (let round = 0; round < 500; round++) {
    texts.push(Uint8Array.from(
      Array.from({ length: random.below(6) }, () => pieces[random.below(pieces.length)]!).flat(),
    ));
  }
  for (const bytes of texts) {
    assertEquals(nameBytes(nameOf(bytes)), bytes, "see BLKCACHE_SEED");
    assertEquals(cString(nameOf(bytes)), Uint8Array.of(...bytes, 0));
  }
  assertEquals(nameOf(new TextEncoder().encode("Grüße 😀")), "Grüße 😀");
  assertEquals(nameOf(Uint8Array.of(0x63, 0xe9)), "c\udce9");
});

Deno.test("a name with a zero byte is refused", () => {
  assertThrows(() => cString("a\0b"), SystemError);
});
