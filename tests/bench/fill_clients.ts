// What clients have of a fill, and what they suffer from it: the time to the first file, and the latency of
// their reads.

import { blkcacheCommand } from "./servers.ts";
import { SickDisk } from "../harness/sick_disk.ts";
import type { SickModel } from "../harness/sick_model.ts";
import { noise } from "../harness/test_folder.ts";
import { tool, until } from "../harness/tool.ts";

const MIB = 1_048_576;
/** Files in the file system, and their size. */
const FILES = 20;
const FILE_BYTES = 4 * MIB;

/** What a client does between two reads. */
const THINK_MICROSECONDS = 20_000;

/** Seconds from the start of the rescue until a client has read so much. */
export interface FileTimes {
  readonly firstFile: number;
  readonly tenFiles: number;
}

/** Percentiles of the latency of 4 KiB reads, milliseconds. */
export interface Latency {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  readonly reads: number;
  /** What the disk has delivered meanwhile, bytes. */
  readonly delivered: number;
}

/** Makes a file system with files in it. @returns its path. */
export async function makeFileSystem(folder: string, size: number): Promise<string> {
  const files = `${folder}/files`;
  Deno.mkdirSync(files);
  for (let index = 0; index < FILES; index++) {
    Deno.writeFileSync(`${files}/${index}`, noise(FILE_BYTES, 100 + index));
  }
  const path = `${folder}/ext4`;
  await tool("mke2fs", ["-q", "-t", "ext4", "-d", files, path, `${size / 1024}k`]);
  Deno.removeSync(files, { recursive: true });
  return path;
}

/** blkcache serves the disk as a file, which is mounted at once. */
export async function filesByBlkcache(
  model: SickModel,
  data: string,
  folder: string,
): Promise<FileTimes> {
  await using disk = await SickDisk.make(model, data, folder);
  const shown = `${folder}/shown`;
  const beganMs = performance.now();
  await using _server = await Server.start(disk.path, folder, "--fill", `--mount=${shown}`);
  return await filesIn(shown, folder, beganMs);
}

/** ddrescue reads the whole disk; then its image is mounted. */
export async function filesByDdrescue(
  model: SickModel,
  data: string,
  folder: string,
): Promise<FileTimes> {
  await using disk = await SickDisk.make(model, data, folder);
  const image = `${folder}/image`;
  const beganMs = performance.now();
  const args = ["-q", "-d", disk.path, image, `${image}.map`];
  await new Deno.Command("ddrescue", { args, stdin: "null" }).spawn().status;
  return await filesIn(image, folder, beganMs);
}

async function filesIn(image: string, folder: string, beganMs: number): Promise<FileTimes> {
  const place = `${folder}/mounted`;
  Deno.mkdirSync(place);
  // Without its journal: the disk is not written to.
  await tool("mount", ["-o", "ro,noload,loop", image, place]);
  try {
    const times: number[] = [];
    for (let index = 0; index < 10; index++) {
      await tool("cp", [`${place}/${index}`, "/dev/null"]);
      times.push((performance.now() - beganMs) / 1000);
    }
    return { firstFile: times[0], tenFiles: times[9] };
  } finally {
    await tool("umount", [place]);
  }
}

/** Random reads, one at a time, of a disk that nobody has read yet, for some seconds. */
export async function latencyOf(
  model: SickModel,
  data: string,
  folder: string,
  { fill, seconds }: { fill: boolean; seconds: number },
): Promise<Latency> {
  await using disk = await SickDisk.make(model, data, folder);
  const options = fill ? ["--fill"] : [];
  await using server = await Server.start(disk.path, folder, ...options);
  const output = `${folder}/fio.json`;
  await tool("fio", [
    ...["--name=client", "--ioengine=nbd", `--uri=${server.uri}`, `--size=${model.size}`],
    ...["--rw=randread", "--bs=4k", "--iodepth=1", "--time_based", `--runtime=${seconds}`],
    // Pauses, microseconds: a fill that never gets a turn would disturb nobody.
    `--thinktime=${THINK_MICROSECONDS}`,
    // Reads of bad sectors fail, and that is no reason to stop.
    ...["--continue_on_error=read", "--output-format=json", `--output=${output}`],
  ]);
  const text = Deno.readTextFileSync(output);
  const { clat_ns: clat, total_ios: reads } =
    JSON.parse(text.slice(text.indexOf("{"))).jobs[0].read;
  return {
    median: clat.percentile["50.000000"] / 1e6,
    p99: clat.percentile["99.000000"] / 1e6,
    max: clat.max / 1e6,
    reads,
    delivered: disk.reads().reduce((sum, { length, good }) => good ? sum + length : sum, 0),
  };
}

/** A running blkcache. */
class Server implements AsyncDisposable {
  readonly uri: string;
  readonly #child: Deno.ChildProcess;

  private constructor(uri: string, child: Deno.ChildProcess) {
    this.uri = uri;
    this.#child = child;
  }

  static async start(device: string, folder: string, ...options: string[]): Promise<Server> {
    const socket = `${folder}/socket`;
    const [name, ...before] = blkcacheCommand();
    const child = new Deno.Command(name, {
      args: [
        ...[...before, "serve", device, `${folder}/image`],
        ...[`--socket=${socket}`, "--quiet", ...options],
      ],
      cwd: folder,
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const server = new Server(`nbd+unix:///?socket=${socket}`, child);
    let isReady = false;
    const listening = (async () => {
      for await (const _chunk of child.stdout) isReady = true;
    })();
    listening.catch(() => {});
    await until("blkcache is ready", () => isReady);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}
