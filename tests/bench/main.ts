// Measures blkcache beside nbdkit, qemu-nbd and nbd-server and prints Markdown tables of medians.

import { Bench } from "./bench.ts";
import { type BenchOptions, parseBenchOptions, USAGE } from "./bench_options.ts";
import { runBenchmark } from "./run_benchmark.ts";
import { environment } from "./versions.ts";

async function main(options: BenchOptions): Promise<void> {
  const about = await environment();
  await using stack = new AsyncDisposableStack();
  const folder = Deno.makeTempDirSync({ dir: options.dir, prefix: "blkcache-bench-" });
  stack.defer(() => Deno.removeSync(folder, { recursive: true }));
  const interrupted = Promise.withResolvers<never>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => interrupted.reject(new Error(`ended by ${signal}`)));
  }
  const bench = stack.use(new Bench(options, folder));
  await Promise.race([bench.run(), interrupted.promise]);
  const tables = [bench.warm, bench.cold, bench.idle];
  if (options.json) {
    const figures = tables.flatMap((table) => table.record());
    console.log(JSON.stringify({ about, options, commands: bench.commands(), figures }));
    return;
  }
  console.log(about.map((line) => `- ${line}`).join("\n") + "\n");
  for (const table of tables) console.log(table.markdown());
  console.log("```\n" + bench.commands() + "\n```");
}

if (import.meta.main) await runBenchmark(parseBenchOptions(Deno.args), USAGE, main);
