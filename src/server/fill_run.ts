// A fill as main sees it: the order for the reader at the start, and the meaning of its end for the run.
import { allInBytes, formatSize } from "../base/sizes.ts";
import type { FileMap } from "../map/file_map.ts";
import { FINISHED, maskOf, STATUS_COUNT } from "../map/statuses.ts";
import { type FillEnd, verifiesAtEnd } from "../reader/fill/fill_parts.ts";
import type { Verified } from "../reader/fill/verification.ts";
import type { FillInit } from "../workers/reader_init.ts";
import type { FillResult } from "./reader_thread.ts";
import { readDomain } from "./read_domain.ts";
import type { FillRequest } from "./serve_options.ts";

/**
 * A fill from main's side: the reader's orders at the start, and the meaning of its end. Main
 * thread.
 */
export class FillRun {
  readonly init: FillInit;
  readonly #domain: FileMap | undefined;
  readonly #map: FileMap;
  readonly #dataEnd: number;
  readonly #verifies: boolean;
  /** How the verification went; undefined before the end of the fill. */
  #verified: Verified | undefined;

  /**
   * @param dataEnd behind it are no data: areas that cannot be read there are not missing.
   * @throws {UserError} when the domain cannot be read, is of another device, or holds nothing.
   */
  constructor(request: FillRequest, map: FileMap, sectorSize: number, dataEnd: number) {
    const { domain } = request;
    const options = allInBytes(request.options, sectorSize);
    this.#map = map;
    this.#dataEnd = dataEnd;
    this.#verifies = verifiesAtEnd(options);
    this.#domain = domain === undefined ? undefined : readDomain(domain, map.size);
    this.init = { options, domain: this.#domain?.buffer };
  }

  /** What to say when it has ended. */
  sentences({ reason, verified }: FillResult): string[] {
    if (reason === "complete") this.#verified = verified;
    return [this.#sentence(reason), ...verified === undefined ? [] : [verifiedSentence(verified)]];
  }

  #sentence(reason: FillEnd): string {
    const missing = this.#missing();
    const areas = missing.areas === 1 ? "one area" : `${missing.areas} areas`;
    const left = `${formatSize(missing.bytes)} in ${areas}`;
    const where = this.#domain === undefined ? "" : " of the domain";
    switch (reason) {
      case "complete":
        return missing.bytes === 0
          ? `all${where} has been read`
          : `all${where} that can be read has been read; ${left} cannot`;
      case "too many errors":
        return `fill has ended at --max-errors; missing${where}: ${left}`;
      case "too many errors per second":
        return `fill has ended at --max-error-rate; missing${where}: ${left}`;
      case "map full":
      case "reads are refused":
        return `fill has ended, as ${REASONS[reason]}; missing${where}: ${left}`;
    }
  }

  /** The image has all of the domain, and the sample, if one was wanted, agrees with it. */
  get isComplete(): boolean {
    if (this.#verifies && this.#verified?.differing !== 0) return false;
    return this.#missing().bytes === 0;
  }

  /** Bytes of the domain that the image lacks. Takes some milliseconds when the map has many areas. */
  get missingBytes(): number {
    return this.#missing().bytes;
  }

  /** The areas of the domain that are not `+`. */
  #missing(): { bytes: number; areas: number } {
    const missing = { bytes: 0, areas: 0 };
    const others = (1 << STATUS_COUNT) - 1 & ~maskOf(FINISHED);
    for (const { start, end } of this.#parts()) {
      for (let at = this.#map.find(start, end, others); at >= 0;) {
        const next = this.#map.find(at, end, maskOf(FINISHED));
        missing.bytes += (next < 0 ? end : next) - at;
        missing.areas++;
        at = next < 0 ? -1 : this.#map.find(next, end, others);
      }
    }
    return missing;
  }

  *#parts(): Generator<{ start: number; end: number }> {
    const limit = this.#dataEnd;
    if (this.#domain === undefined) {
      yield { start: 0, end: limit };
      return;
    }
    for (const { start, end, status } of this.#domain.ranges(0, limit)) {
      if (status === FINISHED) yield { start, end };
    }
  }
}

function verifiedSentence({ same, differing, unreadable }: Verified): string {
  const parts = [`${formatSize(same + differing + unreadable)} read again`];
  if (differing > 0) parts.push(`${formatSize(differing)} in pieces that differ from the image`);
  if (unreadable > 0) parts.push(`${formatSize(unreadable)} unreadable now`);
  if (parts.length === 1) parts.push("all as in the image");
  return parts.join(", ");
}

const REASONS = {
  "map full": "there is no memory left for the map",
  "reads are refused": "the system refuses to read",
};
