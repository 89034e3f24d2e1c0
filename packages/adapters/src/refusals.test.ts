import { readdirSync, readFileSync } from "node:fs"
import { WardkeepError } from "@wardkeep/core"
import knex from "knex"
import pg from "pg"
import { describe, expect, it } from "vitest"
import { expressErrors } from "./express/index.js"
import { fastifyErrors } from "./fastify/index.js"
import { honoErrors } from "./hono/index.js"
import { knexOn } from "./knex/index.js"
import { mikroOn } from "./mikroorm/index.js"
import { prismaOn } from "./prisma/index.js"
import { sequelizeOn } from "./sequelize/index.js"

const never = (): never => {
  throw new Error("not reached")
}

// Never connected: everything here is refused before.
const wk = { pool: new pg.Pool(), tryContext: () => undefined }
const refused = (message: RegExp) => expect.objectContaining({ code: "WK009", message: expect.stringMatching(message) })

describe("what an adapter was not made for is refused when it is set up", () => {
  it("a Knex instance for another database, and one with connections of its own", async () => {
    const own = knex({ client: "pg", connection: { host: "127.0.0.1" } })
    expect(() => knexOn(wk, own)).toThrowError(refused(/`connection` of its own/))
    await own.destroy()
    const other = { client: { ...knex({ client: "pg" }).client, dialect: "mysql" } }
    expect(() => knexOn(wk, other)).toThrowError(refused(/not made with `client: "pg"`/))
  })

  it("a MikroORM for another database, and one with replicas", () => {
    const orm = (dialect: string, replicas: unknown) => ({
      em: { fork: () => never(), getConnection: () => ({ getKnex: () => ({ client: { dialect } }) }) },
      config: { get: () => replicas, set: () => undefined },
    })
    expect(() => mikroOn(wk, orm("mysql", undefined))).toThrowError(refused(/not one for PostgreSQL/))
    expect(() => mikroOn(wk, orm("postgresql", [{ host: "127.0.0.1" }]))).toThrowError(refused(/replicas of its own/))
  })

  it("a Sequelize instance for another database", () => {
    const other = { getDialect: () => "mysql", close: async () => undefined }
    expect(() => sequelizeOn(wk, other)).toThrowError(refused(/not one for PostgreSQL/))
  })

  it("a Prisma client without PrismaPg, and one whose inside is another", () => {
    const dataloader = { options: {}, request: async () => undefined }
    const parts = { _requestHandler: { dataloader }, _engineConfig: { adapter: { externalPool: null } } }
    expect(() => prismaOn(wk, {})).toThrowError(refused(/how it joins requests is not known/))
    expect(() => prismaOn(wk, { ...parts, _requestHandler: {} })).toThrowError(refused(/joins requests/))
    expect(() => prismaOn(wk, { ...parts, _engineConfig: {} })).toThrowError(refused(/without `PrismaPg`/))
    expect(prismaOn(wk, parts)._engineConfig.adapter).toMatchObject({ externalPool: wk.pool })
    expect(parts._requestHandler.dataloader).not.toBe(dataloader)
  })
})

describe("error handlers", () => {
  const refusal = new Error("of the ORM", { cause: new WardkeepError("WK105", { message: "names things" }) })
  const body = { code: "WK105", message: "The branch is not part of this context" }
  const faults = [new Error("a fault"), new WardkeepError("WK103"), undefined]

  it("of Express answers refusals and passes faults on, also when an answer has begun", () => {
    const sent: unknown[] = []
    const passed: unknown[] = []
    const response = (headersSent: boolean) => ({
      headersSent,
      status: (status: number) => ({ json: (json: unknown) => sent.push([status, json]) }),
    })
    const handle = expressErrors()
    handle(refusal, undefined, response(false), (error) => passed.push(error))
    expect([sent, passed]).toEqual([[[403, body]], []])
    for (const fault of faults) handle(fault, undefined, response(false), (error) => passed.push(error))
    handle(refusal, undefined, response(true), (error) => passed.push(error))
    expect([sent.length, passed]).toEqual([1, [...faults, refusal]])
    // Express takes a function for an error handler by its four parameters.
    expect(handle).toHaveLength(4)
  })

  it("of Fastify and Hono do the same", async () => {
    const sent: unknown[] = []
    const reply = {
      send: (answer: unknown) => sent.push(answer),
      status: (status: number) => ({ send: (answer: unknown) => sent.push([status, answer]) }),
    }
    fastifyErrors()(refusal, undefined, reply)
    fastifyErrors()(faults[0], undefined, reply)
    expect(sent).toEqual([[403, body], faults[0]])
    // Fastify sends what the handler resolves with, and answers a rejection.
    expect(await fastifyErrors(async () => "told later")(faults[0], undefined, reply)).toBe("told later")
    const failing = fastifyErrors(() => Promise.reject(new Error("the log is full")))
    await expect(failing(faults[0], undefined, reply)).rejects.toThrow("the log is full")
    const handle = honoErrors(() => new Response("fault", { status: 500 }))
    const answer = await handle(refusal, undefined)
    expect([answer.status, await answer.json()]).toEqual([403, body])
    expect((await handle(new WardkeepError("WK103"), undefined)).status).toBe(500)
  })
})

/** The first version of a range of package.json, and the first after it. */
function bounds(range: string): [number[], number[]] {
  const parts = [...range.matchAll(/([~^])(\d+)\.(\d+)\.\d+/g)].map(([, how, major, minor]) => {
    const [first, second] = [Number(major), Number(minor)]
    return { from: [first, second], below: how === "^" && first > 0 ? [first + 1, 0] : [first, second + 1] }
  })
  return [parts[0]?.from ?? [], parts.at(-1)?.below ?? []]
}

it("what adapters accept is what the package lists as optional peers", () => {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8")
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(text) as Record<string, Record<string, unknown>>
  const folder = new URL(".", import.meta.url)
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\w\/\w+\.ts$/.test(name))
  const accepted = files.flatMap((name): [string, [number[], number[]]][] => {
    const source = readFileSync(new URL(name, folder), "utf8")
    const found = /requirePeer\("([^"]+)", { from: (\[.+?\]), below: (\[.+?\]) }/.exec(source)
    return found === null ? [] : [[found[1] ?? "", [JSON.parse(found[2] ?? ""), JSON.parse(found[3] ?? "")]]]
  })
  const listed = Object.entries(peerDependencies!).map(([name, range]) => [name, bounds(String(range))])
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(accepted))
  expect(Object.keys(peerDependenciesMeta!).sort()).toEqual(Object.keys(peerDependencies!).sort())
})
