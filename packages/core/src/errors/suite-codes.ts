import type { CodeEntry } from "./code-entry.js"

/** Of the conformance suite, which stands alone, of the bridges from a sign-in to a session, and of `wardkeep init`. */
export const suiteCodes = {
  WK701: {
    title: "The target of the conformance suite is not valid",
    hint: "Correct the fields that the message names; `wardkeep verify --init` writes a first target.",
    http: 500,
  },
  WK702: {
    title: "There is no such check",
    hint: "Codes look like WKC020; the report lists those that ran.",
    http: 500,
  },
  WK703: {
    title: "The database refused what the conformance suite needs",
    hint: "Use a login that may read the catalog and the tables as `--database-url`.",
    http: 500,
  },
  WK750: {
    title: "The HAR file cannot be used",
    hint: "Export it again from the browser's network panel, complete and with credentials.",
    http: 500,
  },
  WK751: {
    title: "The OpenAPI document cannot be used",
    hint: "Give an OpenAPI 3 document in JSON.",
    http: 500,
  },
  WK752: {
    title: "The scope file is not valid",
    hint: "Write hosts, requestsPerSecond, stopAt and maxRequests; see docs/guides/test-http.md.",
    http: 500,
  },
  WK753: {
    title: "The scope allows nothing that could be asked",
    hint: "Correct hosts, methods, paths or stopAt, if you may test more than this.",
    http: 500,
  },
  WK754: {
    title: "The accounts cannot be used",
    hint: 'Give two or more accounts of different tenants: --har A.har --har B.har, or --as "A=Authorization: Bearer …".',
    http: 500,
  },
  WK755: { title: "The tested server does not answer", hint: "Check address and network, then run again.", http: 503 },
  WK756: {
    title: "The token or the sign-in was refused",
    hint: "Sign in again; the message says what did not hold.",
    http: 401,
  },
  WK757: {
    title: "The identity provider does not answer",
    hint: "Check its address, its discovery document and its keys, then try again.",
    http: 503,
  },
  WK758: {
    title: "This id cannot be an actor",
    hint: "Name the person's own id, a uuid, a whole number or text, by the bridge's `actor` option.",
    http: 403,
  },
  WK770: {
    title: "The baseline file is not valid",
    hint: "Give every entry check, object, reason and expires (YYYY-MM-DD), each object of a check once.",
    http: 500,
  },
  WK771: {
    title: "The report's signature does not hold",
    hint: "Ask whoever made the report for the original file, or for the public key that belongs to it.",
    http: 500,
  },
  WK772: {
    title: "A key for reports cannot be used",
    hint: "Give Ed25519 keys as PEM: `openssl genpkey -algorithm ed25519` makes one, `openssl pkey -pubout` its public half.",
    http: 500,
  },
  WK773: {
    title: "This is not a report that can be read",
    hint: "Give the file that `wardkeep verify --format json` of this version wrote.",
    http: 500,
  },
  WK774: {
    title: "A file that `wardkeep init` writes could not be written",
    hint: "Give the folder room and your login the right to write there, then run it again.",
    http: 500,
  },
  WK780: {
    title: "A database that the drill made could not be dropped",
    hint: "Drop it by hand: the message has the statement.",
    http: 500,
  },
} as const satisfies Record<`WK7${number}`, CodeEntry>
