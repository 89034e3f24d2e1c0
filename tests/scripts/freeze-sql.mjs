/**
 * Writes sql/migrations of each package that has them from its sql/objects.
 *
 * Before the first release there is one migration: the objects, one after the other. Afterwards migrations are frozen:
 * what changed in a function goes into the next file as CREATE OR REPLACE; a changed table needs a hand.
 *
 *   node tests/scripts/freeze-sql.mjs           writes
 *   node tests/scripts/freeze-sql.mjs --check   only says whether there is something to write (exit code 1)
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const packages = join(dirname(fileURLToPath(import.meta.url)), "../../packages")
/** The first migration of each package. */
const first = { postgres: "0001_context.sql", audit: "0001_audit.sql", consent: "0001_consent.sql" }

/** A function with everything said about it, or any other statement. */
const piece =
  /^create (?:or replace )?function [\s\S]*?;\s*^comment on function [\s\S]*?';$|^(?:create|alter|comment|grant|revoke)[\s\S]*?;$/gm

const read = (folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("")

const pieces = (text) =>
  [...text.matchAll(piece)].map(([match]) => match.replace(/^create or replace function/, "create function"))

function changedPieces(objects, migrations) {
  const frozen = new Set(pieces(read(migrations)))
  const changed = pieces(read(objects)).filter((text) => !frozen.has(text))
  const byHand = changed.filter((text) => !text.startsWith("create function"))
  if (byHand.length > 0) {
    console.error(`These are not functions; write their migration by hand:\n\n${byHand.join("\n\n")}`)
    process.exit(2)
  }
  return changed.map((text) => text.replace(/^create function/, "create or replace function"))
}

function target(name, objects, migrations) {
  const released = JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8")).version !== "0.0.0"
  if (!released) return { file: first[name], text: read(objects) }
  const changed = changedPieces(objects, migrations)
  if (changed.length === 0) return undefined
  const last = readdirSync(migrations).sort().at(-1) ?? "0000"
  return {
    file: `${String(Number(last.slice(0, 4)) + 1).padStart(4, "0")}_functions.sql`,
    text: `${changed.join("\n\n")}\n`,
  }
}

function freeze(name) {
  const objects = join(packages, name, "sql/objects")
  const migrations = join(packages, name, "sql/migrations")
  const wanted = target(name, objects, migrations)
  if (wanted === undefined || present(join(migrations, wanted.file)) === wanted.text)
    console.log(`${name}: the migrations hold every object`)
  else if (process.argv.includes("--check")) {
    console.error(`${wanted.file} is not what the objects say: run node tests/scripts/freeze-sql.mjs`)
    process.exitCode = 1
  } else {
    writeFileSync(join(migrations, wanted.file), wanted.text)
    console.log(`wrote ${wanted.file}`)
  }
}

function present(file) {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}

for (const name of Object.keys(first)) freeze(name)
