// Prints what the program is made of as CycloneDX 1.6 JSON: its packages from deno.lock, which pins them by
// hash, and the runtime that it is compiled with. Source: cyclonedx.org/docs/1.6/json.

import config from "../../deno.json" with { type: "json" };

/** What of deno.lock matters here. */
interface Lock {
  readonly npm: Readonly<Record<string, { integrity: string }>>;
}

/** @param deno version of the runtime. */
export function billOfMaterials(deno: string): unknown {
  const lock: Lock = JSON.parse(
    Deno.readTextFileSync(new URL("../../deno.lock", import.meta.url)),
  );
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: { ...component("application", "blkcache", config.version), "bom-ref": "blkcache" },
    },
    components: [
      { ...component("platform", "deno", deno), purl: `pkg:github/denoland/deno@v${deno}` },
      ...Object.entries(lock.npm).map(([key, { integrity }]) => {
        const at = key.lastIndexOf("@");
        const [name, version] = [key.slice(0, at), key.slice(at + 1)];
        return {
          ...component("library", name, version),
          purl: `pkg:npm/${encodeURIComponent(name).replaceAll("%2F", "/")}@${version}`,
          hashes: [{ alg: "SHA-512", content: hexadecimal(integrity) }],
        };
      }),
    ],
  };
}

function component(type: string, name: string, version: string) {
  return { type, name, version };
}

/** A hash as npm writes it, `sha512-` and base64. */
function hexadecimal(integrity: string): string {
  const [, base64] = /^sha512-(.*)$/.exec(integrity) ?? [];
  if (base64 === undefined) throw new Error(`"${integrity}" is not SHA-512`);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).toHex();
}

if (import.meta.main) {
  console.log(JSON.stringify(billOfMaterials(Deno.version.deno), undefined, 2));
}
