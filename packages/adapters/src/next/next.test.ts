import { definePolicy, WardkeepError } from "@wardkeep/core"
import { createWardkeep, type Session } from "@wardkeep/postgres"
import { describe, expect, it } from "vitest"
import { nextContext, nextStore, type RequestHeaders } from "./index.js"

// Nothing here connects: the contract on Next's own server is `npm run next`.
const policy = definePolicy({
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  tables: { clinic: { scope: "tenant" }, branch: { scope: "tenant" } },
  purposes: { care: { basis: "s7a" } },
  roles: { reader: { purposes: ["care"], can: { branch: "read" } } },
})
const grant = { tenant: "a", branches: ["b"], role: "reader", dbRole: "wk_main_r_reader", purpose: "care" }
const session: Session = {
  id: "s",
  actor: "asha",
  expiresAt: "2999-01-01T00:00:00Z",
  grants: [{ ...grant, token: "a".repeat(47), validUntil: "2999-01-01T00:00:00Z" }],
}
const sent = new Headers({ host: "clinic.example" })

/** `headers` of Next as it answers in a request, in a cache and elsewhere: `say` is called each time. */
function opened(say: () => RequestHeaders, { guarded = true, who = (): Session | undefined => session } = {}) {
  const store = nextStore(() => Promise.resolve(say()))
  const wk = createWardkeep({ pool: {}, policy, ...(guarded && { contextStore: store }) })
  return { wk, clinic: nextContext(wk, { store, session: who }) }
}

const code = (expected: string) => expect.objectContaining({ code: expected })

describe("next", () => {
  it("refuses a client that was made without its store", async () => {
    const { clinic } = opened(() => sent, { guarded: false })
    await expect(clinic.component(async () => "rows")()).rejects.toThrowError(code("WK009"))
  })

  it("refuses a page that is made once for everybody, whose headers are empty", async () => {
    const { clinic } = opened(() => new Headers())
    await expect(clinic.component(async () => "rows")()).rejects.toThrowError(code("WK115"))
  })

  it("refuses the context where Next forbids headers, and lets through what Next throws for itself", async () => {
    let say = (): RequestHeaders => sent
    const { wk, clinic } = opened(() => say())
    const inCache = (error: unknown) =>
      clinic.component(async () => {
        say = () => {
          throw error
        }
        try {
          return wk.requireContext().tenant
        } finally {
          say = () => sent
        }
      })()
    await expect(inCache(new Error("used headers() inside unstable_cache"))).rejects.toThrowError(code("WK115"))
    const own = Object.assign(new Error("bail out"), { digest: "DYNAMIC_SERVER_USAGE" })
    await expect(inCache(own)).rejects.toBe(own)
    // A job or a script: no request, and no cache either.
    expect(await inCache(new Error("`headers` was called outside a request scope."))).toBe("a")
  })

  it("an action without a session does not begin, and gives the fields back, files and Next's own left out", async () => {
    let began = false
    const { clinic } = opened(() => sent, { who: () => undefined })
    const act = clinic.action(async (_before: unknown, _form: FormData) => {
      began = true
    })
    const form = new FormData()
    for (const value of ["one", "two"]) form.append("drug", value)
    form.append("$ACTION_ID_1", "")
    form.append("letter", new Blob(["x"]), "letter.pdf")
    form.append("__proto__", "kept as a name")
    const answer = await act(undefined, form)
    expect(answer).toMatchObject({ refused: { status: 401, code: "WK101", message: "No context" } })
    expect(JSON.stringify(answer)).toContain('"fields":{"drug":["one","two"],"__proto__":["kept as a name"]}')
    expect(began).toBe(false)
  })

  it("passes on what is no refusal", async () => {
    const { clinic } = opened(() => sent)
    const redirect = Object.assign(new Error("NEXT_REDIRECT"), { digest: "NEXT_REDIRECT;/page" })
    const thrown = async (): Promise<Response> => {
      throw redirect
    }
    for (const wrapped of [clinic.component(thrown), clinic.route(thrown), clinic.action(thrown)])
      await expect(wrapped()).rejects.toBe(redirect)
    const faulty = async (): Promise<Response> => {
      throw new WardkeepError("WK103")
    }
    await expect(clinic.action(faulty)()).rejects.toThrowError(code("WK103"))
  })

  it("a component shows what `refused` says, and a redirect of a route stays one, kept by nobody", async () => {
    const store = nextStore(() => Promise.resolve(sent))
    const wk = createWardkeep({ pool: {}, policy, contextStore: store })
    const clinic = nextContext(wk, { store, session: () => session, refused: ({ status }) => `refused ${status}` })
    const refuse = async (): Promise<string> => {
      throw new WardkeepError("WK102")
    }
    expect(await clinic.component(refuse)()).toBe("refused 401")
    const answer = await clinic.route(() => Response.redirect("https://clinic.example/page", 303))()
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "https://clinic.example/page"])
    expect(answer.headers.get("cache-control")).toBe("private, no-store")
  })

  it("a key is given inside of what is wrapped only, and is good for nobody else", async () => {
    const { wk, clinic } = opened(() => sent)
    await expect(wk.run(session, () => clinic.tenantKey())).rejects.toThrowError(code("WK116"))
    await expect(clinic.within("wk1-0", async () => 1)).rejects.toThrowError(code("WK116"))
    // Where a context is in force, no function with "use cache" has begun.
    const closedOver = clinic.component(() => clinic.within("wk1-0", async () => 1))
    await expect(closedOver()).rejects.toThrowError(code("WK115"))
  })
})
