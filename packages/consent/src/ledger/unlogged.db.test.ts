import { expect, it } from "vitest"
import { notice, useConsenting } from "#tests/fixture/consenting.ts"
import { whileSwallowed } from "#tests/fixture/swallowed.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { publishNotice } from "../notice/notice.js"
import { openRequest } from "../rights/request.js"
import { serveNotice } from "./ledger.js"

const used = useConsenting(useDatabase())

it("where the audit log takes no event, no decision and no request is taken down", async () => {
  const { wk, session, asOwner, person } = used.clinic
  const desk = await session("desk", "care")
  const head = await session("head", "care")
  const published = await wk.run(head, () => publishNotice(wk, notice))
  const subject = await person("1985-03-01")
  const of = { subject, notice: published, language: "ur", channel: "desk", evidence: "scan" }
  const dueAt = new Date(Date.now() + 86_400_000)
  await whileSwallowed(asOwner, async () => {
    const decided = wk.run(desk, () => serveNotice(wk, of))
    await expect(decided).rejects.toMatchObject({ code: "WK461" })
    const asked = wk.run(desk, () => openRequest(wk, { subject, asked: "access", channel: "desk", dueAt, what: "x" }))
    await expect(asked).rejects.toMatchObject({ code: "WK461" })
  })
  expect(await wk.run(desk, () => serveNotice(wk, of))).toBeDefined()
})
