// A reader with its image, map, queue and sessions in one thread: requests go in, `finish` steps the reader
// until it has nothing to do, and what came of them comes out.
import { assert } from "@std/assert";
import { basename, dirname } from "@std/path";
import { CachedFile, type CachedFileOptions } from "../../../src/session/cached_file.ts";
import type { Cooling } from "../../../src/reader/cooling.ts";
import { ImageComparison } from "../../../src/reader/image_comparison.ts";
import { ImageWriter } from "../../../src/reader/image_writer.ts";
import { Publisher } from "../../../src/reader/publisher.ts";
import { WriteIntents } from "../../../src/reader/write_intents.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import type { UnprovedMarks } from "../../../src/map/unproved_marks.ts";
import { MAX_READ } from "../../../src/reader/pace.ts";
import { Fill } from "../../../src/reader/fill/fill.ts";
import type { FillOptions } from "../../../src/reader/fill/fill_parts.ts";
import { DeviceWrites, type WritableDevice } from "../../../src/reader/device_writes.ts";
import { Reader } from "../../../src/reader/reader.ts";
import type { EarlierFailure } from "../../../src/reader/reader_parts.ts";
import { ReaderQueue } from "../../../src/shared/request_queue.ts";
import { SharedState } from "../../../src/shared/shared_state.ts";
import { ENOSPC } from "../../../src/sys/errno.ts";
import { createEventFd } from "../../../src/sys/eventfd.ts";
import { closeFd, openFile, pread, truncateFd } from "../../../src/sys/fd.ts";
import { NativeMemory } from "../../../src/sys/memory.ts";
import { O_CREAT, O_RDWR } from "../../../src/sys/open_flags.ts";
import { CrashDisk } from "../../harness/crash_disk.ts";
import type { SimulatedDevice } from "./simulated_device.ts";

/** What has been asked with a slot: the test's own number for it, and the range. */
interface Asked {
  readonly id: number;
  readonly offset: number;
  readonly length: number;
}

/** How a request ended. */
export interface Ended {
  /** What `ask` was given. */
  id: number;
  /** The range asked; unreadable bytes are undefined behaviour of `collect`, and 0xEE here. */
  bytes: Uint8Array;
  unreadable: [start: number, end: number][];
}

export interface RunOptions {
  sessions?: number;
  retries?: number;
  readAhead?: number;
  /** Largest request, bytes. */
  mostBytes?: number;
  /** Where the image goes; default a temporary file. */
  image?: string;
  map?: FileMap;
  /** Reads what is missing while nothing is asked. */
  fill?: FillOptions;
  /** When the fill waits for a hot drive. */
  cooling?: Cooling;
  /** Reads that have failed before. */
  failures?: readonly EarlierFailure[];
  /** Takes writes. */
  writable?: WritableDevice;
  /** The image's folder is on a disk whose power can be cut. */
  canCrash?: boolean;
}

/** How long a client waits for a device that does not answer. */
export const TIMEOUT_MS = 60_000;

/** Steps after which a run that should have ended has not. */
const MOST_STEPS = 1_000_000;

export class SimulatedRun implements Disposable {
  readonly device: SimulatedDevice;
  readonly map: FileMap;
  readonly state: SharedState;
  readonly reader: Reader;
  readonly fill: Fill | undefined;
  readonly unproved: UnprovedMarks;
  readonly imagePath: string;
  readonly image: number;
  readonly sessions: CachedFile[] = [];
  /** Where the record of writes is. */
  readonly intentsPath: string;
  /** Only with `canCrash`. */
  readonly disk: CrashDisk | undefined;
  /** What the observers were told, in order. */
  readonly told: string[] = [];
  readonly #outputs: NativeMemory[] = [];
  readonly #buffer = NativeMemory.allocate(MAX_READ);
  /** By slot. */
  readonly #asked: Map<number, Asked>[] = [];
  readonly #folder: string | undefined;
  readonly #writer: ImageWriter;
  readonly #write: ImageWriter["write"];
  readonly #hasRoom: ImageWriter["hasRoom"];

  constructor(device: SimulatedDevice, options: RunOptions = {}) {
    const { sessions = 1, retries = 0, readAhead = 0, mostBytes = 4 * 1024 * 1024 } = options;
    this.device = device;
    this.#folder = options.image === undefined
      ? Deno.makeTempDirSync({ prefix: "blkcache-test-" })
      : undefined;
    this.imagePath = options.image ?? `${this.#folder}/image`;
    this.intentsPath = `${this.imagePath}.writing`;
    this.image = openFile(this.imagePath, O_RDWR | O_CREAT);
    truncateFd(this.image, device.size);
    this.map = options.map ??
      FileMap.create(device.size, { maxTransitions: 4 * device.size / device.sectorSize + 16 });
    this.state = SharedState.create(sessions);
    const { map, state, image: imageFd } = this;
    const { writable } = options;
    this.#writer = new ImageWriter(imageFd, options.map === undefined && writable === undefined);
    this.disk = options.canCrash ? new CrashDisk(dirname(this.imagePath)) : undefined;
    if (this.disk !== undefined) this.#writer.write = this.#recordedWrite(this.disk);
    this.#write = this.#writer.write.bind(this.#writer);
    this.#hasRoom = this.#writer.hasRoom.bind(this.#writer);
    const publisher = new Publisher(map, this.#writer, state, {
      imageFailed: (errno) => this.told.push(`image failed ${errno}`),
      imageRecovered: () => this.told.push("image recovered"),
      mapFull: () => this.told.push("map full"),
    });
    this.unproved = publisher.unproved;
    this.fill = options.fill && new Fill({
      map,
      domain: undefined,
      sectorSize: device.sectorSize,
      options: options.fill,
      mark(start, end, status) {
        publisher.markMissing(start, end, status);
        return map.at(start) === status;
      },
    });
    this.reader = new Reader({
      device,
      map,
      publisher,
      state,
      queue: new ReaderQueue(state),
      buffer: this.#buffer,
      observer: {
        readFailed: (offset, length, errno) => this.told.push(`${offset}+${length}: ${errno}`),
        deviceGone: (errno) => this.told.push(`gone ${errno}`),
        deviceSilent: (_sinceMs, errno) => this.told.push(`silent ${errno}`),
        deviceAnswers: () => this.told.push("answers"),
        fillEnded: (reason) => this.told.push(`fill ended: ${reason}`),
        differs: (offset) => this.told.push(`${offset} differs`),
      },
      settings: { retries, timeoutMs: TIMEOUT_MS },
      failures: options.failures,
      fill: this.fill,
      cooling: options.cooling,
      comparison: new ImageComparison(imageFd),
      now: () => device.nowMs,
      writes: writable && ((pending) =>
        new DeviceWrites({
          device,
          writable,
          map,
          publisher,
          imageFd,
          buffer: this.#buffer,
          intents: new WriteIntents(this.intentsPath, device.size, 0o600, this.disk?.call),
          ...this.disk && { disk: this.disk.call },
          now: () => device.nowMs,
          warn: (what, errno) => this.told.push(`${what}: ${errno}`),
        }, pending)),
    });
    for (let session = 0; session < sessions; session++) {
      state.setEventFd(session, createEventFd());
      const output = NativeMemory.allocate(mostBytes);
      const cachedFile: CachedFileOptions = {
        map,
        state,
        session,
        imageFd,
        size: device.size,
        sectorSize: device.sectorSize,
        readAhead,
        output,
      };
      this.#outputs.push(output);
      this.sessions.push(new CachedFile(cachedFile));
      this.#asked.push(new Map());
    }
  }

  /** Asks as a protocol does. @returns false when the bytes are there already, in `output`. */
  ask(id: number, offset: number, length: number, session = 0): boolean {
    const cached = this.sessions[session];
    assert(length <= this.#outputs[session].size, "a longer request than was announced");
    const hit = cached.readCached(0, offset, length);
    if (!hit) {
      const slot = cached.pending.take(offset, length, Infinity);
      this.#asked[session].set(slot, { id, offset, length });
      cached.park(slot);
    }
    cached.noteRead(offset, length);
    return !hit;
  }

  /** Steps the reader until nothing is to be done. @returns the steps made. */
  finish(): number {
    for (let steps = 0; steps < MOST_STEPS; steps++) if (!this.reader.step()) return steps;
    throw new Error("the reader does not come to an end");
  }

  /** What has ended. */
  ended(session = 0): Ended[] {
    const list: Ended[] = [];
    const cached = this.sessions[session];
    for (let slot = cached.nextEnded(); slot >= 0; slot = cached.nextEnded()) {
      list.push(this.#collect(cached, session, slot, this.#asked[session].get(slot)!));
    }
    return list;
  }

  /** What `ask` was given for each request that has not ended; those of a client that has left are among them. */
  underWay(session = 0): Set<number> {
    const { pending } = this.sessions[session];
    const slots = [...this.#asked[session]].filter(([slot]) => !pending.isFree(slot));
    return new Set(slots.map(([, { id }]) => id));
  }

  #collect(
    cached: CachedFile,
    session: number,
    slot: number,
    { id, offset, length }: Asked,
  ): Ended {
    const count = cached.collect(slot, 0, offset, length);
    const bytes = this.output(session).slice(0, length);
    const unreadable: [number, number][] = [];
    for (let index = 0; index < count; index++) {
      const start = cached.unreadableStart(index);
      const end = cached.unreadableEnd(index);
      unreadable.push([start, end]);
      bytes.fill(0xee, start - offset, end - offset);
    }
    return { id, bytes, unreadable };
  }

  #recordedWrite(disk: CrashDisk): ImageWriter["write"] {
    const write = this.#writer.write.bind(this.#writer);
    return (address, offset, length) => {
      const result = write(address, offset, length);
      disk.wrote(basename(this.imagePath), offset, this.imageBytes(offset, length));
      return result;
    };
  }

  /** From now on the image takes no write, and everybody knows. */
  refuseWrites(): void {
    this.#writer.write = () => -ENOSPC;
    this.#writer.hasRoom = () => false;
    this.state.imageSick = true;
  }

  /** The image takes writes again. */
  takeWrites(): void {
    this.#writer.write = this.#write;
    this.#writer.hasRoom = this.#hasRoom;
    this.state.imageSick = false;
  }

  /** The session's output buffer, where a hit puts its bytes. */
  output(session = 0): Uint8Array {
    return this.#outputs[session].bytes;
  }

  /** Asks, and steps the reader until the answer is there (also when it asks again). */
  read(offset: number, length: number, session = 0): Ended {
    if (!this.ask(0, offset, length, session)) {
      return { id: 0, bytes: this.output(session).slice(0, length), unreadable: [] };
    }
    for (;;) {
      const steps = this.finish();
      const [answer] = this.ended(session);
      if (answer !== undefined) return answer;
      if (steps === 0 && !this.reader.step()) throw new Error("a request got lost");
    }
  }

  /** As `read` of what is missing, but nothing is done once the answer is there: a fill has not gone on yet. */
  readThen(offset: number, length: number, session = 0): Ended {
    assert(this.ask(0, offset, length, session), "the bytes are there already");
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      this.reader.step();
      const [answer] = this.ended(session);
      if (answer !== undefined) return answer;
    }
    throw new Error("the request does not end");
  }

  /** The map as ddrescue's characters, one for each sector. */
  picture(start = 0, end: number = this.map.size): string {
    let text = "";
    for (const run of this.map.ranges(start, end)) {
      text += "?*/-+"[run.status].repeat(Math.ceil((run.end - run.start) / this.device.sectorSize));
    }
    return text;
  }

  /** Bytes of the image. */
  imageBytes(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, pread(this.image, bytes, offset));
  }

  [Symbol.dispose](): void {
    for (const output of this.#outputs) output.release();
    this.#buffer.release();
    for (let session = 0; session < this.sessions.length; session++) {
      closeFd(this.state.eventFd(session));
    }
    closeFd(this.image);
    if (this.#folder !== undefined) Deno.removeSync(this.#folder, { recursive: true });
  }
}
