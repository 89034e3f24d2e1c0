/** How a module is written. */
export type Language = "typescript" | "esm" | "commonjs"

export interface Imported {
  readonly from: string
  /** The default export, by this name. */
  readonly all?: string
  readonly names?: readonly string[]
  /** Names that only TypeScript asks for. */
  readonly types?: readonly string[]
}

/** A part of a module, as ES module. What is given to `type` stands in TypeScript, and in no JavaScript. */
export type Part = (type: (text: string) => string) => string

const exported = /^export (const|async function) (\w+)/gm

/** One text in each language: types are left out of JavaScript, and CommonJS gets `require` and `module.exports`. */
export function moduleText(language: Language, imports: readonly Imported[], part: Part): string {
  const isTyped = language === "typescript"
  const body = part((text) => (isTyped ? text : ""))
  if (language !== "commonjs") {
    const lines = imports.flatMap((one) => importLine(one, isTyped))
    return `${lines.join("\n")}\n\n${body}`
  }
  const lines = imports.flatMap(({ from, all, names = [] }) => {
    if (all !== undefined) return `const ${all} = require("${from}")`
    return names.length === 0 ? [] : `const { ${names.join(", ")} } = require("${from}")`
  })
  const named = [...body.matchAll(exported)].map(([, , name]) => name)
  const exports = named.length === 0 ? "" : `\nmodule.exports = { ${named.join(", ")} }\n`
  const text = body.replace(exported, "$1 $2").replace(/^export default /m, "module.exports = ")
  return `${lines.join("\n")}\n\n${text}${exports}`
}

function importLine({ from, all, names = [], types = [] }: Imported, isTyped: boolean): string[] {
  if (all !== undefined) return [`import ${all} from "${from}"`]
  if (!isTyped) return names.length === 0 ? [] : [`import { ${names.join(", ")} } from "${from}"`]
  if (names.length === 0) return [`import type { ${types.join(", ")} } from "${from}"`]
  return [`import { ${[...names, ...types.map((name) => `type ${name}`)].join(", ")} } from "${from}"`]
}
