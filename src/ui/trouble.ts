// What keeps a run from going on, as sentences for the status and the page. Pure.
import { formatDuration, formatSize, timeOfDay } from "../base/sizes.ts";
import type {
  DeviceHeat,
  DeviceOutage,
  DeviceRest,
  ImagePause,
  Progress,
} from "../server/events.ts";
import { MARGIN_CELSIUS } from "../reader/cooling.ts";
import { EDQUOT, ENOSPC, errnoMessage } from "../sys/errno.ts";

/** The device has stopped answering: since when, and when it is tried again. */
export function outageText({ sinceMs, attempts, restMs }: DeviceOutage): string {
  const tried = attempts === 0 ? "" : `, tried ${attempts === 1 ? "once" : `${attempts} times`}`;
  const next = restMs >= 1000 ? `next attempt in ${formatDuration(restMs)}` : "trying it now";
  return `not answering since ${timeOfDay(sinceMs)}${tried}; ${next}`;
}

/** The image takes no writes: why, and what it would need. */
export function pauseText({ errno, folder, needs, has }: ImagePause, isFilling: boolean): string {
  const state = isFilling ? "paused: " : "";
  if (errno !== ENOSPC && errno !== EDQUOT) {
    return `${state}cannot write the image on ${folder} (${errnoMessage(errno)})`;
  }
  const room = errno === EDQUOT
    ? "the quota is used up"
    : `needs ${formatSize(needs)}, has ${has === 0 ? "0" : formatSize(has)}`;
  return `${state}no room for the image on ${folder}, ${room}`;
}

/** The fill leaves the device alone: for how long, and what for. */
export function restText({ ms, pays }: DeviceRest): string {
  const purpose = pays
    ? "the drive is faster after a rest"
    : "the drive may be faster after a rest";
  return `resting ${formatDuration(ms)}: ${purpose}`;
}

/** The fill waits for a hot drive: how hot it is, and when it goes on. */
export function heatText({ celsius, limitCelsius }: DeviceHeat): string {
  return `paused: the drive is too hot, ${celsius} C; goes on at ${
    limitCelsius - MARGIN_CELSIUS
  } C`;
}

/** What needs a look, in one sentence; undefined: nothing. */
export function troubleText(
  { outage, paused, cooling, resting, phase }: Progress,
): string | undefined {
  if (outage !== null) return outageText(outage);
  if (paused !== null) return pauseText(paused, phase !== null);
  if (cooling !== null) return heatText(cooling);
  return resting === null ? undefined : restText(resting);
}
