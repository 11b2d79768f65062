import { assert } from "@std/assert";
import { BAD_SECTOR, NON_TRIED } from "../../../src/map/statuses.ts";
import { ParkedReads } from "../../../src/nbd/parked_reads.ts";
import { inPieces, mutated, Random, seedOfRun } from "../../conformance/mutation.ts";
import { countOf } from "../../fuzz/fuzz_counts.ts";
import { liveHeap } from "../../harness/live_heap.ts";
import { ArrayBackend } from "./array_backend.ts";
import { MemoryPeer, type Step } from "./memory_peer.ts";
import { serveDialogue } from "./serve_dialogue.ts";

const DIALOGUE_COUNT = countOf(5_000, 100_000);
const EXPORT = { name: "", description: "a device" };
/** A session that keeps 100 bytes of each dialogue takes more. */
const MOST_GROWTH_BYTES = 1024 * 1024;
/** No dialogue asks for more than a few times the device of 32 KiB. */
const MOST_SENT_BYTES = 16 * 1024 * 1024;

Deno.test("mutated dialogues neither crash a session nor hang it nor make it grow", () => {
  const seed = seedOfRun();
  console.log(`BLKCACHE_SEED=${seed}`);
  const random = new Random(seed);
  const buffers = new MemoryPeer();
  const ends = new Map<string, number>();
  let afterWarmUp = 0;
  let growth = 0;
  for (let index = 0; index < DIALOGUE_COUNT; index++) {
    try {
      const reason = playOne(random, buffers);
      ends.set(reason, (ends.get(reason) ?? 0) + 1);
    } catch (error) {
      throw new Error(`dialogue ${index} of BLKCACHE_SEED=${seed}`, { cause: error });
    }
    if (index === DIALOGUE_COUNT / 4) afterWarmUp = liveHeap();
    if (index === DIALOGUE_COUNT - 1) growth = liveHeap() - afterWarmUp;
  }
  assert(growth < MOST_GROWTH_BYTES, `the heap has grown by ${growth} bytes`);
  // The mutations reach every way a session can end.
  for (const reason of ["left", "gone", "violation", "ending"]) {
    assert((ends.get(reason) ?? 0) > DIALOGUE_COUNT / 1000, `${reason}: ${ends.get(reason)}`);
  }
});

/** Plays one dialogue against a device with gaps and bad sectors. @returns how the session ended. */
function playOne(random: Random, buffers: MemoryPeer): string {
  const peer = new MemoryPeer(buffers.output, buffers.input);
  const backend = new ArrayBackend(peer.output, { sectors: 64, maxParked: 1 + random.below(4) });
  for (let count = random.below(4); count > 0; count--) {
    const first = random.below(64);
    backend.statuses.fill(random.pick([NON_TRIED, BAD_SECTOR]), first, first + random.below(16));
    backend.unreadable.add(random.below(64));
    backend.zeros.add(random.below(64));
  }
  const parked = new ParkedReads(backend);
  peer.ended = () => backend.hasEnded();
  backend.onEnding = () => peer.ring();
  peer.plays(
    ...inPieces(random, mutated(random)).flatMap((piece) => happening(random, backend, piece)),
  );
  // Enough for every read that may be parked by then.
  for (let count = 0; count < 40; count++) peer.plays(() => endOne(random, backend));
  const { reason } = serveDialogue(peer, EXPORT, parked, {
    timeoutMs: random.pick([0, 50]),
    now: peer.now,
  });
  assert(parked.pending.waiting === 0, "reads still wait for the client");
  while (backend.parked.length > 0) backend.end();
  assert(backend.nextEnded() === -1 && backend.pending.underWay === 0, "a slot is lost");
  checkReplies(peer.sent);
  return reason;
}

/** A piece of the dialogue, and perhaps something that happens behind it. */
function happening(random: Random, backend: ArrayBackend, piece: Uint8Array): Step[] {
  const chance = random.below(60);
  if (chance === 0) return [piece, () => backend.ending = true];
  return chance < 6 ? [piece, () => endOne(random, backend)] : [piece];
}

function endOne(random: Random, backend: ArrayBackend): void {
  if (backend.parked.length > 0) backend.end(random.below(backend.parked.length));
}

/** What has been sent is whole messages, as far as a reader can tell without knowing the requests. */
function checkReplies(sent: readonly Uint8Array[]): void {
  const length = sent.reduce((sum, part) => sum + part.length, 0);
  assert(length < MOST_SENT_BYTES, `${length} bytes sent`);
  const bytes = new Uint8Array(length);
  let end = 0;
  for (const part of sent) {
    bytes.set(part, end);
    end += part.length;
  }
  const view = new DataView(bytes.buffer);
  let at = 18;
  while (at < length) {
    const magic = view.getUint32(at);
    if (magic === 0x0003e889) at += 20 + view.getUint32(at + 16);
    else if (magic === 0x668e33ef) at += 20 + view.getUint32(at + 16);
    else if (magic === 0x6e8a278c) at += 32 + Number(view.getBigUint64(at + 24));
    else if (magic === 0x67446698 || magic === 0) return; // Data of unknown length, or a size.
    else throw new Error(`0x${magic.toString(16)} at ${at} of what was sent`);
  }
  assert(at === length, "the last message is not whole");
}
