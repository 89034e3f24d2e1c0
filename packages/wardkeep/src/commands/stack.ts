import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { WardkeepError } from "@wardkeep/core"

export type Framework = "next" | "express"
export type Orm = "prisma" | "drizzle"

/** What an application is made of, as far as `init` writes for it. */
export interface Stack {
  readonly framework: Framework | undefined
  readonly orm: Orm | undefined
  readonly typescript: boolean
  /** Packages that have an adapter and a guide, and nothing that `init` writes. */
  readonly others: readonly string[]
}

const guided = ["@nestjs/core", "fastify", "hono", "kysely", "knex", "sequelize", "typeorm", "@mikro-orm/postgresql"]

/**
 * Reads `package.json` of an application, and nothing of its code.
 *
 * @throws WK009 it is no JSON
 */
export function detectStack(folder: string): Stack {
  const file = join(folder, "package.json")
  const has = new Set(existsSync(file) ? dependenciesIn(readFileSync(file, "utf8")) : [])
  const first = <T extends string>(found: Readonly<Record<T, readonly string[]>>): T | undefined =>
    (Object.keys(found) as T[]).find((name) => found[name].some((one) => has.has(one)))
  return {
    framework: first({ next: ["next"], express: ["express"] }),
    orm: first({ prisma: ["@prisma/client", "prisma"], drizzle: ["drizzle-orm"] }),
    typescript: has.has("typescript"),
    others: guided.filter((name) => has.has(name)),
  }
}

function dependenciesIn(text: string): string[] {
  try {
    const { dependencies, devDependencies } = JSON.parse(text) as Record<string, object | undefined>
    return [...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {})]
  } catch (cause) {
    throw new WardkeepError("WK009", { message: "package.json is no JSON", hint: "Correct it first.", cause })
  }
}

/** The module of the client that Prisma generates, as its schema says; undefined where it is in `@prisma/client`. */
export function prismaModule(folder: string): string | undefined {
  for (const at of ["prisma", "."]) {
    const file = join(folder, at, "schema.prisma")
    if (!existsSync(file)) continue
    const generators = readFileSync(file, "utf8").match(/^\s*generator\s+\w+\s*\{[^}]*\}/gm) ?? []
    const said = (generator: string, name: string) =>
      new RegExp(`^\\s*${name}\\s*=\\s*"([^"]+)"`, "m").exec(generator)?.[1]
    for (const generator of generators) {
      const [provider, output] = [said(generator, "provider"), said(generator, "output")]
      // The older generator writes `index.js`, the one of Prisma 7 `client.ts`. Others make no client.
      if (provider === "prisma-client-js") return output && join(folder, at, output, "index")
      if (provider === "prisma-client") return output && join(folder, at, output, "client")
    }
  }
  return undefined
}
