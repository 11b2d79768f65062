/// <reference lib="deno.worker" />
// A reader that answers without reading: sometimes at once, sometimes late, in another order, after a sleep.
import { ReaderQueue } from "../../../src/shared/request_queue.ts";
import {
  KIND_BYPASS,
  SharedState,
  SLOT_CANCELLED,
  SLOTS_PER_SESSION,
} from "../../../src/shared/shared_state.ts";
import { Random } from "../../model/map_random.ts";
import {
  CANCELLED,
  LOST_MS,
  type Orders,
  QUIT,
  type ReaderReport,
  resultOf,
} from "./queue_orders.ts";

self.onmessage = ({ data }: MessageEvent<Orders>) => {
  const state = new SharedState(data.state, data.sessions);
  const control = new Int32Array(data.control);
  const queue = new ReaderQueue(state);
  const random = new Random(data.seed);
  const pending: number[] = [];
  const inHand = new Uint8Array(data.sessions * SLOTS_PER_SESSION);
  const report: ReaderReport = { taken: 0, hints: 0, missedBells: 0, finding: "" };
  const isIdle = () => queue.isEmpty && Atomics.load(control, QUIT) === 0;

  // How its sleep has ended.
  let slept: ReturnType<typeof Atomics.wait> | undefined;
  const wait = Atomics.wait.bind(Atomics) as (
    ...args: unknown[]
  ) => "ok" | "not-equal" | "timed-out";
  Atomics.wait = (...args: unknown[]) => slept = wait(...args);

  const end = (slot: number) => {
    const { slotKind, slotOffset, slotLength, slotBounce, slotState } = state;
    inHand[slot] = 0;
    if (slotKind[slot] > KIND_BYPASS) return queue.end(slot, 0);
    if (slotBounce[slot] !== slotOffset[slot] + 1) report.finding ||= "fields of two requests";
    const cancelled = Atomics.load(slotState, slot) === SLOT_CANCELLED;
    queue.end(
      slot,
      cancelled ? CANCELLED : resultOf(slotKind[slot], slotOffset[slot], slotLength[slot]),
    );
  };

  while (Atomics.load(control, QUIT) === 0) {
    for (let slot = queue.take(); slot >= 0; slot = queue.take()) {
      if (inHand[slot] !== 0) report.finding ||= `slot ${slot} was queued twice`;
      inHand[slot] = 1;
      if (state.slotKind[slot] > KIND_BYPASS) report.hints++;
      else report.taken++;
      pending.push(slot);
    }
    for (let count = 1 + random.below(30); count > 0 && pending.length > 0; count--) {
      end(pending.splice(random.below(pending.length), 1)[0]);
    }
    if (pending.length > 0) continue;
    slept = undefined;
    state.sleepReader(isIdle, LOST_MS);
    if (slept === "timed-out" && !queue.isEmpty) report.missedBells++;
  }
  self.postMessage(report);
};
