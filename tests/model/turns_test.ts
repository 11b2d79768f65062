// Random loads on the taking of turns: how long a small request waits, and that every request ends. Once with
// the rules alone, once with the reader, whose reads of the device are counted.
import { assert, assertEquals } from "@std/assert";
import { PendingRead } from "../../src/reader/pending_read.ts";
import { PendingRescue } from "../../src/reader/pending_rescue.ts";
import { MOST_PASSES, SessionRequests } from "../../src/reader/session_requests.ts";
import { Turns, TURNS_PER_RESCUE } from "../../src/reader/turns.ts";
import { KIND_CLIENT, KIND_WRITE } from "../../src/shared/shared_state.ts";
import { SimulatedDevice } from "../unit/reader/simulated_device.ts";
import { SimulatedRun } from "../unit/reader/simulated_run.ts";
import { chooseSeed, Random } from "./map_random.ts";

const SEED = chooseSeed();
const ROUNDS = Number(Deno.env.get("BLKCACHE_ROUNDS") ?? 6);
const TURNS = 3000;

/** What is remembered of a request while it waits. */
interface Waiting {
  /** Turns that it still needs. */
  slices: number;
  /** It had its session for itself when it came, and needs one turn. */
  isBounded: boolean;
  /** Other sessions in which something has waited since it came. */
  others: Set<number>;
  /** Turns since it came, the one under way included. */
  turns: number;
}

/** The rules alone: a session is a list, a device read a number. */
class RulesAlone {
  readonly #random: Random;
  readonly #sessions: SessionRequests[];
  readonly #turns: Turns;
  readonly #waiting = new Map<PendingRead, Waiting>();
  /** Turns of a session in a row in which its first in line was passed over. */
  readonly #passes = new Map<number, number>();
  #arrivals = 0;
  #isOpen = true;
  #healthyInARow = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#sessions = Array.from({ length: 1 + random.below(20) }, () => new SessionRequests());
    this.#turns = new Turns(this.#sessions);
  }

  #arrive(session: number, slices: number, isWrite: boolean, isUnderWay: boolean): void {
    const requests = this.#sessions[session];
    const isAlone = requests.reads.length === 0 && requests.writes.length === 0;
    const read = new PendingRead(this.#arrivals, session);
    read.begin(++this.#arrivals, isWrite ? KIND_WRITE : KIND_CLIENT, 0, slices, 0);
    requests.add(read);
    this.#waiting.set(read, {
      slices,
      isBounded: isAlone && slices === 1,
      others: new Set(),
      turns: isUnderWay ? 1 : 0,
    });
  }

  #arriveSome(isUnderWay: boolean): void {
    const random = this.#random;
    const session = random.below(this.#sessions.length);
    const { reads, writes } = this.#sessions[session];
    if (reads.length + writes.length >= 20) return;
    if (random.once(3)) this.#arrive(session, 1, random.once(5), isUnderWay);
    else if (random.once(4)) {
      this.#arrive(session, 1 + random.below(32), random.once(8), isUnderWay);
    }
  }

  #holdSome(): void {
    const random = this.#random;
    const { reads } = random.pick(this.#sessions);
    if (reads.length === 0) return;
    const read = random.pick(reads);
    const isFirst = !this.#sessions.some(({ isHeld }) => isHeld);
    if (read.rescue !== undefined) return;
    if (isFirst) this.#turns.beginRescues();
    this.#sessions[read.session].hold(read, new PendingRescue(0, 512, 512, "failed", 0));
    this.#waiting.get(read)!.isBounded = false;
  }

  /** What one turn changes for those who wait for theirs. */
  #countFor(chosen: PendingRead | undefined): void {
    const busy = this.#sessions.flatMap(({ isHealthy, isHeld }, session) =>
      isHealthy || isHeld ? [session] : []
    );
    for (const [read, waiting] of this.#waiting) {
      for (const session of busy) if (session !== read.session) waiting.others.add(session);
      if (read === chosen) continue;
      waiting.turns++;
      // Another of its session may come later and have a turn of its own.
      const mates = this.#sessions[read.session];
      if (mates.reads.length + mates.writes.length > 1) waiting.isBounded = false;
    }
  }

  #endTurn(read: PendingRead, isRescue: boolean): void {
    const waiting = this.#waiting.get(read)!;
    if (isRescue) {
      if (this.#random.once(10)) this.#sessions[read.session].hold(read, undefined);
      return;
    }
    if (--waiting.slices > 0) return;
    this.#waiting.delete(read);
    this.#sessions[read.session].remove(read);
  }

  #firstInLine(session: SessionRequests): PendingRead | undefined {
    const healthy = session.reads.filter(({ rescue }) => rescue === undefined);
    return healthy.sort((a, b) => a.line - b.line)[0];
  }

  #checkPassing(chosen: PendingRead): void {
    const first = this.#firstInLine(this.#sessions[chosen.session]);
    if (chosen.isWrite || first === undefined) return;
    const passes = first === chosen ? 0 : (this.#passes.get(chosen.session) ?? 0) + 1;
    this.#passes.set(chosen.session, passes);
    assert(passes <= MOST_PASSES, "the first in line is passed over for ever");
  }

  #turn(): boolean {
    const wasHealthy = this.#sessions.some(({ isHealthy }) => isHealthy);
    const wasHeld = this.#sessions.some(({ isHeld }) => isHeld);
    if (!this.#turns.next()) return false;
    const { request, rescue } = this.#turns;
    this.#countFor(request);
    if (request !== undefined) {
      this.#checkPassing(request);
      const { isBounded, turns, others } = this.#waiting.get(request)!;
      const most = others.size + 1;
      assert(!isBounded || turns <= most, `${turns} turns beside ${others.size} sessions`);
      this.#healthyInARow++;
      // Each rescue has its turn: sessions are few, and one turn in so many is for one of them.
      const bound = (TURNS_PER_RESCUE + 2) * (this.#sessions.length + 1);
      assert(!wasHeld || this.#healthyInARow <= bound, "rescues have no turn");
    } else {
      assert(!wasHealthy || this.#healthyInARow >= TURNS_PER_RESCUE, "a rescue comes too soon");
      this.#healthyInARow = 0;
    }
    if (!wasHeld) this.#healthyInARow = 0;
    const had = request ??
      [...this.#waiting.keys()].find((read) => read.rescue === rescue)!;
    // Others come while it is under way.
    while (this.#isOpen && this.#random.once(2)) this.#arriveSome(true);
    this.#endTurn(had, request === undefined);
    return true;
  }

  play(): void {
    for (let turn = 0; turn < TURNS; turn++) {
      while (this.#random.once(4)) this.#arriveSome(false);
      if (this.#random.once(8)) this.#holdSome();
      this.#turn();
    }
    this.#isOpen = false;
    let turns = 0;
    for (const most = 40 * this.#waiting.size * 32; this.#turn(); turns++) {
      assert(turns < most + 10_000, "it does not come to an end");
    }
    assertEquals(this.#waiting.size, 0);
  }
}

Deno.test("rules of turns: a small request waits for one turn of each other session, and every one ends", () => {
  for (let round = 0; round < ROUNDS; round++) {
    try {
      new RulesAlone(new Random(SEED + round)).play();
    } catch (error) {
      console.log(`round ${round}`);
      throw error;
    }
  }
});

// --- the same with the reader -----------------------------------------------------------------------

const MIB = 2 ** 20;
const SESSIONS = 8;

/** A read that had its session for itself, and the device reads since. */
interface Small {
  offset: number;
  reads: number;
  others: Set<number>;
}

Deno.test("the reader: a small miss waits for one device read of each other session", () => {
  for (let round = 0; round < Math.ceil(ROUNDS / 2); round++) {
    const random = new Random(SEED + round);
    const device = new SimulatedDevice(48 * MIB, 512, 1);
    using run = new SimulatedRun(device, { sessions: SESSIONS });
    const waiting = Array.from({ length: SESSIONS }, () => new Set<number>());
    const small = new Map<number, Small>();
    const collect = () => {
      for (let session = 0; session < SESSIONS; session++) {
        run.ended(session);
        const underWay = run.underWay(session);
        for (const id of waiting[session]) {
          if (underWay.has(id)) continue;
          waiting[session].delete(id);
          small.delete(session);
        }
      }
    };
    const ask = (session: number, isUnderWay: boolean) => {
      const length = random.pick([4096, 4096, 65_536, MIB, 4 * MIB]);
      const offset = random.below((48 * MIB - length) / 4096) * 4096;
      const id = random.below(64);
      if (waiting[session].has(id) || !run.ask(id, offset, length, session)) return;
      const isSmall = waiting[session].size === 0 && length === 4096;
      waiting[session].add(id);
      if (isSmall) small.set(session, { offset, reads: isUnderWay ? 1 : 0, others: new Set() });
      // What it waits for behind its own requests is another matter.
      else small.delete(session);
    };
    device.during = (offset, length) => {
      for (const [session, miss] of small) {
        waiting.forEach(({ size }, other) => {
          if (size > 0 && other !== session) miss.others.add(other);
        });
        const isItsOwn = offset <= miss.offset && miss.offset < offset + length;
        if (!isItsOwn) miss.reads++;
        const most = miss.others.size + 1;
        assert(miss.reads <= most, `${miss.reads} reads beside ${miss.others.size} sessions`);
      }
      assert(length <= MIB);
      // It may come while a read is under way.
      if (random.once(4)) ask(random.below(SESSIONS), true);
    };
    for (let count = 0; count < 150; count++) {
      if (random.once(2)) ask(random.below(SESSIONS), false);
      if (random.once(40)) run.sessions[random.below(SESSIONS)].endClient();
      run.reader.step();
      collect();
    }
    device.during = undefined;
    run.finish();
    collect();
    assertEquals(waiting.map(({ size }) => size), Array(SESSIONS).fill(0));
  }
});
