// The lines of the tables: what is measured of a server, and how.

import { tool } from "../harness/tool.ts";
import type { RunningServer } from "./running_server.ts";

/** One figure; those of rows that read with fio come with the server's work for it. */
export interface Figure {
  readonly value: number;
  /** Processor time of the server for a request, microseconds. */
  readonly cpuMicroseconds?: number;
}

/** What the rows need to know. */
export interface RowSettings {
  /** Of the source, bytes. */
  readonly size: number;
  /** Of each fio run. */
  readonly seconds: number;
}

/** A line of a table. */
export interface Row {
  /** For --rows. */
  readonly key: string;
  readonly title: string;
  readonly unit: "IOPS" | "MB/s" | "s" | "ms" | "MiB";
  /** Otherwise less is better. */
  readonly moreIsBetter: boolean;
  /** Of a server that no client has come to yet. */
  readonly isUnasked?: boolean;
  measure(server: RunningServer, settings: RowSettings): Promise<Figure>;
}

/** Milliseconds without a client before memory is looked at. */
export const IDLE_MS = 1000;

/** A fio job; see fio(1). */
interface Job {
  readonly rw: "randread" | "read";
  readonly bs: "4k" | "64k" | "1m";
  readonly iodepth: number;
  readonly numjobs?: number;
  /** Each block at most once, so that all are misses. */
  readonly once?: boolean;
}

/** The command line of a job. */
export function fioCommand(job: Job, uri: string, { size, seconds }: RowSettings): string[] {
  const { rw, bs, iodepth, numjobs = 1, once = false } = job;
  return [
    "fio",
    ...["--name=bench", "--ioengine=nbd", `--uri=${uri}`, `--size=${size}`],
    ...[`--rw=${rw}`, `--bs=${bs}`, `--iodepth=${iodepth}`, `--numjobs=${numjobs}`],
    ...["--group_reporting", "--time_based", `--runtime=${seconds}`],
    ...once ? [] : ["--norandommap"],
  ];
}

async function runFio(job: Job, server: RunningServer, settings: RowSettings) {
  const output = `${server.folder}/fio.json`;
  const [name, ...args] = fioCommand(job, server.uri, settings);
  const before = server.cpuSeconds();
  await tool(name, [...args, "--output-format=json", `--output=${output}`]);
  const cpuSeconds = server.cpuSeconds() - before;
  const { iops, bw_bytes, total_ios } = JSON.parse(Deno.readTextFileSync(output)).jobs[0].read;
  if (!(total_ios > 0)) throw new Error(`fio read nothing from ${server.name}`);
  return { iops, bytesPerSecond: bw_bytes, cpuMicroseconds: cpuSeconds / total_ios * 1e6 };
}

function iopsRow(key: string, title: string, job: Job): Row {
  return {
    key,
    title,
    unit: "IOPS",
    moreIsBetter: true,
    async measure(server, settings) {
      const { iops, cpuMicroseconds } = await runFio(job, server, settings);
      return { value: iops, cpuMicroseconds };
    },
  };
}

function rateRow(key: string, title: string, job: Job): Row {
  return {
    key,
    title,
    unit: "MB/s",
    moreIsBetter: true,
    async measure(server, settings) {
      const { bytesPerSecond, cpuMicroseconds } = await runFio(job, server, settings);
      return { value: bytesPerSecond / 1e6, cpuMicroseconds };
    },
  };
}

function copyRow(key: string, title: string): Row {
  return {
    key,
    title,
    unit: "s",
    moreIsBetter: false,
    measure: async (server) => ({ value: await copyToNull(server) }),
  };
}

function memoryRow(key: string, title: string): Row {
  return {
    key,
    title,
    unit: "MiB",
    moreIsBetter: false,
    async measure(server) {
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      return { value: server.residentBytes() / 2 ** 20 };
    },
  };
}

/** Reads the whole export. @returns seconds. */
export async function copyToNull(server: RunningServer): Promise<number> {
  return await seconds("nbdcopy", server.uri, "null:");
}

/** Runs a command to its end. @returns seconds. */
export async function seconds(name: string, ...args: string[]): Promise<number> {
  const beganMs = performance.now();
  await tool(name, args);
  return (performance.now() - beganMs) / 1000;
}

/** All that is read is cached; a server keeps running for all of them. */
export const WARM_ROWS: readonly Row[] = [
  iopsRow("warm-4k-qd1", "4 KiB random, 1 at a time", { rw: "randread", bs: "4k", iodepth: 1 }),
  iopsRow("warm-4k-qd16", "4 KiB random, 16", { rw: "randread", bs: "4k", iodepth: 16 }),
  iopsRow("warm-64k-qd16", "64 KiB random, 16", { rw: "randread", bs: "64k", iodepth: 16 }),
  rateRow("warm-1m-qd16", "1 MiB sequential, 16", { rw: "read", bs: "1m", iodepth: 16 }),
  iopsRow("warm-4k-clients4", "4 KiB random, 16 from each of 4 clients", {
    ...{ rw: "randread", bs: "4k", iodepth: 16, numjobs: 4 },
  }),
  copyRow("warm-copy", "the whole export, by nbdcopy to null"),
];

/** Nothing is cached: each of them gets a new server. */
export const COLD_ROWS: readonly Row[] = [
  iopsRow("cold-4k-qd1", "4 KiB random, 1 at a time", {
    ...{ rw: "randread", bs: "4k", iodepth: 1, once: true },
  }),
  iopsRow("cold-4k-qd16", "4 KiB random, 16", {
    ...{ rw: "randread", bs: "4k", iodepth: 16, once: true },
  }),
  copyRow("cold-copy", "the whole export, by nbdcopy to null"),
];

/** What it takes to have a server at all. */
export const IDLE_ROWS: readonly Row[] = [
  {
    key: "start",
    title: "from the start to the first answered read",
    unit: "ms",
    moreIsBetter: false,
    measure: (server) => Promise.resolve({ value: server.startMs }),
  },
  { ...memoryRow("memory", "memory in use, no client yet (resident set)"), isUnasked: true },
  memoryRow("memory-after", "memory in use, after a client"),
  {
    key: "size",
    title: "program with its libraries",
    unit: "MiB",
    moreIsBetter: false,
    measure: (server) => Promise.resolve({ value: server.programBytes() / 2 ** 20 }),
  },
];
