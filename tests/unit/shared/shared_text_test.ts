import { assertEquals } from "@std/assert";
import { SharedText } from "../../../src/shared/shared_text.ts";

Deno.test("a text is read as it was set last, by whoever has the buffer", () => {
  const owner = new SharedText();
  const reader = new SharedText(owner.buffer);
  assertEquals(reader.get(), "");
  for (const text of ["no medium", "", "the medium is being looked at", "größer €"]) {
    owner.set(text);
    assertEquals([owner.get(), reader.get()], [text, text]);
  }
});

Deno.test("a text that does not fit is cut", () => {
  const text = new SharedText();
  text.set("x".repeat(5000));
  assertEquals(text.get(), "x".repeat(1024));
});
