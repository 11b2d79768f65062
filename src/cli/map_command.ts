// `blkcache map`: totals and pictures of a mapfile of blkcache or ddrescue.

import { type Mapfile, parseMapfile } from "../map/mapfile.ts";
import { isSvg, mapPng, mapSvg } from "../ui/map_image.ts";
import { mapRecord } from "../ui/map_record.ts";
import { mapReport } from "../ui/map_report.ts";
import { type MapSubject, mapSubject, type NamedMapfile } from "../ui/map_subject.ts";
import { isPng } from "../ui/png.ts";
import type { Line } from "../ui/styled_text.ts";
import type { Terminal } from "../ui/terminal.ts";
import { parseByteRange } from "./byte_range.ts";
import { EXIT_DONE } from "../base/exit_codes.ts";
import { FollowerSignals, followMapfile } from "./follow_mapfile.ts";
import { readMapfileArgument } from "./mapfile_argument.ts";
import type { OptionValues } from "./options.ts";
import { readStandardInput, STANDARD_INPUT } from "./standard_input.ts";
import { writePicture } from "./picture_file.ts";
import { usageError } from "../base/errors.ts";

/**
 * @param stopped ends `--watch`; by default a signal does.
 * @returns the exit code.
 * @throws {UserError} when it cannot be read, or is no mapfile.
 */
export async function mapCommand(
  operands: readonly string[],
  values: OptionValues,
  terminal: Terminal,
  stopped?: Promise<void>,
): Promise<number> {
  const [path = "", range] = operands;
  const domain = await readDomain(values);
  const subjectOf = (mapfile: Mapfile) => {
    const part = range === undefined
      ? undefined
      : parseByteRange(range, mapfile.size, sectorSizeOf(mapfile));
    return mapSubject({ path, mapfile }, part, domain);
  };
  if (path === STANDARD_INPUT && values.watch) {
    throw usageError(
      "--watch needs a file: standard input is read once",
      "blkcache map --watch FILE",
    );
  }
  const { mapfile } = await readMap(path);
  if (mapfile.exactEnds !== undefined) {
    terminal.warning(
      `"${path}" reaches to ${mapfile.exactEnds.size}: areas behind ${mapfile.size} are ignored`,
    );
  }
  const first = subjectOf(mapfile);
  if (!values.watch) await show(first, values, terminal);
  else await watch(first, subjectOf, values, terminal, stopped);
  return EXIT_DONE;
}

async function readMap(path: string): Promise<NamedMapfile> {
  if (path !== STANDARD_INPUT) return readMapfileArgument(path);
  return { path, mapfile: parseMapfile(await readStandardInput("map"), "standard input") };
}

async function readDomain(values: OptionValues): Promise<NamedMapfile | undefined> {
  const { domain: path, "loose-domain": isLoose = false } = values;
  if (path === undefined) return undefined;
  if (path !== STANDARD_INPUT) return readMapfileArgument(path, { isLoose });
  const content = await readStandardInput("--domain");
  return { path, mapfile: parseMapfile(content, path, { isLoose }) };
}

/** As blkcache has written it down, else what ddrescue takes for granted. */
function sectorSizeOf({ settings }: Mapfile): number {
  const text = settings.get("sector-size") ?? "";
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 512;
}

async function show(subject: MapSubject, values: OptionValues, terminal: Terminal): Promise<void> {
  await drawPictures(subject, values);
  if (terminal.json) terminal.record(mapRecord(subject));
  else terminal.say(...mapReport(subject, terminal.canvas));
}

/** On a screen of its own, where there is one; its last state stays. */
async function watch(
  first: MapSubject,
  subjectOf: (mapfile: Mapfile) => MapSubject,
  values: OptionValues,
  terminal: Terminal,
  stopped: Promise<void> | undefined,
): Promise<void> {
  using signals = new FollowerSignals();
  const draw = (subject: MapSubject, ...notes: Line[]) =>
    terminal.screen([...notes, ...mapReport(subject, terminal.canvas)]);
  let subject = first;
  await followMapfile(first.path, {
    async show(mapfile, isNew) {
      if (isNew) subject = subjectOf(mapfile);
      // Also when nothing is new: the window may have changed.
      if (terminal.hasScreen) draw(subject);
      if (isNew && terminal.hasScreen) await drawPictures(subject, values);
      else if (isNew) await show(subject, values, terminal);
    },
    complain(error) {
      const note = [{ text: error.message, color: "red" } as const];
      if (terminal.hasScreen) draw(subject, note);
      else terminal.warning(error.message);
    },
  }, { stopped: stopped ?? signals.stopped });
  terminal.leaveScreen();
  if (terminal.hasScreen) terminal.say(...mapReport(subject, terminal.canvas));
}

async function drawPictures(subject: MapSubject, { svg, png }: OptionValues): Promise<void> {
  if (svg !== undefined) await writePicture(svg, mapSvg(subject), isSvg);
  if (png !== undefined) await writePicture(png, await mapPng(subject), isPng);
}
