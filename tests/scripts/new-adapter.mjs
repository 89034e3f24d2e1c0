import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { root } from "./run.mjs"

// `npm run new:adapter -- NAME LIBRARY VERSION`: the files of an adapter for an ORM. It fails the contract until it is written.

/** Every file that is new or changed, by its path from the root. */
export function newAdapter(folder, { name, library, version }) {
  if (!/^[a-z][a-z0-9]*$/.test(name ?? "")) throw new Error(`${name}: a name is small letters and digits`)
  if (!/^(@[a-z0-9-]+\/)?[a-z0-9.-]+$/.test(library ?? "")) throw new Error(`${library}: not a package's name`)
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+$/.exec(version ?? "") ?? []
  if (minor === undefined) throw new Error(`${version}: a version is exact, such as 1.2.3`)
  const source = `packages/adapters/src/${name}/index.ts`
  if (existsSync(join(folder, source))) throw new Error(`${source} is there already`)
  const read = (path) => readFileSync(join(folder, path), "utf8")
  const json = (path, change) => {
    const manifest = JSON.parse(read(path))
    change(manifest)
    return [path, `${JSON.stringify(manifest, null, 2)}\n`]
  }
  // As a caret reads it: below 1.0 the minor version counts.
  const range = `^${major}.${minor}.0`
  const below = major === "0" ? [0, Number(minor) + 1] : [Number(major) + 1, 0]
  const exported = (at) => (manifest) => {
    const entry = entryOf(name)
    manifest.exports = beforeLast(manifest.exports, `./${name}`, { "@wardkeep/source": at, ...entry })
    manifest.publishConfig.exports = beforeLast(manifest.publishConfig.exports, `./${name}`, entry)
    manifest.peerDependencies = sorted({ ...manifest.peerDependencies, [library]: range })
    manifest.peerDependenciesMeta = sorted({ ...manifest.peerDependenciesMeta, [library]: { optional: true } })
  }
  const tested = "tests/contracts/adapters/orms"
  return new Map([
    [source, adapterText(name, library, [Number(major), Number(minor)], below)],
    [`packages/wardkeep/src/adapters/${name}.ts`, `export * from "@wardkeep/adapters/${name}"\n`],
    json("packages/adapters/package.json", (manifest) => {
      exported(`./src/${name}/index.ts`)(manifest)
      manifest.devDependencies = { ...manifest.devDependencies, [library]: version }
    }),
    json("packages/wardkeep/package.json", exported(`./src/adapters/${name}.ts`)),
    json("tests/package.json", (manifest) => {
      manifest.dependencies = sorted({ ...manifest.dependencies, [library]: version })
    }),
    [`${tested}/${name}.ts`, subjectText(name, library)],
    [`${tested}/index.ts`, registered(read(`${tested}/index.ts`), name)],
    ["docs/guides/orms.md", documented(read("docs/guides/orms.md"), name, library)],
  ])
}

const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))

/** The manifest itself stays the last of what a package exports. */
function beforeLast(exported, key, value) {
  const { "./package.json": last, ...others } = exported
  return { ...others, [key]: value, "./package.json": last }
}

const entryOf = (name) => ({
  import: { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
  require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
})

const adapterText = (name, library, from, below) => `/**
 * ${library}: its queries and transactions in the caller's context.
 *
 * @module
 */
import type { Pool } from "pg"
import { requirePeer } from "../peer.js"
import type { Pooled } from "../pool.js"

export type { Pooled } from "../pool.js"

/**
 * Where ${library} takes its connections from. The context is the one in force when a query is awaited.
 *
 * @throws WK009 another version than it accepts
 * @example const pool = ${name}Pool(wk)
 */
export function ${name}Pool(wk: Pooled): Pool {
  requirePeer("${library}", { from: [${from.join(", ")}], below: [${below.join(", ")}] })
  return wk.pool
}
`

const subjectText = (name, library) => `import { ${name}Pool } from "@wardkeep/adapters/${name}"
import type { Orm, OrmSubject } from "../orm.ts"

/** What people do with ${library}, each in the way its documentation shows: see the other files of this folder. */
function write(pool: ReturnType<typeof ${name}Pool>): Orm {
  throw new Error(\`${name} does nothing yet with \${pool.constructor.name}: write what the contract asks for\`)
}

export const ${name}Subject: OrmSubject = {
  name: "${name}",
  library: "${library}",
  call: "${name}Pool(wk)",
  open: (wk) => write(${name}Pool(wk)),
}
`

function registered(text, name) {
  const last = text.lastIndexOf("\n]")
  const head = text.indexOf("\n\nexport const")
  const imported = `\nimport { ${name}Subject } from "./${name}.ts"`
  return `${text.slice(0, head)}${imported}${text.slice(head, last)}\n  ${name}Subject,${text.slice(last)}`
}

const documented = (text, name, library) =>
  text.replace(
    "## What holds for all of them",
    `## ${library}\n\n\`${name}Pool(wk)\` of \`wardkeep/${name}\` is not written yet.\n\n## What holds for all of them`,
  )

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, library, version] = process.argv.slice(2)
  for (const [path, text] of newAdapter(root, { name, library, version })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    process.stdout.write(`${path}\n`)
  }
  process.stdout.write(
    "\nNow: npm run format; pnpm install; the contract in tests/contracts/adapters fails until the subject is written; npm run docs\n",
  )
}
