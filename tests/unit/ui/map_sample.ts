// Maps for tests.

import { type MapView, viewOf } from "../../../src/map/map_view.ts";
import { type Mapfile, parseMapfile } from "../../../src/map/mapfile.ts";

/** A mapfile of areas, each a length in bytes and a status: `[512, "+"]`. */
export function mapfileOfAreas(...areas: readonly (readonly [number, string])[]): Mapfile {
  let at = 0;
  const lines = areas.map(([length, status]) => {
    const line = `${at} ${length} ${status}`;
    at += length;
    return line;
  });
  return parseMapfile(`0 ? 1\n${lines.join("\n")}\n`, "sample.map");
}

/** The same as a view of all of it. */
export function viewOfAreas(...areas: readonly (readonly [number, string])[]): MapView {
  return viewOf(mapfileOfAreas(...areas));
}
