import { assertEquals, assertRejects } from "@std/assert";
import { awaitStart, StartStopped } from "../../../src/server/await_start.ts";
import type { ServerEvent } from "../../../src/server/events.ts";

const NEVER = new Promise<never>(() => {});

Deno.test("what has started is awaited, and its failure is passed on", async () => {
  assertEquals(await awaitStart("it", Promise.resolve(7), NEVER, () => {}), 7);
  assertEquals(await awaitStart("it", Promise.resolve(undefined), NEVER, () => {}), undefined);
  const failure = Promise.reject(new RangeError("no"));
  await assertRejects(() => awaitStart("it", failure, NEVER, () => {}), RangeError);
});

Deno.test("a start that takes long is said each second, and ends with the run only", async () => {
  const said: ServerEvent[] = [];
  const stop = Promise.withResolvers<void>();
  await assertRejects(
    () =>
      awaitStart("the kernel", NEVER, stop.promise, (event) => {
        said.push(event);
        if (said.length === 2) stop.resolve();
      }),
    StartStopped,
  );
  const [first] = said;
  assertEquals(first, {
    event: "waiting",
    what: "the kernel",
    seconds: 3,
    message: "waiting for the kernel (3 s); Ctrl-C ends",
  });
});
