import { assertEquals } from "@std/assert";
import type { ServerEvent } from "../../../src/server/events.ts";
import { isMemoryShort } from "../../../src/server/memory_check.ts";
import type { ServeOptions } from "../../../src/server/serve_options.ts";

const MIB = 1024 * 1024;

/** Whether memory is short, and what is said about it. */
function told(options: Partial<ServeOptions>, limit: number): [boolean, string[]] {
  const said: string[] = [];
  const observe = (event: ServerEvent) => {
    if (event.event === "warning") said.push(event.message);
  };
  return [isMemoryShort(options as ServeOptions, observe, limit), said];
}

Deno.test("what is enough is not spoken of; what is not is one sentence", () => {
  assertEquals(told({}, Infinity), [false, []]);
  assertEquals(told({}, 1024 * MIB), [false, []]);
  assertEquals(told({}, 200 * MIB), [true, []]);
  assertEquals(told({}, 96 * MIB), [true, []]);
  assertEquals(told({ mount: "file" }, 128 * MIB), [true, []]);
  const sentence = (has: number, needs: number) =>
    `there are ${has} MiB of memory for blkcache, and it needs ${needs} MiB: it may become very ` +
    "slow, or be ended by the kernel";
  assertEquals(told({}, 80 * MIB), [true, [sentence(80, 96)]]);
  assertEquals(told({ mount: "file" }, 100 * MIB), [true, [sentence(100, 128)]]);
});
