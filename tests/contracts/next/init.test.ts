import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"
import { runCli } from "#tests/cli/run-cli.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { run } from "#tests/snippets/workshop.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const database = useDatabase()
let folder: string

/** As `create-next-app` and an installation of Drizzle leave it, where Next is installed. */
beforeAll(async () => {
  folder = mkdtempSync(join(root, "tests/next/init-"))
  const dependencies = { next: "16", "drizzle-orm": "0.45", pg: "8", wardkeep: "*" }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ dependencies, devDependencies: { typescript: "5" } }))
  const compilerOptions = {
    ...{
      strict: true,
      noEmit: true,
      target: "ES2022",
      module: "esnext",
      moduleResolution: "bundler",
      jsx: "react-jsx",
    },
    ...{
      lib: ["dom", "dom.iterable", "esnext"],
      skipLibCheck: true,
      isolatedModules: true,
      typeRoots: [join(root, "node_modules/@types")],
    },
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["**/*.ts", "**/*.tsx"] }))
  await connected(database.ownerUrl, (client) =>
    client.query(`
      create table clinic (id uuid primary key);
      create table branch (id uuid primary key, clinic_id uuid not null references clinic);
      create table patient (clinic_id uuid not null, branch_id uuid not null, id uuid not null default gen_random_uuid(),
        full_name text not null, primary key (clinic_id, branch_id, id));`),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const compile = () => run(folder, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder])
const page = (read: string) => {
  mkdirSync(join(folder, "app/patients"), { recursive: true })
  const text = `import { pgTable, text, uuid } from "drizzle-orm/pg-core"
import { clinic, db } from "../../wardkeep"

const patient = pgTable("patient", { id: uuid("id").defaultRandom(), full_name: text("full_name").notNull() })
export default clinic.component(async () => {
  const rows = await db.select().from(patient)
  return <ul>{rows.map((row) => <li key={row.id}>{${read}}</li>)}</ul>
})
`
  writeFileSync(join(folder, "app/patients/page.tsx"), text)
}

test("what init writes for Next and Drizzle compiles in the application, with a page around it", {
  timeout: 240_000,
}, async () => {
  const env = { WARDKEEP_ADMIN_URL: database.ownerUrl }
  const made = await runCli(folder, ["init", "--yes"], env)
  expect(made).toMatchObject({ code: 0, stderr: "" })
  for (const said of ["+++ wardkeep.policy.ts", "+++ wardkeep.ts", "for Next and Drizzle", "serverExternalPackages"])
    expect(made.stdout).toContain(said)
  page("row.full_name")
  expect(await compile()).toEqual({ code: 0, output: "" })
  page("row.nothing")
  expect(await compile()).toMatchObject({ code: 2, output: expect.stringContaining("nothing") })
})
