import { relative } from "node:path"
import type { Orm, Stack } from "./stack.js"

export interface Wiring {
  readonly text: string
  /** What only the application's author can do, one step each. */
  readonly steps: readonly string[]
}

interface Where {
  /** The folder of the wiring. */
  readonly folder: string
  /** Of the policy file, without its ending. */
  readonly policy: string
  /** Of the generated client, without its ending. */
  readonly prismaModule: string | undefined
}

/** A file and the steps after it, for Express or Next in TypeScript; undefined for anything else. */
export function wiringFor(stack: Stack, where: Where): Wiring | undefined {
  if (!stack.typescript || stack.framework === undefined) return undefined
  return stack.framework === "next" ? nextWiring(stack.orm, where) : expressWiring(stack.orm, where)
}

/** Next resolves a path without an ending only; everything that follows Node wants `.js`. */
type Ending = "" | ".js"

function ormParts(
  orm: Orm | undefined,
  { folder, prismaModule }: Where,
  ending: Ending,
): [imports: string, db: string] {
  if (orm === "drizzle")
    return [
      'import { drizzle } from "drizzle-orm/node-postgres"\nimport { drizzleClient } from "wardkeep/drizzle"\n',
      "\nexport const db = drizzle({ client: drizzleClient(wk) })\n",
    ]
  if (orm !== "prisma") return ["", ""]
  const client = prismaModule === undefined ? "@prisma/client" : local(folder, prismaModule) + ending
  return [
    `import { PrismaPg } from "@prisma/adapter-pg"\nimport { prismaOn } from "wardkeep/prisma"\nimport { PrismaClient } from "${client}"\n`,
    "\n/** Prisma names tables with their schema: make one of these for each role, and `omit` in it what is hidden from that role. */\nexport const db = prismaOn(wk, new PrismaClient({ adapter: new PrismaPg({}) }))\n",
  ]
}

function local(from: string, to: string): string {
  const path = relative(from, to).replaceAll("\\", "/")
  return path.startsWith(".") ? path : `./${path}`
}

const neededText = `function needed(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(\`set \${name}\`)
  return value
}
`

const sessionsText = (issuer: string): string => `/**
 * Who is signed in, by the id in your cookie. Put your own store here: on the server's side, because a session holds tokens. Your
 * login fills it: \`sessions.set(id, await ${issuer}.issueSession({ actor, assignments, mfaAt, ttl: "PT8H" }))\`.
 */`

function expressWiring(orm: Orm | undefined, where: Where): Wiring {
  const [imports, db] = ormParts(orm, where, ".js")
  return {
    text: `import type { Request } from "express"
import { createIssuer, createWardkeep, type Session } from "wardkeep"
import { expressContext, expressErrors } from "wardkeep/express"
${imports}import policy from "./${where.policy}.js"

// Made by \`wardkeep init\`, and yours from now on.
${neededText}
export const wk = createWardkeep({ pool: { connectionString: needed("APP_DATABASE_URL") }, policy })
${db}
/** For the code that signs people in, and for no other. */
export const issuer = createIssuer({
  pool: { connectionString: needed("ISSUER_DATABASE_URL") },
  keyId: needed("WARDKEEP_KEY_ID"),
  key: needed("WARDKEEP_KEY"),
})

${sessionsText("issuer")}
export const sessions = new Map<string, Session>()
const idOf = ({ headers }: Request): string => /(?:^|;\\s*)sid=([^;]+)/.exec(headers.cookie ?? "")?.[1] ?? ""

/** Before your routes: \`app.use(inContext)\`. */
export const inContext = expressContext(wk, { session: (request: Request) => sessions.get(idOf(request)) })
/** Behind your routes: \`app.use(refusals)\`. */
export const refusals = expressErrors()
`,
    steps: [
      "app.use(inContext) before your routes, app.use(refusals) behind them",
      orm === undefined ? "ask with wk.query instead of your pool" : "ask with the db of this file",
      "after your own login: sessions.set(id, await issuer.issueSession(…))",
    ],
  }
}

function nextWiring(orm: Orm | undefined, where: Where): Wiring {
  const [imports, db] = ormParts(orm, where, "")
  return {
    text: `import { cookies, headers } from "next/headers"
import { createIssuer, createWardkeep, type Issuer, type Session } from "wardkeep"
import { nextContext, nextStore } from "wardkeep/next"
${imports}import policy from "./${where.policy}"

// Made by \`wardkeep init\`, and yours from now on.
${neededText}
function open() {
  const store = nextStore(headers)
  // \`next build\` loads this file without an environment, and nothing connects before it is used.
  const connectionString = process.env.APP_DATABASE_URL ?? "postgres://set-app-database-url.invalid/none"
  return {
    store,
    wk: createWardkeep({ pool: { connectionString }, policy, contextStore: store }),
    sessions: new Map<string, Session>(),
  }
}

// Next loads this file once for pages and once more for route handlers.
const kept = globalThis as typeof globalThis & { wardkeepOfThisApp?: ReturnType<typeof open>; issuerOfThisApp?: Issuer }
const { store, ...rest } = (kept.wardkeepOfThisApp ??= open())
export const { wk } = rest
${db}
${sessionsText("issuer()")}
export const { sessions } = rest

/** For the code that signs people in, and for no other: one in the process, made when it is first asked for. */
export const issuer = (): Issuer =>
  (kept.issuerOfThisApp ??= createIssuer({
    pool: { connectionString: needed("ISSUER_DATABASE_URL") },
    keyId: needed("WARDKEEP_KEY_ID"),
    key: needed("WARDKEEP_KEY"),
  }))

/** Around every page, route handler and server action that reads: \`clinic.component\`, \`clinic.route\`, \`clinic.action\`. */
export const clinic = nextContext(wk, {
  store,
  session: async () => sessions.get((await cookies()).get("sid")?.value ?? ""),
})
`,
    steps: [
      'serverExternalPackages: ["wardkeep"] in next.config.ts',
      "clinic.component around pages, clinic.route around route handlers, clinic.action around server actions",
      orm === undefined ? "ask with wk.query instead of your pool" : "ask with the db of this file",
      "after your own login: sessions.set(id, await issuer().issueSession(…))",
    ],
  }
}
