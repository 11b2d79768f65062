import { assertEquals } from "@std/assert";
import type { Progress } from "../../../src/server/events.ts";
import { GivingUp } from "../../../src/server/give_up.ts";
import { ENOSPC } from "../../../src/sys/errno.ts";

type Moment = Pick<Progress, "outage" | "reading" | "paused" | "phase">;

const HEALTHY: Moment = { outage: null, reading: null, paused: null, phase: "?" };
const PAUSED: Moment = {
  ...HEALTHY,
  paused: { errno: ENOSPC, folder: ".", needs: 1, has: 0 },
};

function silentSince(sinceMs: number): Moment {
  return { ...HEALTHY, outage: { sinceMs, attempts: 0, restMs: 0 } };
}

Deno.test("a device is given up when it has not answered for so long, a hanging one as well", () => {
  for (const mustComplete of [false, true]) {
    const givingUp = new GivingUp({ limitMs: 1000, mustComplete });
    assertEquals(givingUp.look(HEALTHY, 50_000), undefined);
    assertEquals(givingUp.look(silentSince(50_000), 50_999), undefined);
    assertEquals(givingUp.look(silentSince(50_000), 51_000), "not answering");
    const reading = { offset: 0, ms: 1000 };
    assertEquals(givingUp.look({ ...HEALTHY, reading }, 0), "not answering");
  }
});

Deno.test("an image without room is given up by a run that must complete, from the pause on", () => {
  const givingUp = new GivingUp({ limitMs: 1000, mustComplete: true });
  assertEquals(givingUp.look(PAUSED, 5000), undefined);
  assertEquals(givingUp.look(HEALTHY, 5900), undefined);
  assertEquals(givingUp.look(PAUSED, 6000), undefined);
  assertEquals(givingUp.look(PAUSED, 6999), undefined);
  assertEquals(givingUp.look(PAUSED, 7000), "no room");

  const serving = new GivingUp({ limitMs: 1000, mustComplete: false });
  serving.look(PAUSED, 0);
  assertEquals(serving.look(PAUSED, 100_000), undefined);
});

Deno.test("without a limit nothing is given up", () => {
  const givingUp = new GivingUp({ limitMs: undefined, mustComplete: true });
  givingUp.look(PAUSED, 0);
  assertEquals(
    givingUp.look({ ...PAUSED, ...silentSince(0), paused: PAUSED.paused }, 1e12),
    undefined,
  );
});
