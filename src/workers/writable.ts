// Gives a session that takes writes its writer. Wiring only.
import type { CachedFile } from "../session/cached_file.ts";
import { DEVICE_WRITER, DeviceWriter } from "../session/device_writer.ts";
import { OverlaidFile } from "../session/overlaid_file.ts";
import { Overlay } from "../session/overlay.ts";
import { OVERLAY_WRITER, OverlayWriter } from "../session/overlay_writer.ts";
import { FileMap } from "../map/file_map.ts";
import { MAX_PAYLOAD_BYTES } from "../nbd/limits.ts";
import type { NbdBackend } from "../nbd/backend.ts";
import type { Writer, WriterAbilities } from "../nbd/writer.ts";
import type { ServedMedium } from "./session_init.ts";
import type { SessionBuffers } from "./socket_peer.ts";
import type { Warning } from "./thread_messages.ts";

/** A backend with a writer: the session tells the writer when its client leaves, and at the session's end. */
export type Writable = NbdBackend & {
  readonly writer: Writer & { endClient(): void; release(): void };
};

/** The backend of a session that takes writes; undefined: it takes none. */
export function writable(
  { overlay: opened, writeThrough }: ServedMedium,
  cached: CachedFile,
  buffers: SessionBuffers,
  tell: (message: Warning) => void,
): Writable | undefined {
  if (writeThrough) return Object.assign(cached, { writer: new DeviceWriter(cached) });
  if (opened === undefined) return undefined;
  const overlay = new Overlay({
    ...opened,
    map: FileMap.attach(opened.map),
    tell: (trouble) => tell({ type: "warning", ...trouble }),
  });
  const writer = new OverlayWriter(overlay, MAX_PAYLOAD_BYTES, cached.memory);
  return new OverlaidFile(cached, overlay, writer, buffers.output);
}

/** The abilities of the sessions' writers; undefined: sessions take no writes. */
export function abilitiesOf({ overlay, writeThrough }: ServedMedium): WriterAbilities | undefined {
  if (writeThrough) return DEVICE_WRITER;
  return overlay && OVERLAY_WRITER;
}
