import { spawnSync } from "node:child_process"
import { readdir, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import {
  emptyFolder,
  hostTables,
  newDeployment,
  policyText,
  runCli,
  wardkeepBin,
  writePolicy,
} from "#tests/cli/run-cli.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { init } from "../commands/init.js"

const database = useDatabase()
let folder = ""

beforeAll(async () => {
  folder = await emptyFolder()
  await writePolicy(folder, newDeployment())
  await connected(database.ownerUrl, (client) => client.query(hostTables))
})

function withPassword(url: string, password: string): string {
  const changed = new URL(url)
  changed.password = password
  return changed.href
}

describe("a database that cannot be reached", () => {
  it("is WK005 with exit code 3, without the password and without a stack", async () => {
    const secret = "hunter2hunter2"
    const urls = [
      withPassword(database.ownerUrl, secret),
      `postgres://asha:${secret}@127.0.0.1:1/clinic`,
      `postgres://asha:${secret}@no-such-host.invalid/clinic`,
      withPassword(database.ownerUrl.replace(database.databaseName, "no_such_database"), secret),
    ]
    for (const url of urls) {
      for (const args of [["migrate"], ["plan"], ["doctor", "--json"], ["init", "--out", "x.ts"]]) {
        const ran = await callCli(folder, [...args, "--database-url", url])
        expect(ran.code, `${args[0]} ${ran.stderr}`).toBe(3)
        const text = ran.stdout + ran.stderr
        expect(text).toContain("WK005")
        expect(text).not.toContain(secret)
        expect(text).not.toMatch(/\n\s+at /)
      }
    }
  })

  it("is a wrong option when there is no URL, or it is not PostgreSQL's", async () => {
    expect(await runCli(folder, ["plan"])).toMatchObject({ code: 2, stdout: "" })
    for (const url of ["mysql://asha:secret@host/db", "not a url"]) {
      const ran = await callCli(folder, ["plan", "--database-url", url])
      expect(ran.code).toBe(2)
      expect(ran.stderr).toContain("WK009")
      expect(ran.stderr).not.toContain("secret")
    }
  })
})

describe("a policy file", () => {
  const plan = async (name: string, text: string) => {
    await writeFile(join(folder, name), text)
    return await callCli(folder, ["migrate", "--policy", name, "--database-url", database.ownerUrl])
  }

  it("that does not parse, exports nothing, or is not valid is WK001 with the place", async () => {
    const cases: [string, string, string][] = [
      ["broken.ts", "export default definePolicy({", "broken.ts cannot be read"],
      ["empty.ts", "export const policy = 1", "has no default export"],
      ["throws.ts", "throw new Error('not today')", "not today"],
      ["broken.json", "{ not json", "broken.json cannot be read"],
      ["wrong.json", "{}", "tenancy"],
      ["whole.js", "module.exports = {}", "tenancy"],
      ["wrong.ts", policyText("x").replace("scope: 'branch'", "scope: 'brunch'"), "write scope:"],
    ]
    for (const [name, text, expected] of cases) {
      const ran = await plan(name, text)
      expect(ran.code, name).toBe(2)
      expect(ran.stderr).toContain("WK001")
      expect(ran.stderr).toContain(expected)
      expect(ran.stderr).not.toMatch(/\n\s+at .*:\d+:\d+/)
    }
  })

  it("that is missing or has another ending is a wrong option", async () => {
    for (const name of ["nowhere.ts", "policy.yaml"]) {
      const ran = await callCli(folder, ["migrate", "--policy", name, "--database-url", database.ownerUrl])
      expect(ran).toMatchObject({ code: 2 })
      expect(ran.stderr).toContain("WK009")
    }
  })

  it("that names unknown tables or columns is WK002, after an installation that stays", async () => {
    const deployment = newDeployment()
    const env = { WARDKEEP_ADMIN_URL: database.ownerUrl }
    const here = await emptyFolder()
    await writePolicy(here, deployment, "patient: { scope: 'branch' }, ghost: { scope: 'branch' }")
    expect((await callCli(here, ["migrate"], env)).stdout).toContain("no password")
    await connected(database.ownerUrl, async (client) => {
      for (const table of ["clinic", "branch", "patient"])
        await client.query(`alter table ${table} owner to wk_${deployment}_owner`)
    })
    const ran = await callCli(here, ["plan"], env)
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain("table public.ghost is in the policy file and not in the database")
    const diagnosed = await callCli(here, ["doctor", "--json"], env)
    expect(diagnosed.code).toBe(1)
    expect(diagnosed.stdout).toContain("plan-refused-WK002")
  })
})

describe("init", () => {
  it("writes a policy that migrate accepts, and never overwrites it", async () => {
    const here = await emptyFolder()
    const env = { WARDKEEP_ADMIN_URL: database.ownerUrl }
    const unasked = await callCli(here, ["init"], env)
    expect(unasked).toMatchObject({ code: 2, stdout: "" })
    expect(unasked.stderr).toContain("wardkeep.policy.ts would be written, and nobody was asked")
    const first = await callCli(here, ["init", "--yes"], env)
    expect(first).toMatchObject({ code: 0, stderr: "" })
    expect(first.stdout).toContain("1 tables of a branch, 2 of a tenant, 1 left unmanaged")
    expect(await runCli(here, ["init", "--yes"], env)).toMatchObject({ code: 2, stdout: "" })
    const json = await callCli(here, ["init", "--yes", "--out", "policy.json", "--json"], env)
    expect(JSON.parse(json.stdout).tenancy).toEqual({
      tenant: "clinic",
      branch: "branch",
      columns: { tenant: "clinic_id", branch: "branch_id" },
    })
    for (const name of ["wardkeep.policy.ts", "policy.json"]) {
      const ran = await callCli(here, ["plan", "--policy", name], env)
      expect(ran.stderr, name).not.toContain("WK001")
    }
  })

  it("leaves a file that has the wiring's name as it is, and says why there is no wiring", async () => {
    const here = await emptyFolder()
    const wardkeep = join(here, "wardkeep.ts")
    await writeFile(
      join(here, "package.json"),
      '{ "dependencies": { "express": "5" }, "devDependencies": { "typescript": "5" } }',
    )
    const init = async (...args: string[]) =>
      await callCli(here, ["init", "--yes", ...args], { WARDKEEP_ADMIN_URL: database.ownerUrl })
    for (const [out, why] of [
      ["wardkeep.ts", "the name wardkeep.ts is taken"],
      ["policy.json", "it needs a policy file in .ts, .js or .mjs, and policy.json is another"],
      ["policy.mts", "it needs a policy file in .ts, .js or .mjs, and policy.mts is another"],
    ] as const) {
      const ran = await init("--out", out)
      expect(ran, out).toMatchObject({ code: 0, stderr: "" })
      expect(ran.stdout).toContain(`No wiring: ${why}`)
    }
    expect(await readFile(wardkeep, "utf8")).toContain("definePolicy")
    await writeFile(wardkeep, "mine")
    const beside = await init()
    expect(beside).toMatchObject({ code: 0, stderr: "" })
    expect(beside.stdout).toContain("the name wardkeep.ts is taken")
    expect(await readFile(wardkeep, "utf8")).toBe("mine")
    // A link that leads nowhere is not followed.
    await rm(wardkeep)
    await symlink(join(here, "elsewhere.ts"), wardkeep)
    expect(await init("--out", "wardkeep.ts")).toMatchObject({ code: 2 })
    expect((await readdir(here)).toSorted()).toEqual([
      "package.json",
      "policy.json",
      "policy.mts",
      "wardkeep.policy.ts",
      "wardkeep.ts",
    ])
  })

  it("writes both files or neither, where somebody takes a name meanwhile and where a disk is full", async () => {
    const here = await emptyFolder()
    await writeFile(join(here, "package.json"), '{ "dependencies": { "express": "5" } }')
    const taking = async () => {
      await writeFile(join(here, "wardkeep.js"), "mine")
      return true
    }
    const env = { WARDKEEP_ADMIN_URL: database.ownerUrl }
    await expect(init({ connection: { env }, folder: here, confirm: taking })).rejects.toMatchObject({
      code: "WK009",
      message: expect.stringContaining("wardkeep.js exists and is never overwritten; nothing was written"),
    })
    expect((await readdir(here)).toSorted()).toEqual(["package.json", "wardkeep.js"])
    expect(await readFile(join(here, "wardkeep.js"), "utf8")).toBe("mine")
    await rm(join(here, "wardkeep.js"))
    // No file may be longer than 1024 bytes: the policy file is shorter, and what would be beside it is not.
    const limited = ["-c", 'ulimit -f 2; exec "$0" "$1" init --yes --json', process.execPath, wardkeepBin]
    const full = spawnSync("sh", limited, { cwd: here, encoding: "utf8", env: { PATH: process.env.PATH, ...env } })
    expect([full.status, JSON.parse(full.stdout).error]).toEqual([
      2,
      expect.objectContaining({ code: "WK774", message: "wardkeep.js cannot be written (EFBIG); nothing was written" }),
    ])
    expect(await readdir(here)).toEqual(["package.json"])
    expect(await callCli(here, ["init", "--yes"], env)).toMatchObject({ code: 0, stderr: "" })
  })

  it("says what it does not know, and wires what is left", async () => {
    const here = await emptyFolder()
    const env = { WARDKEEP_ADMIN_URL: database.ownerUrl }
    const bare = await callCli(here, ["init", "--yes", "--out", "first.ts"], env)
    expect(bare.stdout).toContain("No wiring: there is no package.json here")
    await writeFile(join(here, "package.json"), '{ "dependencies": { "koa": "3", "postgres": "3" } }')
    const { code, stdout } = await callCli(here, ["init", "--yes"], env)
    expect(code).toBe(0)
    for (const said of [
      "for no framework and pg",
      "package.json names none of Next, NestJS, Fastify, Hono, Express: `inContext` goes around the work of a request",
      "package.json names none of Prisma, Drizzle, MikroORM, TypeORM, Sequelize, Kysely, Knex, pg: `db` is a pg.Pool",
      "npm install wardkeep",
      "postgres stays outside",
    ])
      expect(stdout).toContain(said)
  })

  it("says which option is missing when tenant or branch cannot be told", async () => {
    const here = await emptyFolder()
    const env = { WARDKEEP_ADMIN_URL: database.ownerUrl }
    for (const args of [
      ["--tenant-column", "nothing"],
      ["--branch-table", "nothing"],
      ["--out", "policy.yaml"],
    ]) {
      const ran = await callCli(here, ["init", ...args], env)
      expect(ran.code).toBe(2)
      expect(ran.stderr).toContain("WK009")
    }
    const empty = await callCli(here, ["init", "--schema", "nowhere"], env)
    expect(empty.stderr).toContain("has no tables")
  })
})

describe("a command line", () => {
  it("that is wrong exits with 2, once, with the next step; --json gives the same as a document", async () => {
    for (const args of [["plann"], ["plan", "--nope"], ["key", "add"], ["migrate", "--strategy", "fast"]]) {
      const ran = await callCli(folder, args)
      expect(ran, args.join(" ")).toMatchObject({ code: 2, stdout: "" })
      expect(ran.stderr.match(/WK009/g)).toHaveLength(1)
    }
    for (const time of ["0", "1.5", "soon"]) {
      const ran = await callCli(folder, ["apply", "--yes", "--lock-timeout", time])
      expect(ran).toMatchObject({ code: 2, stdout: "" })
      expect(ran.stderr).toContain("whole milliseconds")
    }
    const ran = await callCli(folder, ["plan", "--nope", "--json"])
    expect(JSON.parse(ran.stdout).error).toMatchObject({ code: "WK009" })
    expect(ran.stderr).toBe("")
  })

  it("explains codes and refuses unknown ones", async () => {
    expect((await callCli(folder, ["errors", "wk101"])).stdout).toContain("WK101 No context")
    expect((await callCli(folder, ["errors", "WK999"])).code).toBe(2)
  })

  it("refuses a plan file that is missing or is no plan", async () => {
    await writeFile(join(folder, "not-a-plan.json"), "[]")
    for (const name of ["nowhere.json", "not-a-plan.json"]) {
      const ran = await callCli(folder, ["apply", "--plan", name, "--database-url", database.ownerUrl])
      expect(ran).toMatchObject({ code: 2 })
    }
  })

  it("writes no colours without a terminal", async () => {
    for (const args of [["errors"], ["plan"], ["--help"]]) {
      const { stdout, stderr } = await runCli(folder, args, { FORCE_COLOR: "1" })
      expect(stdout + stderr).not.toContain("\u001b[")
    }
  })
})
