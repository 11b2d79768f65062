// The files of src/ as text, and what they import.

const ROOT = new URL("../../", import.meta.url);

/** A file of src/: its path below src/, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** All files below src/, or below a folder of it, which ends with a slash. */
export function sourceFiles(folder = ""): SourceFile[] {
  const files: SourceFile[] = [];
  for (const entry of Deno.readDirSync(new URL(`src/${folder}`, ROOT))) {
    const path = folder + entry.name;
    if (entry.isDirectory) files.push(...sourceFiles(`${path}/`));
    else files.push({ path, text: Deno.readTextFileSync(new URL(`src/${path}`, ROOT)) });
  }
  return files;
}

/** Specifiers of static and dynamic imports, of re-exports, and of modules named by URL (workers). */
export function importsOf(code: string): string[] {
  const forms = [
    /\b(?:import|export)\b[^"';]*?\bfrom\s*["']([^"']+)["']/g,
    /\bimport\s*\(?\s*["']([^"']+)["']/g,
    /\bnew\s+URL\(\s*["']([^"']+\.ts)["']/g,
  ];
  return forms.flatMap((form) => [...code.matchAll(form)].map((match) => match[1]!));
}

/** Specifiers of the imports that remain when the types have gone: what a thread loads. */
export function loadedBy(code: string): string[] {
  const statements = /\b(?:import|export)\b([^"';]*?)\bfrom\s*["']([^"']+)["']/g;
  const named = [...code.matchAll(statements)].filter(([, what]) => !isTypesOnly(what!));
  const bare = [...code.matchAll(/\bimport\s*\(?\s*["']([^"']+)["']/g)];
  return [...named.map((match) => match[2]!), ...bare.map((match) => match[1]!)];
}

function isTypesOnly(what: string): boolean {
  if (/^\s*type\b/.test(what)) return true;
  const braces = /^\s*\{([^}]*)\}\s*$/.exec(what);
  if (braces === null) return false;
  return braces[1]!.split(",").every((name) => /^\s*(type\s|$)/.test(name));
}

/** The text with comments blanked; quotes are followed, so that "//" in a string is none. */
export function withoutComments(text: string): string {
  const token =
    /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
  return text.replace(token, (match) => /^\/[/*]/.test(match) ? " " : match);
}
