// What a session serves when it takes writes. Wiring only.
import type { CachedFile } from "../cache/cached_file.ts";
import { OverlaidFile } from "../cache/overlaid_file.ts";
import { Overlay } from "../cache/overlay.ts";
import { OverlayWriter } from "../cache/overlay_writer.ts";
import { FileMap } from "../map/file_map.ts";
import { MAX_PAYLOAD_BYTES } from "../nbd/limits.ts";
import type { ServedMedium, Warning } from "./session_init.ts";
import type { SessionBuffers } from "./socket_peer.ts";

/** @returns undefined when it takes none. */
export function writable(
  { overlay: opened }: ServedMedium,
  cached: CachedFile,
  buffers: SessionBuffers,
  tell: (message: Warning) => void,
): OverlaidFile | undefined {
  if (opened === undefined) return undefined;
  const overlay = new Overlay({
    ...opened,
    map: FileMap.attach(opened.map),
    tell: (trouble) => tell({ type: "warning", ...trouble }),
  });
  const writer = new OverlayWriter(overlay, MAX_PAYLOAD_BYTES);
  return new OverlaidFile(cached, overlay, writer, buffers.output);
}
