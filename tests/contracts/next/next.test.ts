import { once } from "node:events"
import type { AddressInfo } from "node:net"
import type { Wardkeep } from "@wardkeep/postgres"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { type FrameworkCase, frameworkCases } from "#tests/contracts/adapters/framework-cases.ts"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { type Stage, stage } from "../adapters/application.ts"
import { formIn, openSite, type Site, type World } from "./site.ts"

const database = useDatabase()
const used = useClient(database)
let here: Stage
let world: World
let site: Site
let origin = ""
let wk: Wardkeep

beforeAll(async () => {
  here = await stage(database, used)
  const { session, scope } = here.application(used.wk)
  const connectionString = database.appUrl(used.clinic.logins.app)
  world = { connectionString, policy: used.clinic.policy, session, scope }
  site = await openSite(world)
  site.server.listen(0, "127.0.0.1")
  await once(site.server, "listening")
  origin = `http://127.0.0.1:${(site.server.address() as AddressInfo).port}`
  // Next loads a module with the first request that needs it.
  await fetch(`${origin}/patients`)
  wk = world.client!.wk
})
afterAll(async () => {
  site?.server.closeAllConnections()
  site?.server.close()
  await site?.close()
  await wk?.close()
})

const canaries = ["canary-0", "canary-2"] as const
const get = async (path: string, cookie?: string, headers: Record<string, string> = {}) => {
  const response = await fetch(origin + encodeURI(path), {
    headers: { ...headers, ...(cookie && { cookie }) },
  })
  return { status: response.status, kept: response.headers.get("cache-control"), text: await response.text() }
}
const way = async (how: string, cookie: string) => JSON.parse((await get(`/caches/${how}`, cookie)).text)

describe("route handlers", () => {
  it.each(Object.keys(frameworkCases) as FrameworkCase[])("%s", async (name) => {
    await frameworkCases[name]({ ...here, wk, origin, mark: `Next, ${name}` })
  })
})

describe("pages", () => {
  it("500 interleaved requests of two tenants for one page: each has its own names, and nobody keeps them", {
    timeout: 180_000,
  }, async () => {
    const wrong: string[] = []
    const ask = async (n: number) => {
      const headers = n % 3 === 0 ? { rsc: "1" } : {}
      const { status, kept, text } = await get("/page", String(n % 2), headers)
      const [own, other] = [canaries[n % 2]!, canaries[(n + 1) % 2]!]
      if (status !== 200 || !text.includes(own) || text.includes(other)) wrong.push(`${n}: ${status}`)
      if (!/private/.test(kept ?? "") || !/no-store/.test(kept ?? "")) wrong.push(`${n}: ${kept}`)
    }
    for (let n = 0; n < 500; n += 50) await Promise.all(Array.from({ length: 50 }, (_, k) => ask(n + k)))
    expect(wrong).toEqual([])
  })

  it("nothing for nobody and for an ended session, not even what a cache holds", async () => {
    for (const cookie of [undefined, "ended"]) {
      const { text } = await get("/page", cookie)
      for (const canary of canaries) expect(text).not.toContain(canary)
    }
  })

  it("a component inside that is not wrapped reads nothing", async () => {
    const { text } = await get("/inner", "0")
    for (const canary of canaries) expect(text).not.toContain(canary)
  })
})

describe("caches", () => {
  it.each(["cached", "shared"])("%s: kept for each context apart", async (how) => {
    const first = [await way(how, "0"), await way(how, "1")]
    const again = [await way(how, "0"), await way(how, "1")]
    // The time is that of the first reading: it came from the cache.
    expect(again).toEqual(first)
    for (const [n, { rows }] of first.entries()) {
      expect(JSON.stringify(rows)).toContain(canaries[n])
      expect(JSON.stringify(rows)).not.toContain(canaries[1 - n])
    }
    expect((await get(`/caches/${how}`, "ended")).status).toBe(401)
    expect((await get(`/caches/${how}`)).status).toBe(401)
  })

  it.each([
    ["bare", "WK115"],
    ["a key closed over", "WK115"],
    ["a cache in a cache", "WK115"],
  ])("%s is refused (%s), for the first tenant and for the second", async (how, code) => {
    for (const cookie of ["0", "1", "0"]) expect(await way(how, cookie)).toEqual({ code })
  })

  it.each([
    ["use cache, no key", "WK101"],
    ["use cache, key asked inside", "WK116"],
    ["a made-up key", "WK116"],
    ["a cache in use cache", "WK115"],
  ])("%s is refused (%s in the log), for the first tenant and for the second", async (how, code) => {
    // Next takes an error out of `"use cache"` without its text and its code, and writes it to the log.
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined)
    try {
      for (const cookie of ["0", "1", "0"]) {
        log.mockClear()
        expect(await get(`/caches/${how}`, cookie)).toMatchObject({ status: 500, text: "" })
        expect(log.mock.calls.flat().map((said) => (said as { code?: string }).code)).toContain(code)
      }
    } finally {
      log.mockRestore()
    }
  })

  it("what a route handler answers is not kept, whatever it says itself", async () => {
    expect((await get("/caches/cached", "0")).kept).toBe("private, no-store")
    expect((await get("/patients")).kept).toBe("private, no-store")
  })
})

describe("server actions", () => {
  const post = async (form: FormData, cookie: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${origin}/form`, {
      method: "POST",
      body: form,
      redirect: "manual",
      headers: { cookie, ...headers },
    })
    return {
      status: response.status,
      where: response.headers.get("location") ?? response.headers.get("x-action-redirect"),
      text: await response.text(),
    }
  }
  /** As a browser with JavaScript calls it: the action's id in a header, its arguments as React writes them. */
  const call = async (cookie: string, fields: Record<string, string>) => {
    const [id] = [...formIn((await get("/form", "0")).text, "add").keys()]
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.set(`_1_${name}`, value)
    form.set("0", '["$K1"]')
    return await post(form, cookie, { "next-action": id!.replace("$ACTION_ID_", "") })
  }

  it("writes in its caller's clinic", async () => {
    expect((await call("1", { full_name: "Next, added" })).text).toContain('"added":"Next, added"')
    expect(await here.count("Next, added")).toBe(1)
    expect(JSON.stringify(await wk.run(here.sessions[1], () => wk.query("select full_name from patient")))).toContain(
      "Next, added",
    )
  })

  it("an ended session: says so, gives the form back, writes nothing", async () => {
    const { status, text } = await call("ended", { full_name: "Next, ended", phone: "+91980000" })
    expect(status).toBe(200)
    expect(text).toContain('"refused":{"status":401,"code":"WK102"')
    expect(text).toContain('"fields":{"full_name":["Next, ended"],"phone":["+91980000"]}')
    expect(await here.count("Next, ended")).toBe(0)
  })

  it("nobody signed in: does not begin", async () => {
    expect((await call("", { full_name: "Next, nobody" })).text).toContain('"refused":{"status":401,"code":"WK101"')
    expect(await here.count("Next, nobody")).toBe(0)
  })

  it("the payload of one tenant, sent by another, changes nothing", async () => {
    const { text } = await get("/form", "0")
    const form = formIn(text, "rename")
    form.set("full_name", "Next, renamed")
    await post(form, "1")
    expect(await here.count("Next, renamed")).toBe(0)
    await post(form, "0")
    expect(await here.count("Next, renamed")).toBe(1)
  })

  it("redirect() goes through, and what was written stays", async () => {
    const form = formIn((await get("/form", "0")).text, "go")
    form.set("full_name", "Next, gone")
    const { status, where } = await post(form, "0")
    expect([status, where]).toEqual([303, expect.stringContaining("/page")])
    expect(await here.count("Next, gone")).toBe(1)
  })
})
