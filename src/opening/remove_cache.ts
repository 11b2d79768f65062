// Deletes what a cache consists of on disk.
import { removeFile } from "../files/entry.ts";
import type { OpenCache } from "./open_cache.ts";
import { intentsPathOf } from "../reader/write_intents.ts";

/** What is not there is fine. */
export function removeCache(
  { imagePath, mapPath, sidecarPath }: Pick<OpenCache, "imagePath" | "mapPath" | "sidecarPath">,
): void {
  for (
    const path of [imagePath, mapPath, `${mapPath}.bak`, sidecarPath, intentsPathOf(imagePath)]
  ) {
    removeFile(path);
  }
}
