import { readFileSync } from "node:fs"
import type { FrameworkSubject } from "../contracts/adapters/framework.ts"
import { type FrameworkCase, frameworkCases } from "../contracts/adapters/framework-cases.ts"
import { frameworkSubjects } from "../contracts/adapters/frameworks/index.ts"
import type { OrmSubject } from "../contracts/adapters/orm.ts"
import { type OrmCase, ormCases } from "../contracts/adapters/orm-cases.ts"
import { ormSubjects } from "../contracts/adapters/orms/index.ts"

import { type Outcome, outcomes } from "../contracts/orm-tools/outcomes.ts"
import { nodeTable } from "./node-table.ts"
import { table } from "./table.ts"

interface Manifest {
  readonly version: string
  readonly dependencies: Record<string, string>
  readonly peerDependencies: Record<string, string>
}
type Subject = OrmSubject | FrameworkSubject

const ormTexts: Readonly<Record<OrmCase, string>> = {
  "without a context": "without a context, reads, writes and transactions are refused (WK101)",
  "500 interleaved requests":
    "500 interleaved requests of two tenants, single statements and transactions: nobody sees the other's rows",
  "one row by its key, asked by two tenants at once":
    "one row by its key, asked for by its tenant and by another in the same tick: the other gets nothing",
  rollback: "a transaction that throws leaves nothing",
  "transaction inside a transaction": "a transaction inside a transaction is a savepoint",
  "inside wk.tx": "inside `wk.tx` it is refused (WK103): it would use another connection",
  "connection after an error": "after errors, inside transactions and outside, connections come back clean",
  "raw SQL": "raw SQL is fenced too, in reading and in writing, and cannot change the role",
  "read all columns": "reading all columns: those hidden from the role are NULL",
  create: "creating a row and getting its key back",
  save: "changing one column of a row",
  "eager loading": "loading a patient with their visits",
  upsert: "upsert of a row that is there",
  "awaited after its context":
    "a query that is begun after its context has ended is refused (WK101), and in another context it is the other's",
  "prepared statements": "prepared statements of two tenants in turn over the same connections",
}

const frameworkTexts: Readonly<Record<FrameworkCase, string>> = {
  "without a session": "without a session, what reads or writes answers 401, WK101",
  "500 interleaved requests": "500 interleaved requests of two tenants: nobody sees the other's rows",
  "a body that is read first": "a body of 90 kB is read after the context was opened, and the context is still there",
  rollback: "a handler that throws inside `wk.tx` leaves nothing",
  "a refused session": "an ended session answers 401, WK102, a branch of somebody else 403, WK105",
  "a session store that fails": "a session store that fails reaches the application's own error handler",
  "a caller who hangs up": "callers who hang up give every connection back",
}

const read = (path: string): Manifest =>
  JSON.parse(readFileSync(new URL(`../../${path}/package.json`, import.meta.url), "utf8"))
const peers = read("packages/adapters").peerDependencies
const packageOf = ({ library }: Subject): string => library.replace("express4", "express")
const subpathOf = (subject: Subject): string =>
  packageOf(subject)
    .replace(/^@prisma\/client$/, "prisma")
    .replace(/^@mikro-orm\/postgresql$/, "mikroorm")
    .replace(/^@nestjs\/core$/, "nestjs")
    .replace(/-orm$/, "")

/** What tests/contracts/identity signs people in with. */
const bridges: readonly (readonly [name: string, subpath: string, library: string, peer: string, call: string])[] = [
  ["JWT with its keys (JWKS)", "jwt", "jose", "jose", "jwtIdentity({ issuer, audience })"],
  ["OpenID Connect, ID token of the code flow", "oidc", "oidc-provider", "jose", "oidcIdentity({ issuer, clientId })"],
  ["better-auth", "better-auth", "better-auth", "better-auth", "betterAuthIdentity(auth, { mfaAt })"],
  ["Auth.js", "auth-js", "@auth/core", "@auth/core", "authJsIdentity({ mfaAt })"],
]

/** docs/reference/adapters.md: what the contract suite demands of each adapter, works and exceptions alike. */
export function adaptersPage(): string {
  const reasons: string[] = []
  const noted = (subject: OrmSubject, name: OrmCase): string => {
    const exception = subject.exceptions?.[name]
    if (exception === undefined) return "yes"
    const text = `${subject.name} ${exception.why}.`
    if (!reasons.includes(text)) reasons.push(text)
    return `no (${reasons.indexOf(text) + 1})`
  }
  const orms = (Object.keys(ormCases) as OrmCase[]).map((name) => [
    ormTexts[name],
    ...ormSubjects.map((subject) => noted(subject, name)),
  ])
  const frameworks = (Object.keys(frameworkCases) as FrameworkCase[]).map((name) => [
    frameworkTexts[name],
    ...frameworkSubjects.map(() => "yes"),
  ])
  const all: readonly Subject[] = [...ormSubjects, ...frameworkSubjects]
  const versions = all.map((subject) => [
    subject.name,
    `\`wardkeep/${subpathOf(subject)}\``,
    read(`tests/node_modules/${subject.library}`).version,
    `\`${peers[packageOf(subject)]?.replaceAll("|", "\\|")}\``,
    `\`${subject.call}\``,
  ])
  // It has a folder of its own, which is not installed with the others.
  versions.push([
    "Next, app router",
    "`wardkeep/next`",
    read("tests/next").dependencies.next ?? "",
    `\`${peers.next}\``,
    "`nextContext(wk, { store, session, scope, refused })`",
  ])
  const identities = bridges.map(([name, subpath, library, peer, call]) => [
    name,
    `\`wardkeep/${subpath}\``,
    `${library} ${read(`tests/node_modules/${library}`).version}`,
    `${peer} \`${peers[peer]}\``,
    `\`${call}\``,
  ])
  const kit = read("tests/orm-tools").dependencies["drizzle-kit"]
  const tools = Object.values<Outcome>(outcomes).map(({ command, library, does, doctor, instead }) => [
    command,
    library === "drizzle-kit" ? `${kit}` : read(`tests/node_modules/${library}`).version,
    does,
    doctor,
    instead,
  ])
  const notes = all.flatMap(({ name, notes = [] }) => notes.map((note) => `- **${name}.** ${note}`))
  return `<!-- Made from tests/contracts/adapters. Change it there, then run: npm run docs -->
# Adapters

Every line is demanded by one contract suite on a real server, through the application's own login, as a role that may see and
change a part of the columns: \`tests/contracts/adapters/adapters.db.test.ts\`. What is a "no" here must fail there, in the way
it says; a "no" that begins to work turns the suite red, and so does this page when it is not what the suite demands. The suite
runs on Node.js 20 and PostgreSQL 18; on [22 and 24](#nodejs) by \`npm run nodes\`, on PostgreSQL 15 by \`npm run servers\`. How to use them: [orms.md](../guides/orms.md).

## Versions

${table(["", "import from", "tested with", "accepted", "call"], versions)}

An adapter refuses another version when it is set up (WK009), where it can find the library's package.json. None of the
libraries is installed with Wardkeep.

\`pg\` needs no adapter: \`wk.pool\` is a \`pg.Pool\`.

## ORMs and query builders

${table(["", ...ormSubjects.map(({ name }) => name)], orms)}

${reasons.map((text, n) => `${n + 1}. ${text}`).join("\n")}

## Frameworks

${table(["", ...frameworkSubjects.map(({ name }) => name)], frameworks)}

## Who is it

${table(["", "import from", "tested with", "accepted", "call"], identities)}

From the host's own sign-in to \`issueSession\`, on the same server: \`tests/contracts/identity\`. Refused there: no algorithm, a shared
secret, another audience, issuer, type, key or signature, no end, an end that is past, an unknown key (without a storm of
questions), another nonce, another client, a second factor that is too old or none. How to: [sign-in.md](../guides/sign-in.md).

## Next

Every line of the table of frameworks is demanded of Next's route handlers too, on Next's own production server over what
\`next build\` made, and besides, in \`tests/contracts/next\`: 500 interleaved requests of two tenants for one page; pages and
answers are \`private, no-store\`; kept rows come back to the same context only, by \`unstable_cache\` and by \`"use cache"\`;
seven ways to keep them wrongly are refused; a server action with another tenant's payload changes nothing; with an ended session
it answers the refusal and the form's fields.

**By hand, with \`npm run next\`**: Next is 340 MB, and so is not installed for \`npm test\`.

## Node.js

${nodeTable()}

By hand, with \`npm run nodes\`: the same tests as on Node.js 20, where \`npm test\` runs them on every change. These are what the
last run on each counted.

## Besides

${notes.join("\n")}

**Not here: postgres.js.** It speaks the protocol itself and takes no connection from elsewhere, but for a bare socket: a context
that Wardkeep sets, the record of what was read and the check of what came back would not happen on it. With the
application's login it is refused (the suite shows it), so it cannot be used by mistake. Drizzle on it changes one line,
\`drizzle({ client: drizzleClient(wk) })\`, and keeps its models and queries; tagged templates become
\`wk.query(text, values)\`.

## Migration tools

Tools that compare the whole schema see what Wardkeep added and take it for a mistake. Run as the owner on an applied clinic,
**by hand, with \`npm run orm-tools\`**. Whatever you use: \`wardkeep doctor\` after each deployment.

${table(["", "with", "what it does", "`wardkeep doctor`", "do instead"], tools)}

Knex and Kysely have no such tool. Prisma's engine is a program that its command line fetches from a server of its own at the
first call. Here its place is taken by the same engine of the same commit, as Prisma publishes it in WebAssembly
(\`@prisma/schema-engine-wasm\`), behind Prisma's own driver adapter for \`pg\`, which had to be told of the catalog's type \`"char"\`; the
program itself was not run.
`
}
