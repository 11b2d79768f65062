// The shell commands of README, to be run as they stand.

/** The lines of a block, without what is behind `#`. */
export type Block = readonly string[];

/** Every block of shell commands of a Markdown text, in its order. */
export function shellBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text]) =>
    text!.split("\n").map((line) => line.replace(/\s+#.*$/, "")).filter((line) => line !== "")
  );
}

/** What a command that goes on running has to show before the next one can be typed. */
const READY: Readonly<Record<string, (log: string, args: string[]) => string>> = {
  "blkcache": (log) => `grep -q '^ready ' ${log}`,
  "ssh": (_, args) => `[ -S ${args[args.indexOf("-L") + 1]!.split(":")[0]} ]`,
  "nbdfuse": (_, [file]) => `grep -q " $PWD/${file} " /proc/mounts`,
};

/**
 * A bash script that types the lines one after the other. Servers go on in the background until the last line
 * has ended; then they are interrupted, and blkcache has to end well.
 */
export function typed(lines: readonly string[]): string {
  const commands = lines.map((line, index) => {
    const [, words, background] = /^(.*?)( &)?$/.exec(line)!;
    const [name = "", ...args] = words!.split(" ");
    const program = name.replace(/^.*\//, "");
    const serves = program === "blkcache" && /^(serve|mount)$/.test(args[0] ?? "") &&
      !args.includes("--exit-when-complete");
    if (!background && !serves) return line;
    const log = `log.${index}`;
    const ready = READY[program]!(log, args);
    return `${words} > ${log} 2>&1 &
servers+=($!) names+=(${program})
for tenth in $(seq 200); do ${ready} && break; sleep 0.1; done
${ready} || { cat ${log} >&2; exit 1; }`;
  });
  return `set -eu -o monitor
servers=() names=()
trap 'kill -KILL "\${servers[@]}" 2>/dev/null || true' EXIT
# Not every kernel looks for partitions in a loop device; the program says where it has attached it.
losetup() {
  command losetup "$@" | tee attached
  case " $* " in *" --partscan "*) partx --update "$(cat attached)" ;; esac
}
${commands.join("\n")}
for ((index = \${#servers[@]} - 1; index >= 0; index--)); do
  kill -INT "\${servers[index]}" 2>/dev/null || continue
  wait "\${servers[index]}" || [ $? -ge 128 ] || [ "\${names[index]}" != blkcache ]
done
`;
}
