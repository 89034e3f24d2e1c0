import { expect, test } from "vitest"
import type { CatalogCheck, ProbeCheck } from "./check.js"
import { CheckRecord } from "./check-record.js"
import { confirm } from "./confirm.js"

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
