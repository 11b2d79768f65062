// Saves the map: a snapshot first, then the image's data to its disk, then the mapfile, so that a mapfile on
// disk never claims a byte that the image on disk does not have. Main thread; nothing here blocks it but the
// snapshot itself (milliseconds), so it also works while the reader hangs in the device.
import { UserError } from "../base/errors.ts";
import { formatSidecar } from "../cache/sidecar.ts";
import type { Medium } from "../cache/open_medium.ts";
import { AtomicFile } from "../file/atomic_file.ts";
import { identityId } from "../file/identity.ts";
import type { FileMap } from "../map/file_map.ts";
import { encodeMapfile, type MapfileHeading } from "../map/mapfile.ts";
import { mapfileOf } from "../map/mapfile_conversion.ts";
import type { About } from "./serve_options.ts";
import type { Observer } from "./events.ts";

/** Saves one cache's map, on request and on an interval. */
export class MapSaver {
  readonly #medium: Medium;
  readonly #map: FileMap;
  readonly #sidecarText: string;
  readonly #settings: ReadonlyMap<string, string>;
  readonly #heading: Omit<MapfileHeading, "currentTime">;
  readonly #observe: Observer;
  readonly #mapfile: AtomicFile;
  readonly #sidecar: AtomicFile;
  readonly #image: Deno.FsFile;
  #savedVersion = -1;
  #last: Promise<boolean> = Promise.resolve(true);
  #timer: ReturnType<typeof setInterval> | undefined;
  #failing = false;

  constructor(
    medium: Medium,
    map: FileMap,
    device: string,
    about: About,
    observe: Observer,
  ) {
    this.#medium = medium;
    this.#map = map;
    const { identity, mapfile } = medium;
    this.#sidecarText = formatSidecar(identity, { device, program: `blkcache ${about.version}` });
    this.#settings = new Map([
      ...mapfile?.settings ?? [],
      ["device", device],
      ["identity", identityId(identity)],
      ["sector-size", String(identity.sectorSize)],
    ]);
    this.#heading = { ...about, startTime: new Date() };
    this.#observe = observe;
    this.#mapfile = new AtomicFile(medium.mapPath, { backup: true });
    this.#sidecar = new AtomicFile(medium.sidecarPath);
    // A descriptor of Deno's own, for its fdatasync on another thread.
    this.#image = Deno.openSync(medium.imagePath, { read: true, write: true });
  }

  /** The first save: mapfile and sidecar. @throws {UserError} when they cannot be written. */
  async begin(): Promise<void> {
    await this.#sidecar.replace(this.#sidecarText);
    await this.#write();
  }

  /** Saves every `intervalMs` milliseconds, when something has changed. */
  saveEvery(intervalMs: number): void {
    this.#timer = setInterval(() => void this.save(), intervalMs);
  }

  /** Saves what has changed, after any save under way. @returns false when it failed; it was said then. */
  save(): Promise<boolean> {
    this.#last = this.#last.then(() => this.#trySave());
    return this.#last;
  }

  /** No further saves; the one under way is finished. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#last;
    this.#image.close();
  }

  async #trySave(): Promise<boolean> {
    if (this.#map.version === this.#savedVersion) return true;
    try {
      await this.#write();
      if (this.#failing) this.#observe({ event: "info", message: "the map can be saved again" });
      this.#failing = false;
      return true;
    } catch (error) {
      if (!this.#failing) this.#observe({ event: "warning", ...told(error, this.#medium) });
      this.#failing = true;
      return false;
    }
  }

  async #write(): Promise<void> {
    const { mapPath, mapfile } = this.#medium;
    const map = this.#map;
    const { version } = map;
    const snapshot = map.snapshot();
    await this.#image.syncData();
    const contents = mapfileOf(snapshot, mapfile?.comments, this.#settings);
    await this.#mapfile.replace(
      encodeMapfile(contents, { ...this.#heading, currentTime: new Date() }),
    );
    this.#savedVersion = version;
    this.#observe({ event: "saved", map: mapPath, transitions: snapshot.positions.length });
  }
}

function told(
  error: unknown,
  { imagePath }: Medium,
): { message: string; hints: readonly string[] } {
  if (error instanceof UserError) return { message: error.message, hints: error.hints };
  const reason = error instanceof Error ? error.message : String(error);
  return {
    message: `cannot save the map: ${reason}`,
    hints: [`look at the disk that "${imagePath}" is on; it is tried again`],
  };
}
