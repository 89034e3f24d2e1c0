import { expect, test } from "vitest"
import type { CatalogCheck, ProbeCheck } from "./check.js"
import { CheckRecord } from "./check-record.js"
import { confirm, withoutImplied } from "./confirm.js"

const info = { title: "t", severity: "leak", cwe: "CWE-1", cvss: "CVSS:3.1/" } as const
const read: CatalogCheck = { ...info, code: "WKC012", sql: "select", proof: ["WKC020", "WKC023"] }
const attack = (code: string): ProbeCheck => ({ ...info, code, run: async () => undefined })
const found = { object: "public.bill", message: "m", evidence: "e", replay: "select", fix: "f" }

test("an attempt that was not answered makes its check inconclusive, however many others were", () => {
  const record = new CheckRecord(attack("WKC020"))
  record.probe("public.visit")
  record.control()
  expect(record.result().verdict).toBe("NOT_FOUND")
  record.notAnswered("public.bill", "55P03, it was in use")
  expect(record.result()).toMatchObject({
    verdict: "INCONCLUSIVE",
    reason: "public.bill could not be tried: 55P03, it was in use",
  })
})

test("a suspicion is no hygiene where one of its attacks was not answered", () => {
  const [suspicion, reads, writes] = [
    new CheckRecord(read),
    new CheckRecord(attack("WKC020")),
    new CheckRecord(attack("WKC023")),
  ]
  suspicion.found(found)
  for (const record of [reads, writes]) record.probe("public.bill")
  writes.notAnswered("public.bill", "25006, the server takes no writes")
  confirm([suspicion, reads, writes], [read, attack("WKC020"), attack("WKC023")])
  expect(suspicion.findings).toMatchObject([{ verdict: "INCONCLUSIVE", severity: "leak" }])
  const answered = [new CheckRecord(read), reads]
  answered[0]?.found(found)
  confirm(answered, [read, attack("WKC020")])
  expect(answered[0]?.findings).toMatchObject([{ severity: "hygiene" }])
})

test("a leak takes the place of a question about the same object, and not the other way round", () => {
  const record = new CheckRecord(attack("WKC020"))
  record.found({ ...found, verdict: "INCONCLUSIVE" })
  record.found({ ...found, evidence: "first" })
  record.found({ ...found, evidence: "second" })
  record.found({ ...found, verdict: "INCONCLUSIVE" })
  expect(record.findings).toMatchObject([{ verdict: "LEAK", evidence: "first" }])
  expect(record.result().verdict).toBe("LEAK")
})

test("a question whether rows are read implies nothing, a leak does", () => {
  const [reads, others] = [new CheckRecord(attack("WKC020")), new CheckRecord(attack("WKC021"))]
  others.found(found)
  reads.found({ ...found, verdict: "INCONCLUSIVE" })
  const codes = (): string[] =>
    withoutImplied([...reads.findings, ...others.findings]).map(({ check, verdict }) => `${check} ${verdict}`)
  expect(codes()).toEqual(["WKC020 INCONCLUSIVE", "WKC021 LEAK"])
  reads.found(found)
  expect(codes()).toEqual(["WKC020 LEAK"])
})

test("what a function does for another tenant's caller is no question of its own where it reaches rows", () => {
  const [calls, remembers] = [new CheckRecord(attack("WKC041")), new CheckRecord(attack("WKC112"))]
  const codes = (): string[] =>
    withoutImplied([...calls.findings, ...remembers.findings]).map(({ check, object }) => `${check} ${object}`)
  remembers.found({ ...found, object: "public.claim_jobs", severity: "oracle" })
  remembers.found({ ...found, object: "public.send_code", severity: "oracle" })
  calls.found({ ...found, object: "public.claim_jobs", severity: "oracle" })
  expect(codes()).toEqual(["WKC041 public.claim_jobs", "WKC112 public.claim_jobs", "WKC112 public.send_code"])
  calls.found({ ...found, object: "public.claim_jobs" })
  const numbers = new CheckRecord(attack("WKC060"))
  numbers.found({ ...found, object: "public.claim_jobs", severity: "oracle" })
  expect(codes()).toEqual(["WKC041 public.claim_jobs", "WKC112 public.send_code"])
  expect(withoutImplied([...calls.findings, ...numbers.findings])).toHaveLength(2)
})
