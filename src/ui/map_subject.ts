// The subject of a report: a mapfile, or a part of it.

import { type MapView, viewOf, withDomain } from "../map/map_view.ts";
import type { Mapfile } from "../map/mapfile.ts";

/** A mapfile with the view of it that reports and pictures show. */
export interface MapSubject {
  readonly path: string;
  readonly mapfile: Mapfile;
  readonly view: MapView;
  /** The part that was asked for; undefined: all of it. */
  readonly range: ByteRange | undefined;
  /** The mapfile whose finished areas alone count; undefined: everything counts. */
  readonly domainPath: string | undefined;
}

/** Bytes [start, end). */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A mapfile with a name. */
export interface NamedMapfile {
  readonly path: string;
  readonly mapfile: Mapfile;
}

/** All of a mapfile, or `range` of it, or what `domain` calls finished in either. */
export function mapSubject(
  { path, mapfile }: NamedMapfile,
  range?: ByteRange,
  domain?: NamedMapfile,
): MapSubject {
  const { start, end } = range ?? { start: 0, end: mapfile.size };
  const view = viewOf(mapfile, start, end);
  return {
    path,
    mapfile,
    view: domain ? withDomain(view, viewOf(domain.mapfile, start, end)) : view,
    range,
    domainPath: domain?.path,
  };
}
