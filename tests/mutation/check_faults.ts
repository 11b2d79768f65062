// Whether deliberate faults can still be put into the sources.
import type { Fault } from "./faults.ts";
import { ROOT } from "./workplace.ts";

/** Faults that cannot be put in, with the reason. Nothing in the tree changes. */
export async function troubles(faults: readonly Fault[]): Promise<Map<Fault, string>> {
  const found = new Map<Fault, string>();
  const folder = Deno.makeTempDirSync({ prefix: "blkcache-mutate-" });
  try {
    faults.forEach((fault, index) => {
      const source = Deno.readTextFileSync(new URL(`src/${fault.file}`, ROOT));
      const places = source.split(fault.text).length - 1;
      const changed = source.replace(fault.text, () => fault.by);
      if (places !== 1) found.set(fault, `its text is there ${places} times`);
      else if (changed === source) found.set(fault, "it changes nothing");
      else Deno.writeTextFileSync(`${folder}/${index}.ts`, changed);
    });
    // One that is no TypeScript any more would be noticed by every test.
    for (const index of await unparsable(folder)) found.set(faults[index]!, "it cannot be parsed");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
  return found;
}

/** The numbers of the files in a folder that are no TypeScript. The formatter parses all of them in one process. */
async function unparsable(folder: string): Promise<number[]> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--no-config", folder],
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  });
  const { stderr } = await command.output();
  const said = new TextDecoder().decode(stderr);
  return Array.from(
    said.matchAll(/Error formatting: .*\/(\d+)\.ts/g),
    ([, index]) => Number(index),
  );
}
