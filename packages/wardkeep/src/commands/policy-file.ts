import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { extname, join, relative, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { type Policy, parsePolicy, WardkeepError } from "@wardkeep/core"
import { createJiti } from "jiti"

const extensions = [".ts", ".mts", ".js", ".mjs", ".json"]

export interface PolicyFile {
  readonly path: string
  readonly policy: Policy
}

/**
 * Loads a policy file: TypeScript without flags, JavaScript or JSON. Without a name it looks for
 * `wardkeep.policy.ts`, `.mts`, `.js`, `.mjs` or `.json` in the folder.
 *
 * @throws WK009 no such file · WK001 it does not parse, or is not a valid policy
 * @example const { policy } = await loadPolicy("wardkeep.policy.ts")
 */
export async function loadPolicy(name?: string, folder: string = process.cwd()): Promise<PolicyFile> {
  const path = find(name, folder)
  const shown = relative(folder, path)
  const found = extname(path) === ".json" ? await readJson(path, shown) : await importModule(path, shown)
  return { path, policy: resolved(found, shown) }
}

function find(name: string | undefined, folder: string): string {
  if (name !== undefined) {
    const path = resolve(folder, name)
    if (!extensions.includes(extname(path))) {
      throw new WardkeepError("WK009", {
        message: `${name} is not a policy file`,
        hint: `Name a file that ends in ${extensions.join(", ")}.`,
      })
    }
    if (existsSync(path)) return path
    throw new WardkeepError("WK009", {
      message: `there is no policy file ${name}`,
      hint: "Correct --policy, or run `wardkeep init`.",
    })
  }
  const path = extensions
    .map((extension) => join(folder, `wardkeep.policy${extension}`))
    .find((file) => existsSync(file))
  if (path !== undefined) return path
  throw new WardkeepError("WK009", {
    message: "there is no policy file wardkeep.policy.ts here",
    hint: "Run `wardkeep init`, or name the file with --policy.",
  })
}

async function readJson(path: string, shown: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"))
  } catch (cause) {
    throw unreadable(shown, cause)
  }
}

async function importModule(path: string, shown: string): Promise<unknown> {
  const jiti = createJiti(pathToFileURL(path).href, { fsCache: false, moduleCache: false, alias: ownCopy(path) })
  let module: unknown
  try {
    module = await jiti.import(path)
  } catch (cause) {
    throw unreadable(shown, cause)
  }
  const found = exportedBy(module)
  if (found !== undefined) return found
  throw new WardkeepError("WK001", {
    message: `${shown} has no default export`,
    hint: "Write `export default definePolicy({ … })`.",
  })
}

/** The default export, or what CommonJS exports as a whole. */
function exportedBy(module: unknown): unknown {
  if (typeof module !== "object" || module === null) return undefined
  if ("default" in module) return module.default
  const isEsModule = "__esModule" in module || Object.prototype.toString.call(module) === "[object Module]"
  return isEsModule ? undefined : module
}

/** A policy file works without an installation beside it, as under `npx wardkeep`. */
function ownCopy(path: string): Record<string, string> {
  const name = "wardkeep/policy"
  try {
    createRequire(path).resolve(name)
    return {}
  } catch {
    return { [name]: createRequire(import.meta.url).resolve(name) }
  }
}

function unreadable(shown: string, cause: unknown): unknown {
  if (cause instanceof WardkeepError) {
    return new WardkeepError(cause.code, { message: `${shown}: ${cause.message}`, hint: cause.hint, cause })
  }
  const what = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : "it threw something that is no error"
  return new WardkeepError("WK001", {
    message: `${shown} cannot be read: ${what}`,
    hint: "Correct the file; nothing was changed.",
    cause,
  })
}

/** What `definePolicy` returned, or the plain document that it takes. */
function resolved(found: unknown, shown: string): Policy {
  if (isPolicy(found)) return found
  try {
    return parsePolicy(found)
  } catch (cause) {
    throw unreadable(shown, cause)
  }
}

function isPolicy(found: unknown): found is Policy {
  return typeof found === "object" && found !== null && "tables" in found && found.tables instanceof Map
}
