/** A class of hole that the HTTP mode looks for. */
export interface HttpCheck {
  readonly check: string
  readonly title: string
  readonly severity: "leak" | "oracle"
  /** For the owner of a clinic; `%v` is whose data, `%a` who saw it. */
  readonly message: string
  readonly fix: string
  readonly cwe: string
  readonly cvss: string
}

const reading = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N"
const guessing = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N"
const anybody = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
const lucky = "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N"

const leak = (title: string, message: string, fix: string, cwe = "CWE-639", cvss = reading) => ({
  title,
  message,
  fix,
  cwe,
  cvss,
  severity: "leak" as const,
})

const byTenant = "Look the row up by its id and by the tenant of the session, and answer 404 when there is none"

const entries = {
  WKC201: leak(
    "An id in the path",
    "Somebody signed in as %a opens what belongs to %v by putting its id into the address.",
    `${byTenant}.`,
  ),
  WKC202: leak(
    "An id in the query",
    "Somebody signed in as %a gets what belongs to %v by naming its id after the question mark.",
    `${byTenant}; ids in the query are no different from ids in the path.`,
  ),
  WKC203: leak(
    "An id in the body",
    "Somebody signed in as %a gets what belongs to %v by sending its id in the body, or in one part of a batch.",
    `${byTenant}, for every part of a batch as if it came alone.`,
  ),
  WKC204: leak(
    "The tenant from a header or cookie",
    "Somebody signed in as %a becomes %v by changing a header or a cookie that anybody can write.",
    "Take the tenant from the verified session. If a header chooses among several, check that the session holds it.",
  ),
  WKC205: leak(
    "A list, search or stream of everybody's rows",
    "Somebody signed in as %a is shown rows of %v in a list, a search or what is nested in it.",
    "Put the tenant of the session into the query of the list and of everything joined to it.",
  ),
  WKC206: leak(
    "Several ids at once",
    "Somebody signed in as %a gets what belongs to %v by mixing its ids into a list of ids.",
    "Filter the whole list by the tenant of the session; checking the first id is not enough.",
  ),
  WKC207: leak(
    "An export or download",
    "Somebody signed in as %a downloads a file with data of %v.",
    "Run exports through the same tenant filter as the pages, also where they run as a job.",
  ),
  WKC208: leak(
    "The address of a file",
    "Somebody signed in as %a opens a file of %v by its address, or by a signature that can be guessed.",
    "Check the session when the file is asked for, or sign the whole address with a secret key (HMAC) and a short expiry.",
    "CWE-639",
  ),
  WKC209: leak(
    "A cached answer",
    "Somebody signed in as %a is given an answer that was made for %v, or is told by a cache that it exists.",
    "Answer with Cache-Control: private, no-store, or put the session's tenant into the key of the cache.",
    "CWE-524",
    lucky,
  ),
  WKC210: leak(
    "An event stream",
    "Somebody signed in as %a receives events of %v.",
    "Subscribe to the channel of the session's tenant only, and filter again when sending.",
  ),
  WKC211: leak(
    "A WebSocket",
    "Somebody signed in as %a receives messages of %v over a WebSocket.",
    "Check every subscription and every message against the tenant of the session that opened the socket.",
  ),
  WKC212: {
    title: "The existence of a row",
    severity: "oracle",
    message:
      "Somebody signed in as %a can tell whether a record of %v exists, because the answer differs from that to an invented id.",
    fix: "Give the same status and the same body for what does not exist and for what belongs to somebody else.",
    cwe: "CWE-204",
    cvss: guessing,
  },
  WKC213: leak(
    "No sign-in at all",
    "Anybody, without signing in, is shown what belongs to %v.",
    "Require a session on this route.",
    "CWE-306",
    anybody,
  ),
  WKC214: leak(
    "An error message",
    "An error message tells somebody signed in as %a what belongs to %v.",
    "Answer errors with a code and a fixed sentence; never with values of a row.",
    "CWE-209",
  ),
  WKC215: leak(
    "A redirect",
    "The address that somebody signed in as %a is sent to tells what belongs to %v.",
    "Check the tenant before the redirect is made, and keep values of rows out of addresses.",
  ),
  WKC216: leak(
    "Another method",
    "Somebody signed in as %a gets what belongs to %v by overriding the method of the request.",
    "Switch method override off, or check the tenant behind it and not in front of it.",
    "CWE-650",
  ),
} as const satisfies Record<string, Omit<HttpCheck, "check">>

export type CheckId = keyof typeof entries

export const httpChecks: readonly HttpCheck[] = Object.entries(entries).map(([check, entry]) => ({ check, ...entry }))

export function checkOf(id: CheckId): HttpCheck {
  return { check: id, ...entries[id] }
}
