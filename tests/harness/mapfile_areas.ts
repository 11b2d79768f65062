// What a mapfile says, read the plainest way: not by the code under test.

/** A run of one status, bytes. */
export interface Area {
  start: number;
  end: number;
  status: string;
}

/** The areas of the mapfile at `path`. */
export function areasOf(path: string): Area[] {
  const lines = Deno.readTextFileSync(path).split("\n").filter((line) => /^[^#]/.test(line));
  return lines.slice(1).map((line) => {
    const [start, length, status] = line.trim().split(/\s+/);
    return { start: Number(start), end: Number(start) + Number(length), status: status! };
  });
}

/** Bytes with a status. */
export function bytesWith(status: string, areas: readonly Area[]): number {
  return areas.filter((area) => area.status === status)
    .reduce((sum, { start, end }) => sum + end - start, 0);
}
