import { createHash } from "node:crypto"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { shell, style } from "./src/verify/page/shell.ts"

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const sha256 = (text: string): string => createHash("sha256").update(text).digest("base64")

/** The page that verifies a bundle: one file, made from the verifier's own sources, with other cryptography under them. */
export async function verifierPage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [here("src/verify/page/page.ts")],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    platform: "browser",
    target: ["es2022"],
    charset: "ascii",
    legalComments: "inline",
    conditions: ["@wardkeep/source", "browser"],
    inject: [here("src/verify/page/buffer.ts")],
    plugins: [
      {
        name: "cryptography",
        setup({ onResolve }) {
          onResolve({ filter: /^node:crypto$/ }, () => ({ path: here("src/verify/page/crypto.ts") }))
        },
      },
    ],
  })
  // The only text that would end the script early.
  const script = (outputFiles[0]?.text ?? "").replaceAll("</script", "<\\/script").trim()
  return shell(script, { script: sha256(script), style: sha256(style) })
}
