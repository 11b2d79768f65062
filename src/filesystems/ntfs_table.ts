// The file table of an NTFS ($MFT): where it lies, and records by number. It describes itself in its first record.
import { expect } from "./file_system_use.ts";
import {
  type Attribute,
  ATTRIBUTE_LIST,
  attributesOf,
  DATA,
  fixedUp,
  type Run,
  viewOf,
} from "./ntfs_records.ts";
import { MAX_PIECE_BYTES, type PartReader } from "./part_reader.ts";
import type { ByteRange } from "./range_list.ts";

/** Bytes, and numbers of clusters. */
export interface NtfsGeometry {
  readonly size: number;
  readonly cluster: number;
  readonly clusters: number;
  /** Size of a record. */
  readonly record: number;
  /** Cluster of $MFT, and of the copy of its first records. */
  readonly mft: number;
  readonly mirror: number;
}

/** A file in so many pieces that its record has no room for them lists further records: at most so many are read. */
const MAX_FURTHER_RECORDS = 1024;
/** The most runs of $MFT that are followed. */
const MAX_TABLE_RUNS = 100_000;

/** Declared with open(). */
export class NtfsTable {
  readonly #reader: PartReader;
  readonly #geometry: NtfsGeometry;
  /** In the order of the table. */
  readonly #runs: Run[] = [];

  private constructor(reader: PartReader, geometry: NtfsGeometry) {
    this.#reader = reader;
    this.#geometry = geometry;
  }

  /** @throws {SickFileSystem} when the first record makes no sense, nor its copy. */
  static open(reader: PartReader, geometry: NtfsGeometry): NtfsTable {
    const { cluster, record, mft, mirror } = geometry;
    for (const first of [mft, mirror]) {
      const bytes = reader.bytes(first * cluster, record);
      const fixed = bytes && fixedUp(bytes, "FILE");
      const attributes = fixed && attributesOf(fixed);
      const data = attributes?.find(({ type, name }) => type === DATA && name === "");
      if (attributes === undefined || data?.runs === undefined || data.runs.length === 0) continue;
      const table = new NtfsTable(reader, geometry);
      table.#add(data);
      // The rest of a fragmented table stands in records that the part before leads to.
      for (const { type, runs } of table.#further(attributes, 0)) {
        if (type === DATA && runs !== undefined) table.#runs.push(...runs.slice(0, MAX_TABLE_RUNS));
        if (table.#runs.length > MAX_TABLE_RUNS) break;
      }
      return table;
    }
    expect(false, "file table cannot be read");
  }

  /** Where the table lies, bytes. */
  get ranges(): ByteRange[] {
    const { cluster, clusters } = this.#geometry;
    return this.#runs.flatMap((run) => {
      if (run.cluster === undefined || run.cluster >= clusters) return [];
      const end = Math.min(run.cluster + run.count, clusters);
      return [{ start: run.cluster * cluster, end: end * cluster }];
    });
  }

  /** All attributes of a file, those in further records too; none when its record cannot be read. */
  attributes(number: number): Attribute[] {
    const record = this.#record(number);
    if (record === undefined) return [];
    const own = attributesOf(record);
    return [...own, ...this.#further(own, number)];
  }

  #add(data: Attribute): void {
    this.#runs.push(...data.runs ?? []);
  }

  *#further(attributes: readonly Attribute[], own: number): Generator<Attribute> {
    const list = attributes.find(({ type }) => type === ATTRIBUTE_LIST);
    if (list === undefined) return;
    const bytes = list.value ?? this.#firstBytes(list);
    if (bytes === undefined) return;
    const view = viewOf(bytes);
    const seen = new Set([own]);
    for (let at = 0; at + 26 <= bytes.length && seen.size <= MAX_FURTHER_RECORDS;) {
      const length = view.getUint16(at + 4, true);
      const number = view.getUint32(at + 16, true) + view.getUint16(at + 20, true) * 2 ** 32;
      if (length < 26) return;
      at += length;
      if (seen.has(number)) continue;
      seen.add(number);
      const record = this.#record(number);
      if (record !== undefined) yield* attributesOf(record);
    }
  }

  #firstBytes({ runs, size }: Attribute): Uint8Array | undefined {
    const { cluster } = this.#geometry;
    const parts: Uint8Array[] = [];
    let left = Math.min(size, MAX_PIECE_BYTES);
    for (const run of runs ?? []) {
      const length = Math.min(left, run.count * cluster);
      if (run.cluster === undefined || length <= 0) break;
      const bytes = this.#reader.bytes(run.cluster * cluster, length);
      if (bytes === undefined) break;
      parts.push(bytes);
      left -= length;
    }
    const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }

  /** A record after its fixups. */
  #record(number: number): Uint8Array | undefined {
    const { cluster, record } = this.#geometry;
    let at = number * record;
    for (const run of this.#runs) {
      const length = run.count * cluster;
      if (at < length) {
        if (run.cluster === undefined) return undefined;
        // A record never lies in two runs unless clusters are smaller than records.
        const bytes = this.#reader.bytes(run.cluster * cluster + at, record);
        return bytes && fixedUp(bytes, "FILE");
      }
      at -= length;
    }
    return undefined;
  }
}
