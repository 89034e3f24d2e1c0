import { type Framework, frameworks, noFramework } from "./frameworks.js"
import { type Orm, orms, type Where, type Written } from "./orms.js"
import { type Imported, type Language, moduleText, type Part } from "./source.js"
import type { Stack } from "./stack.js"

export interface Wiring {
  readonly text: string
  /** What only the application's author can do, one step each. */
  readonly steps: readonly string[]
}

/** A module that wires what is there, and what is left to do. Without a known framework or ORM, a function and a `pg.Pool`. */
export function wiringFor(stack: Stack, language: Language, where: Where): Wiring {
  const isNext = stack.framework === "next"
  const framework: Framework = stack.framework === undefined ? noFramework : frameworks[stack.framework]
  const orm: Orm = orms[stack.orm ?? "pg"]
  const written: Written = { language, ending: isNext ? "" : ".js", where }
  const imports = imported(
    [...framework.imports, ...orm.imports(written)],
    isNext ? ["Issuer", "Session"] : ["Session"],
  )
  imports.push(policyOf(where.policy, isNext))
  return {
    text: moduleText(language, imports, isNext ? nextPart(orm, framework) : usualPart(orm, framework)),
    steps: [
      ...(stack.missing.length === 0 ? [] : [`npm install ${stack.missing.join(" ")}`]),
      ...(isNext ? [`serverExternalPackages: [${quoted(["wardkeep", ...unbundled(orm)])}] in next.config`] : []),
      ...[orm.further?.(written) ?? []].flat(),
      ...framework.steps,
      orm.step,
      ...stack.outside.map((name) => `${name} stays outside: its queries become db.query(text, values)`),
      `after your own login: sessions.set(id, await ${isNext ? "issuer()" : "issuer"}.issueSession(…))`,
    ],
  }
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ")

/** What chooses its driver while it runs, which no bundler can follow. */
const unbundled = ({ packages }: Orm): readonly string[] =>
  packages.filter((name) => ["knex", "sequelize", "typeorm", "@mikro-orm/postgresql"].includes(name))

/** Other people's packages, then Wardkeep's, then files of the application. */
function imported(of: readonly Imported[], types: readonly string[]): Imported[] {
  const names = ["createIssuer", "createWardkeep", ...(of.find(({ from }) => from === "wardkeep")?.names ?? [])]
  const [others, adapters, own]: [Imported[], Imported[], Imported[]] = [[], [], []]
  for (const one of of) {
    if (one.from.startsWith(".")) own.push(one)
    else if (one.from.startsWith("wardkeep/")) adapters.push(one)
    else if (one.from !== "wardkeep") others.push(one)
  }
  return [...others, { from: "wardkeep", names, types }, ...adapters, ...own]
}

function policyOf(name: string, isNext: boolean): Imported {
  const from = isNext ? name.replace(/\.\w+$/, "") : name.replace(/\.ts$/, ".js")
  return { from: `./${from}`, all: "policy" }
}

const neededPart: Part = (type) => `// Made by \`wardkeep init\`, and yours from now on.
function needed(name${type(": string")})${type(": string")} {
  const value = process.env[name]
  if (value === undefined) throw new Error(\`set \${name}\`)
  return value
}
`

const sessionsText = (issuer: string): string => `/**
 * Who is signed in, by the id in your cookie. Put your own store here: on the server's side, because a session holds tokens. Your
 * login fills it: \`sessions.set(id, await ${issuer}.issueSession({ actor, assignments, mfaAt, ttl: "PT8H" }))\`.
 */`

const issuerText = (indent: string): string =>
  [
    "createIssuer({",
    '  pool: { connectionString: needed("ISSUER_DATABASE_URL") },',
    '  keyId: needed("WARDKEEP_KEY_ID"),',
    '  key: needed("WARDKEEP_KEY"),',
    "})",
  ].join(`\n${indent}`)

const usualPart =
  (orm: Orm, framework: Framework): Part =>
  (type) =>
    `${neededPart(type)}
export const wk = createWardkeep({ pool: { connectionString: needed("APP_DATABASE_URL") }, policy })

${orm.db(type)}
/** For the code that signs people in, and for no other. */
export const issuer = ${issuerText("")}

${sessionsText("issuer")}
export const sessions = new Map${type("<string, Session>")}()
const idOf = (cookie${type(": string | undefined")})${type(": string")} => /(?:^|;\\s*)sid=([^;]+)/.exec(cookie ?? "")?.[1] ?? ""

${framework.context(type)}`

const nextPart =
  (orm: Orm, framework: Framework): Part =>
  (type) =>
    `${neededPart(type)}
function open() {
  const store = nextStore(headers)
  // \`next build\` loads this file without an environment, and nothing connects before it is used.
  const connectionString = process.env.APP_DATABASE_URL ?? "postgres://set-app-database-url.invalid/none"
  return {
    store,
    wk: createWardkeep({ pool: { connectionString }, policy, contextStore: store }),
    sessions: new Map${type("<string, Session>")}(),
  }
}

// Next loads this file once for pages and once more for route handlers.
const kept = globalThis${type(" as typeof globalThis & { wardkeepOfThisApp?: ReturnType<typeof open>; issuerOfThisApp?: Issuer }")}
const { store, ...rest } = (kept.wardkeepOfThisApp ??= open())
export const { wk } = rest

${orm.db(type)}
${sessionsText("issuer()")}
export const { sessions } = rest

/** For the code that signs people in, and for no other: one in the process, made when it is first asked for. */
export const issuer = ()${type(": Issuer")} =>
  (kept.issuerOfThisApp ??= ${issuerText("  ")})

${framework.context(type)}`
