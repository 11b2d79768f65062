import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { checkedArch } from "../../../src/sys/open_flags.ts";

Deno.test("only the machines whose tables we have are accepted", () => {
  assertEquals(checkedArch("x86_64", "linux"), "x86_64");
  assertEquals(checkedArch("aarch64", "linux"), "aarch64");
  for (const [arch, os] of [["riscv64", "linux"], ["x86_64", "darwin"], ["aarch64", "freebsd"]]) {
    assertThrows(() => checkedArch(arch!, os!), UserError, "only Linux on x86_64 and aarch64");
  }
});
