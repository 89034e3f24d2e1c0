import { expect, test } from "vitest"
import type { Call, Exchange } from "./exchange.js"
import { accounts, hastyClock, json, ownerOf, recorder, rows, scope, type Who, whoAsks } from "./memory-system.js"
import { saidBy } from "./messages.js"
import { verifyHttp } from "./verify-http.js"

const live = "ws://clinic.test/live"
const listed = ["A", "B"] as const
const settings = scope({ methods: ["GET", "HEAD", "WS /live"], messages: ["{*"] })

const socket = (account: Who, messages: readonly string[]): Exchange => ({
  account,
  call: { method: "GET", url: live, headers: [], messages },
  answer: json(101, {}),
})
const list = (account: Who): Exchange => ({
  account,
  call: { method: "GET", url: `http://clinic.test/patients/${rows[account].id}`, headers: [] },
  answer: json(200, rows[account]),
})

/** Each sees its own; what a socket answers is `said`'s to decide. */
const system =
  (said: (message: string, who: Who | undefined) => unknown) =>
  (call: Call): ReturnType<typeof json> => {
    const who = listed.find((one) => one === whoAsks(call))
    if (call.messages !== undefined)
      return json(
        101,
        call.messages.map((message) => said(message, who)),
      )
    return who !== undefined && ownerOf(call.url) === who ? json(200, rows[who]) : json(404, { code: "not_found" })
  }

async function verified(
  said: (message: string, who: Who | undefined) => unknown,
  recorded: readonly Exchange[],
): Promise<Awaited<ReturnType<typeof verifyHttp>> & { readonly sent: readonly Call[] }> {
  const { sent, send } = recorder(system(said))
  const report = await verifyHttp({ accounts, recorded, scope: settings, version: "0", clock: hastyClock(), send })
  return { ...report, sent }
}

test("an account's own message is said again with the id of another one's row", async () => {
  const recorded = [list("A"), list("B"), socket("B", [JSON.stringify({ watch: { patient_id: rows.B.id } })])]
  const open = await verified((message) => {
    const owner = ownerOf(message)
    return owner === undefined ? {} : rows[owner]
  }, recorded)
  expect(open.findings.map(({ check, object }) => `${check} ${object}`)).toEqual(["WKC211 GET /live"])
  const shut = await verified(
    (message, who) => (who !== undefined && ownerOf(message) === who ? rows[who] : {}),
    recorded,
  )
  expect(shut.findings).toEqual([])
  expect(shut.sent.some(({ messages }) => messages?.some((message) => message.includes(rows.A.id)))).toBe(true)
})

test("a message that says who speaks is said with the speaker's own token, or not at all", async () => {
  const token = (who: Who): string => JSON.stringify({ auth_token: `token-${who}-0123456789` })
  const byToken = (message: string) => {
    const owner = listed.find((who) => message.includes(`token-${who}-`))
    return owner === undefined ? {} : rows[owner]
  }
  const both = await verified(byToken, [list("A"), list("B"), socket("A", [token("A")]), socket("B", [token("B")])])
  expect(both.findings).toEqual([])
  const one = await verified(byToken, [list("A"), list("B"), socket("A", [token("A")])])
  expect(one.findings).toEqual([])
  expect(one.notCovered.join("\n")).toContain("B recorded none that do")
})

test("what identifies the speaker is exchanged wherever in a message it stands", () => {
  expect(saidBy(['{"jwt":"mine"}'], ['{"open":[{"jwt":"theirs","id":7}]}', "ping"])).toEqual([
    '{"open":[{"jwt":"mine","id":7}]}',
    "ping",
  ])
  expect(saidBy([], ['{"jwt":"theirs"}'])).toBeUndefined()
})
