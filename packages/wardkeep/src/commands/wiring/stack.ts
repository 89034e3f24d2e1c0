import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { WardkeepError } from "@wardkeep/core"
import { type FrameworkName, frameworks } from "./frameworks.js"
import { type OrmName, orms, type PrismaClientAt } from "./orms.js"

/** What an application is made of. */
export interface Stack {
  readonly framework: FrameworkName | undefined
  readonly orm: OrmName | undefined
  readonly typescript: boolean
  /** What JavaScript it writes, and Node.js takes a file in `.js` for. */
  readonly modules: "esm" | "commonjs"
  /** Others that have an adapter, and for which nothing is written beside these. */
  readonly others: readonly string[]
  /** What the written module imports, and package.json lacks. */
  readonly missing: readonly string[]
  /** Drivers that no adapter can put under the fence. */
  readonly outside: readonly string[]
}

interface Known {
  readonly title: string
  readonly packages: readonly string[]
}

const typescript = ["typescript", "tsx", "ts-node"]
const outside = ["postgres"]

/**
 * Reads `package.json` of an application, and nothing of its code. Undefined where there is none.
 *
 * @throws WK009 it is no JSON
 */
export function detectStack(folder: string): Stack | undefined {
  const file = join(folder, "package.json")
  if (!existsSync(file)) return undefined
  const { names, type } = manifestOf(readFileSync(file, "utf8"))
  const found = <Name extends string>(table: Readonly<Record<Name, Known>>): Name[] =>
    (Object.keys(table) as Name[]).filter((name) => table[name].packages.some((one) => names.has(one)))
  const [framework, ...otherFrameworks] = found(frameworks)
  const [orm, ...otherOrms] = found(orms)
  const needs: readonly string[] = orm === undefined ? [] : orms[orm].needs
  return {
    framework,
    orm,
    typescript: typescript.some((one) => names.has(one)) || existsSync(join(folder, "tsconfig.json")),
    // Next compiles every file as ES module.
    modules: type === "module" || framework === "next" ? "esm" : "commonjs",
    others: [
      ...otherFrameworks.map((name) => frameworks[name].title),
      // Most ORMs want the driver beside them.
      ...otherOrms.filter((name) => name !== "pg").map((name) => orms[name].title),
    ],
    missing: ["wardkeep", ...needs].filter((one) => !names.has(one)),
    outside: orm === undefined || orm === "pg" ? outside.filter((one) => names.has(one)) : [],
  }
}

function manifestOf(text: string): { readonly names: ReadonlySet<string>; readonly type: unknown } {
  try {
    const { dependencies, devDependencies, type } = JSON.parse(text) as Record<string, object | undefined>
    return { names: new Set([dependencies, devDependencies].flatMap((each) => Object.keys(each ?? {}))), type }
  } catch (cause) {
    throw new WardkeepError("WK009", { message: "package.json is no JSON", hint: "Correct it first.", cause })
  }
}

/** Where Prisma generates its client, as its schema says; undefined where it is in `@prisma/client`. */
export function prismaClientAt(folder: string): PrismaClientAt | undefined {
  for (const at of ["prisma", "."]) {
    const file = join(folder, at, "schema.prisma")
    if (!existsSync(file)) continue
    const generators = readFileSync(file, "utf8").match(/^\s*generator\s+\w+\s*\{[^}]*\}/gm) ?? []
    const said = (generator: string, name: string) =>
      new RegExp(`^\\s*${name}\\s*=\\s*"([^"]+)"`, "m").exec(generator)?.[1]
    for (const generator of generators) {
      const [provider, output] = [said(generator, "provider"), said(generator, "output")]
      // Others make no client.
      if (provider !== "prisma-client-js" && provider !== "prisma-client") continue
      return output === undefined ? undefined : { folder: join(folder, at, output), generator: provider }
    }
  }
  return undefined
}
