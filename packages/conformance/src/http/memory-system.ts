import { type Account, type Answer, answerOf, type Call, type Exchange } from "./exchange.js"
import { parseScope, type Scope } from "./scope.js"
import type { Send } from "./transport.js"

/** A system in memory for the tests of this folder, with two accounts; nothing that is shipped imports it. */

export type Who = "A" | "B"
export const origin = "http://clinic.test"

export const rows = {
  A: { id: "3f0c1a52-1111-4111-8111-aaaaaaaaaaaa", name: "Asha Raman", phone: "919840012345" },
  B: { id: "7f0c1a52-2222-4222-8222-bbbbbbbbbbbb", name: "Kavitha Selvan", phone: "919840099999" },
} as const

export const accounts: readonly Account[] = (["A", "B"] as const).map(
  (name): Account => ({
    name,
    credentials: [["authorization", `Bearer ${name}`, [origin]]],
    ambient: [],
  }),
)

export const whoAsks = ({ headers }: Call): string | undefined =>
  headers.find(([name]) => name === "authorization")?.[1].slice(-1)

export const ownerOf = (text: string): Who | undefined =>
  text.includes(rows.A.id) ? "A" : text.includes(rows.B.id) ? "B" : undefined

export const json = (status: number, value: unknown): Answer =>
  answerOf(status, [["content-type", "application/json"]], Buffer.from(JSON.stringify(value)))

export const scope = (more: object = {}): Scope =>
  parseScope(
    JSON.stringify({
      hosts: [origin],
      requestsPerSecond: 200,
      stopAt: "2099-01-01T00:00:00Z",
      maxRequests: 5_000,
      ...more,
    }),
  )

/** Never waits: each look at it is a second later. */
export function hastyClock() {
  let now = 0
  const later = (): number => {
    now += 1_000
    return now
  }
  return { now: later, date: () => Date.UTC(2030, 0, 1), sleep: async () => undefined }
}

/** Writes down what is sent, and answers as the system does. */
export function recorder(system: (call: Call, who: string | undefined) => Answer): {
  readonly sent: Call[]
  readonly send: Send
} {
  const sent: Call[] = []
  const send: Send = async (call) => {
    sent.push(call)
    return system(call, whoAsks(call))
  }
  return { sent, send }
}

export const get = (account: string, url: string, answer: Answer): Exchange => ({
  account,
  call: { method: "GET", url: new URL(url, origin).href, headers: [] },
  answer,
})
