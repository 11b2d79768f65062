import { assertEquals } from "@std/assert";
import { isSignalIgnored } from "../../../src/sys/signals.ts";

// asm-generic/signal.h
const SIGUSR2 = 12;
const SIGPIPE = 13;

Deno.test("what the process was started with is told", () => {
  // Deno ignores it, as every Rust program does.
  assertEquals(isSignalIgnored(SIGPIPE), true);
  assertEquals(isSignalIgnored(SIGUSR2), false);
});
