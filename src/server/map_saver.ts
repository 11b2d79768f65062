// Saves the map, as claims about the bytes of the image (durable_claims.ts), so that a mapfile on disk never
// claims a byte that the image on disk does not have. Main thread; nothing here blocks it but the
// snapshot itself (milliseconds), so it also works while the reader hangs in the device. Failures after which the
// device has not proved alive stay out of it.
import { printable } from "../base/printable.ts";
import { alignDown } from "../base/ranges.ts";
import { UserError } from "../base/errors.ts";
import { formatSidecar } from "../opening/sidecar.ts";
import type { Medium } from "../opening/open_medium.ts";
import { AtomicFile } from "../files/atomic_file.ts";
import { type DistantDisk, makeElsewhere } from "../files/disk.ts";
import { identityOfOpen } from "../files/durable_claims.ts";
import { identityId } from "../identity/identity.ts";
import type { FileMap } from "../map/file_map.ts";
import type { UnprovedMarks } from "../map/unproved_marks.ts";
import { encodeMapfile, type MapfileHeading } from "../map/mapfile.ts";
import { withoutDataBehind } from "../map/map_snapshot.ts";
import { withTail } from "../map/map_tail.ts";
import { mapfileOf } from "../map/mapfile_conversion.ts";
import type { FileIdentity } from "../sys/statx.ts";
import type { About } from "./serve_options.ts";
import type { Observer } from "./events.ts";
import { SavingReserve } from "./saving_reserve.ts";

/** Saves one cache's map, on request and on an interval. */
export class MapSaver {
  readonly #medium: Medium;
  readonly #map: FileMap;
  readonly #unproved: UnprovedMarks;
  readonly #sidecarText: string;
  readonly #settings: ReadonlyMap<string, string>;
  readonly #heading: Omit<MapfileHeading, "currentTime">;
  readonly #observe: Observer;
  readonly #mapfile: AtomicFile;
  readonly #sidecar: AtomicFile;
  readonly #reserve: SavingReserve;
  readonly #disk: DistantDisk | undefined;
  /** Whether a client has met bytes that the map claims and the image has no more. */
  readonly #isImageDamaged: () => boolean;
  #toldOfLoss = false;
  /** What the image had at the last save, bytes. */
  #savedBytes = -1;
  #savedVersion = -1;
  #last: Promise<boolean> = Promise.resolve(true);
  #timer: ReturnType<typeof setInterval> | undefined;
  #failing = false;

  constructor(
    medium: Medium,
    map: FileMap,
    unproved: UnprovedMarks,
    devicePath: string,
    about: About,
    observe: Observer,
    isImageDamaged: () => boolean,
    disk?: DistantDisk,
  ) {
    this.#disk = disk;
    this.#isImageDamaged = isImageDamaged;
    this.#medium = medium;
    this.#map = map;
    this.#unproved = unproved;
    const { identity, mapfile } = medium;
    this.#sidecarText = formatSidecar(identity, {
      device: devicePath,
      program: `blkcache ${about.version}`,
    });
    this.#settings = new Map([
      ...mapfile?.settings ?? [],
      ["device", devicePath],
      ["identity", identityId(identity)],
      ["sector-size", String(identity.sectorSize)],
    ]);
    this.#heading = { ...about, startTime: new Date() };
    this.#observe = observe;
    const { mode } = medium;
    this.#mapfile = new AtomicFile(medium.mapPath, { backup: true, mode, disk });
    this.#sidecar = new AtomicFile(medium.sidecarPath, { mode, disk });
    this.#reserve = new SavingReserve();
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

  /** Saves changes, after any save under way. @returns false when it failed; the user has been told. */
  save(): Promise<boolean> {
    this.#last = this.#last.then(() => this.#trySave());
    return this.#last;
  }

  /** Whether the image was found to lack bytes that it once had. */
  get hasLostBytes(): boolean {
    return this.#toldOfLoss;
  }

  /** No further saves; the one under way is finished. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#last;
    this.#reserve.close();
    await Promise.all([this.#mapfile.close(), this.#sidecar.close()]);
  }

  #trySave(): Promise<boolean> {
    return this.#reserve.lend(() => this.#saveChanges());
  }

  async #saveChanges(): Promise<boolean> {
    try {
      const bytes = this.#imageBytes(
        await makeElsewhere(identityOfOpen(this.#medium.imageFd), this.#disk),
      );
      if (this.#map.version === this.#savedVersion && bytes === this.#savedBytes) return true;
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
    const { imageFd, imagePath, mapPath, sectorSize, mapfile, tail } = this.#medium;
    const map = this.#map;
    let version = -1;
    let bytes = -1;
    let transitions = 0;
    await this.#mapfile.save({
      data: imageFd,
      dataPath: imagePath,
      snapshot: () => {
        // Failures that are left out now are saved once they are proved, which changes nothing in the map.
        version = this.#unproved.isInDoubt ? -1 : map.version;
        return withTail(this.#unproved.snapshot(), tail);
      },
      encode: (snapshot, identity) => {
        bytes = this.#imageBytes(identity);
        transitions = snapshot.positions.length;
        const claimed = bytes < snapshot.size
          ? withoutDataBehind(snapshot, alignDown(bytes, sectorSize))
          : snapshot;
        const contents = mapfileOf(claimed, mapfile?.comments, this.#settings);
        return encodeMapfile(contents, { ...this.#heading, currentTime: new Date() });
      },
    });
    this.#savedVersion = version;
    this.#savedBytes = bytes;
    this.#observe({ event: "saved", map: mapPath, transitions });
  }

  /** How far the image goes: 0 once it has been deleted. Tells once when it has lost something. */
  #imageBytes({ size, nlink }: FileIdentity): number {
    const bytes = nlink === 0 ? 0 : size;
    if ((bytes < this.#map.size || this.#isImageDamaged()) && !this.#toldOfLoss) {
      this.#toldOfLoss = true;
      const image = `the image "${printable(this.#medium.imagePath)}"`;
      this.#observe({
        event: "warning",
        message: nlink === 0 ? `${image} has been deleted` : `${image} has been cut short`,
        hints: [
          "what it has lost is read from the device again when somebody asks; " +
          "stop and start again to have all of it kept",
        ],
      });
    }
    return bytes;
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
