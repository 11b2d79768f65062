import { assertEquals } from "@std/assert";
import { BAD_SECTOR, NON_SCRAPED, NON_TRIED, NON_TRIMMED } from "../../../src/map/statuses.ts";
import { CHUNK, CMD, E, errnoOf, extentsOf, FLAG } from "../../conformance/wire.ts";
import type { ArrayBackend } from "./array_backend.ts";
import { type Mode, play } from "./played_session.ts";

const BOTH = ["base:allocation", "x-blkcache:state"];

/** Asks for the status of a range. */
async function status(
  {
    mode = "structured" as Mode,
    contexts = BOTH,
    flags = 0,
    offset = 0,
    length = 512 as number | bigint,
  },
  prepare: (backend: ArrayBackend) => void = () => {},
  sectors = 256,
) {
  const played = await play({
    mode,
    contexts,
    backend: { sectors },
    steps: (ask, backend) => {
      prepare(backend);
      return [ask({ type: CMD.BLOCK_STATUS, cookie: 42, flags, offset, length })];
    },
  });
  const chunks = await played.chunks();
  assertEquals(played.replies.left(), 0);
  return chunks;
}

function example(backend: ArrayBackend): void {
  backend.statuses.set([NON_TRIED, NON_TRIMMED, NON_SCRAPED, BAD_SECTOR], 10);
  for (const sector of [20, 21, 22]) backend.zeros.add(sector);
  // Not read yet, although the image has a hole there.
  backend.forget(22, 23);
}

Deno.test("extents say what is known, in each context and width", async () => {
  for (const mode of ["structured", "extended"] as const) {
    const [base, state, ...others] = await status({ mode, length: 32 * 512 }, example);
    assertEquals([others.length, base!.done, state!.done], [0, false, true]);
    assertEquals(base!.type, mode === "extended" ? CHUNK.BLOCK_STATUS_EXT : CHUNK.BLOCK_STATUS);
    assertEquals(extentsOf(base!), {
      context: 1,
      extents: [[20, 0], [2, 3], [10, 0]].map(([count, flags]) => ({
        length: count! * 512,
        flags: flags!,
      })),
    });
    assertEquals(extentsOf(state!), {
      context: 2,
      extents: [[10, 4], [1, 0], [1, 1], [1, 2], [1, 3], [6, 4], [2, 12], [1, 0], [9, 4]]
        .map(([count, flags]) => ({ length: count! * 512, flags: flags! })),
    });
  }
});

Deno.test("one context is one chunk", async () => {
  for (const [contexts, id] of [[["base:allocation"], 1], [["x-blkcache:state"], 2]] as const) {
    const [chunk, ...others] = await status({ contexts: [...contexts] });
    assertEquals([extentsOf(chunk!).context, others.length, chunk!.done], [id, 0, true]);
  }
});

Deno.test("REQ_ONE gives one extent, not longer than asked", async () => {
  for (
    const [offset, length, expected] of [[0, 5120, 5120], [0, 9000, 5120], [5000, 10, 10], [
      5119,
      2,
      1,
    ]]
  ) {
    const [, state] = await status(
      { flags: FLAG.REQ_ONE, offset: offset!, length: length! },
      example,
    );
    assertEquals(extentsOf(state!).extents, [{ length: expected!, flags: 4 }]);
  }
});

Deno.test("REQ_ONE merges what a context does not tell apart", async () => {
  const [base] = await status({ flags: FLAG.REQ_ONE, length: 32 * 512 }, example);
  assertEquals(extentsOf(base!).extents, [{ length: 20 * 512, flags: 0 }]);
});

Deno.test("a range past the end is refused", async () => {
  for (const [offset, length] of [[256 * 512, 1], [0, 256 * 512 + 1], [0, 0]]) {
    const [error] = await status({ offset: offset!, length: length! });
    assertEquals(errnoOf(error!), E.INVAL);
  }
  const [error] = await status({ mode: "extended", length: 2n ** 63n });
  assertEquals(errnoOf(error!), E.INVAL);
});

Deno.test("a reply has at most 4096 extents, and begins at the offset", async () => {
  const alternate = (backend: ArrayBackend) => {
    for (let sector = 0; sector < backend.statuses.length; sector += 2) {
      backend.statuses[sector] = BAD_SECTOR;
    }
  };
  const [base, state] = await status({ length: 9000 * 512 }, alternate, 9000);
  assertEquals(extentsOf(base!).extents, [{ length: 9000 * 512, flags: 0 }]);
  const { extents } = extentsOf(state!);
  assertEquals(extents.length, 4096);
  assertEquals(extents.slice(0, 3).map(({ flags }) => flags), [3, 4, 3]);
  assertEquals(new Set(extents.map(({ length }) => length)), new Set([512]));
});

Deno.test("an extent that would need more than 65,536 runs ends early", async () => {
  const sectors = 70_000;
  const alternate = (backend: ArrayBackend) => {
    for (let sector = 0; sector < sectors; sector += 2) backend.statuses[sector] = BAD_SECTOR;
  };
  const [base] = await status(
    { contexts: ["base:allocation"], length: sectors * 512 },
    alternate,
    sectors,
  );
  assertEquals(extentsOf(base!).extents, [{ length: 65_536 * 512, flags: 0 }]);
});

Deno.test("64-bit lengths describe more than 4 GiB", async () => {
  const size = 2 ** 40;
  const played = await play({
    mode: "extended",
    contexts: ["base:allocation"],
    steps: (ask, backend) => {
      Object.defineProperty(backend, "size", { value: size });
      backend.describe = (_offset, limit, extent) =>
        Object.assign(extent, { end: limit, status: 4, zero: true });
      return [ask({ type: CMD.BLOCK_STATUS, offset: 4096, length: size - 4096 })];
    },
  });
  const [chunk] = await played.chunks();
  assertEquals(extentsOf(chunk!).extents, [{ length: size - 4096, flags: 3 }]);
});
