import { assertEquals } from "@std/assert";
import { EDQUOT, EIO, ENOSPC } from "../../../src/sys/errno.ts";
import { heatText, outageText, pauseText, restText, troubleText } from "../../../src/ui/trouble.ts";
import { progress } from "./progress_sample.ts";

const GIB = 1024 ** 3;
const SINCE = new Date(2026, 10, 28, 14, 3).getTime();

Deno.test("an outage tells since when, how often it was tried, and when it is next", () => {
  assertEquals(
    outageText({ sinceMs: SINCE, attempts: 0, restMs: 5000 }),
    "not answering since 14:03; next attempt in 5 s",
  );
  assertEquals(
    outageText({ sinceMs: SINCE, attempts: 3, restMs: 0 }),
    "not answering since 14:03, tried 3 times; trying it now",
  );
});

Deno.test("a full disk tells what is needed and what there is", () => {
  const pause = { errno: ENOSPC, folder: "/mnt", needs: 214 * GIB, has: 0 };
  assertEquals(
    pauseText(pause, true),
    "paused: no room for the image on /mnt, needs 214 GiB, has 0",
  );
  assertEquals(
    pauseText({ ...pause, errno: EDQUOT }, true),
    "paused: no room for the image on /mnt, the quota is used up",
  );
  assertEquals(
    pauseText({ ...pause, errno: EIO }, false),
    "cannot write the image on /mnt (Input/output error)",
  );
});

Deno.test("a rest tells how long it is, and whether such rests have helped", () => {
  const rest = { ms: 5000, restMs: 1234, pays: true };
  assertEquals(restText(rest), "resting 5 s: the drive is faster after a rest");
  assertEquals(
    restText({ ...rest, pays: false }),
    "resting 5 s: the drive may be faster after a rest",
  );
  assertEquals(troubleText(progress({ resting: rest, phase: "?" })), restText(rest));
});

Deno.test("the device comes before the image, and a healthy run has no trouble", () => {
  const paused = { errno: ENOSPC, folder: ".", needs: 1, has: 0 };
  const outage = { sinceMs: SINCE, attempts: 1, restMs: 0 };
  assertEquals(troubleText(progress()), undefined);
  assertEquals(troubleText(progress({ paused, outage }))?.slice(0, 13), "not answering");
  assertEquals(troubleText(progress({ paused, phase: "?" }))?.slice(0, 7), "paused:");
});

Deno.test("a hot drive tells how hot it is, and when the fill goes on", () => {
  const heat = { celsius: 53, limitCelsius: 50 };
  assertEquals(heatText(heat), "paused: the drive is too hot, 53 C; goes on at 47 C");
  assertEquals(troubleText(progress({ cooling: heat })), heatText(heat));
});
