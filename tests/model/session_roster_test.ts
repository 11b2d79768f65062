// Every order of events in small pools: clients ask, fall silent, ask again and leave, sessions start, rest, are
// dismissed and die, and their messages reach main any number of steps after they were sent. The model goes on from
// every state in every way. Whenever nothing more happens by itself, nobody who has asked may be left waiting.
import { assert } from "@std/assert";
import { type RosterAction, SessionRoster } from "../../src/server/session_roster.ts";

/** What a worker says; `finished` with what the device still works on, or without. */
type Message = "started" | "refused" | "finished" | "finished busy" | "free" | "ended" | "died";

/** A worker as it is, which main learns by its messages. */
interface Worker {
  doing: "starting" | "waiting" | "finishing" | "gone";
  /** Whom main takes it to serve. */
  client: number | undefined;
  /** It has been given a client, and has not finished. */
  works: boolean;
  isDismissed: boolean;
  rests: boolean;
  /** Sent, and not received yet. */
  messages: Message[];
}

interface Limits {
  maxSessions: number;
  clients: number;
  /** How often each client asks. */
  asks: number;
  deaths: number;
  refusals: number;
  dismissals: number;
}

interface Step {
  name: string;
  /** It happens sooner or later, without anybody from outside. */
  own: boolean;
  take: () => void;
}

/** A pool and what is around it. */
class World {
  readonly roster: SessionRoster;
  readonly #limits: Limits;
  readonly #workers = new Map<number, Worker>();
  /** Of each client: how often it has asked, and whether it waits for the answer. */
  readonly #clients: { asked: number; waits: boolean }[];
  #expected = false;
  #deaths = 0;
  #refusals = 0;
  #dismissals = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#clients = Array.from({ length: limits.clients }, () => ({ asked: 0, waits: false }));
    this.roster = new SessionRoster(limits.maxSessions, limits.maxSessions + limits.deaths);
  }

  get key(): string {
    const { roster: { description } } = this;
    const counts = [this.#expected, this.#deaths, this.#refusals, this.#dismissals];
    return JSON.stringify([[...this.#workers], this.#clients, counts, description]);
  }

  steps(): Step[] {
    const steps: Step[] = [];
    if (!this.#expected) {
      steps.push({
        name: "a client negotiates",
        own: false,
        take: () => {
          this.#expected = true;
          this.#act(this.roster.expect());
        },
      });
    }
    this.#clients.forEach((client, id) => {
      if (client.waits || client.asked === this.#limits.asks) return;
      steps.push({
        name: `client ${id} asks`,
        own: false,
        take: () => {
          client.asked++;
          client.waits = true;
          this.#act(this.roster.call(id));
        },
      });
    });
    if (this.#refusals > 0) {
      steps.push({
        name: "main tries again to start sessions",
        own: true,
        take: () => {
          this.#refusals--;
          this.#act(this.roster.retry());
        },
      });
    }
    for (const [number, worker] of this.#workers) steps.push(...this.#stepsOf(number, worker));
    return steps;
  }

  *#stepsOf(number: number, worker: Worker): Iterable<Step> {
    const say = (name: string, own: boolean, doing: Worker["doing"], message: Message) => ({
      name: `${number} ${name}`,
      own,
      take: () => {
        worker.doing = doing;
        worker.works = false;
        worker.messages.push(message);
      },
    });
    switch (worker.doing) {
      case "starting":
        yield say("has started", true, "waiting", "started");
        if (this.#limits.refusals > 0 && this.#refusals === 0) {
          yield say("cannot be started", false, "gone", "refused");
        }
        break;
      case "finishing":
        yield say("has finished", true, "waiting", "free");
        break;
      case "waiting":
        if (worker.works) {
          yield say("has answered", true, "waiting", "finished");
          yield say("has answered, and leaves reads behind", false, "finishing", "finished busy");
        } else if (worker.isDismissed) yield say("ends", true, "gone", "ended");
    }
    if (worker.doing !== "gone" && this.#deaths < this.#limits.deaths) {
      yield say("dies", false, "gone", "died");
    }
    const [message] = worker.messages;
    if (message !== undefined) {
      yield {
        name: `main hears "${message}" of ${number}`,
        own: true,
        take: () => {
          worker.messages.shift();
          this.#hear(number, worker, message);
        },
      };
    }
    if (worker.rests && this.#dismissals < this.#limits.dismissals) {
      yield {
        name: `${number} has rested`,
        own: false,
        take: () => {
          worker.rests = false;
          this.#dismissals++;
          this.#act(this.roster.rested(number));
        },
      };
    }
  }

  #hear(number: number, worker: Worker, message: Message): void {
    switch (message) {
      case "finished":
      case "finished busy":
        this.#clients[worker.client!]!.waits = false;
        worker.client = undefined;
        return this.#act(this.roster.finished(number, message === "finished"));
      case "died":
        this.#deaths++;
        this.#workers.delete(number);
        if (worker.client !== undefined) this.#clients[worker.client]!.waits = false;
        return this.#act(this.roster.died(number));
      case "refused":
        this.#refusals++;
        this.#workers.delete(number);
        return this.#act(this.roster.refused(number));
      case "ended":
        this.#workers.delete(number);
        return this.#act(this.roster.ended(number));
      default:
        return this.#act(this.roster[message](number));
    }
  }

  #act(actions: readonly RosterAction[]): void {
    for (const action of actions) {
      if (action.do === "start") {
        assert(!this.#workers.has(action.session), "the number is taken");
        this.#workers.set(action.session, {
          doing: "starting",
          client: undefined,
          works: false,
          isDismissed: false,
          rests: false,
          messages: [],
        });
        assert(this.#workers.size <= this.#limits.maxSessions, "more sessions than are allowed");
        continue;
      }
      const worker = this.#workers.get(action.session);
      switch (action.do) {
        case "serve":
          assert(!worker!.isDismissed, "a client is given to a session that ends");
          assert(worker!.client === undefined, "two clients are given to one session");
          worker!.client = action.client;
          worker!.works = true;
          break;
        case "rest":
        case "stop resting":
          if (worker !== undefined) worker.rests = action.do === "rest";
          break;
        case "dismiss":
          assert(worker!.client === undefined, "a session with a client is dismissed");
          worker!.isDismissed = true;
      }
    }
  }

  /** What is wrong when nothing more happens by itself, or undefined. */
  finding(): string | undefined {
    if (this.steps().some(({ own }) => own)) return undefined;
    const waiting = this.#clients.filter(({ waits }) => waits).length;
    return waiting === 0 ? undefined : `${waiting} clients wait for ever`;
  }
}

/** Goes on from every state in every way. @returns the number of states. */
function explore(limits: Limits): number {
  const seen = new Set<string>();
  const paths: number[][] = [[]];
  for (let path; (path = paths.pop()) !== undefined;) {
    const world = new World(limits);
    const names: string[] = [];
    for (const index of path) {
      const step = world.steps()[index]!;
      names.push(step.name);
      step.take();
    }
    const { key } = world;
    if (seen.has(key)) continue;
    seen.add(key);
    const finding = world.finding();
    if (finding !== undefined) throw new Error(`${finding}: ${names.join(", ")}`);
    world.steps().forEach((_, index) => paths.push([...path, index]));
  }
  return seen.size;
}

const NONE = { asks: 1, deaths: 0, refusals: 0, dismissals: 0 };
const CASES: Readonly<Record<string, Limits>> = {
  "one session for two clients": { ...NONE, maxSessions: 1, clients: 2, asks: 2 },
  "one session that may die": { ...NONE, maxSessions: 1, clients: 2, asks: 2, deaths: 1 },
  "one session that may not be had": { ...NONE, maxSessions: 1, clients: 2, asks: 2, refusals: 1 },
  "two sessions for three clients": { ...NONE, maxSessions: 2, clients: 3 },
  "two sessions that are dismissed": {
    ...NONE,
    maxSessions: 2,
    clients: 2,
    asks: 2,
    dismissals: 1,
  },
};

for (const [name, limits] of Object.entries(CASES)) {
  Deno.test(`session roster: no order of events leaves a client waiting: ${name}`, () => {
    const states = explore(limits);
    console.log(`${states} states`);
    assert(states > 100);
  });
}
