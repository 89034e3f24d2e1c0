import type { Call } from "./exchange.js"

/** Until when an address says that it may be opened. */
export interface Expiry {
  /** Milliseconds since 1970. */
  readonly until: number
  /** What says so, as it stands in the address. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** The same address, valid until then, with the old signature. */
  at(until: number): Call
}

const moment = /^(expires?|exp|expiry|expires[-_]?at|expiration|valid[-_]?until|until|se|e)$/i

/** Read from the parameters that applications and object stores use for it; undefined where there is none. */
export function expiryIn(call: Call): Expiry | undefined {
  return byLifetime(call) ?? byMoment(call)
}

function byMoment(call: Call): Expiry | undefined {
  for (const [name, value] of new URL(call.url).searchParams) {
    if (!moment.test(name)) continue
    const form = forms.find(({ pattern }) => pattern.test(value))
    const until = form?.read(value)
    if (form === undefined || until === undefined || Number.isNaN(until)) continue
    return { until, parameters: [[name, value]], at: (other) => withParameter(call, name, form.write(other)) }
  }
  return undefined
}

const forms = [
  {
    pattern: /^1\d{9}$/,
    read: (text: string) => Number(text) * 1000,
    write: (at: number) => `${Math.floor(at / 1000)}`,
  },
  { pattern: /^1\d{12}$/, read: Number, write: String },
  {
    pattern: /^20\d\d-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/,
    read: Date.parse,
    write: (at: number) => new Date(at).toISOString(),
  },
] as const

/** Object stores say when they signed, and for how many seconds. */
function byLifetime(call: Call): Expiry | undefined {
  const parameters = new URL(call.url).searchParams
  for (const store of ["X-Amz", "X-Goog"]) {
    const [signed, seconds] = [parameters.get(`${store}-Date`), Number(parameters.get(`${store}-Expires`))]
    const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(signed ?? "")
    if (parts === null || !(seconds > 0)) continue
    const [, year, month, day, hour, minute, second] = parts
    const start = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
    return {
      until: start + seconds * 1000,
      parameters: ["Date", "Expires"].map((part) => {
        const name = `${store}-${part}`
        return [name, parameters.get(name) ?? ""] as const
      }),
      at: (other) => withParameter(call, `${store}-Expires`, String(Math.ceil((other - start) / 1000))),
    }
  }
  return undefined
}

function withParameter(call: Call, name: string, value: string): Call {
  const url = new URL(call.url)
  url.searchParams.set(name, value)
  return { ...call, url: url.href }
}
