import { createHash } from "node:crypto"
import { beforeAll, expect, it } from "vitest"
import { notice, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { loadLaw } from "../law/law.js"
import { type Notice, noticeGaps, notices, publishNotice } from "./notice.js"

const database = useDatabase()
const used = useConsenting(database)
const asHead = async <T>(work: () => Promise<T>): Promise<T> =>
  await used.clinic.wk.run(await used.clinic.session("head", "care"), work)
const publish = (doc: Notice) => asHead(() => publishNotice(used.clinic.wk, doc))

beforeAll(async () => {
  await publish(notice)
})

it("is published in versions, with the hash of each text and a slot for every language of the Eighth Schedule", async () => {
  const id = await publish({ ...notice, contact: "another@clinic.example" })
  const all = await asHead(() => notices(used.clinic.wk))
  expect(all).toHaveLength(46)
  const second = all.filter((text) => text.id === id)
  expect(second.every(({ version }) => version === 2)).toBe(true)
  const of = (code: string) => second.find(({ language }) => language === code)
  for (const [code, direction] of Object.entries({ en: "ltr", hi: "ltr", ta: "ltr", ur: "rtl" })) {
    const body = notice.texts[code]?.body ?? ""
    expect(of(code)).toMatchObject({ direction, body, sha256: createHash("sha256").update(body).digest("hex") })
  }
  expect(of("kn")?.status).toBe("machine")
  expect(second.filter(({ status }) => status === "missing").map(({ language }) => language)).toEqual(
    "as bn brx doi gu kok ks mai ml mni mr ne or pa sa sat sd te".split(" "),
  )
})

/** Every way to leave one thing out, and some to leave it empty. */
const incomplete: readonly (readonly [string, Record<string, unknown>])[] = [
  ...(["withdraw", "rights", "complain", "contact", "code"] as const).flatMap((key) => [
    [key, { ...notice, [key]: undefined }] as const,
    [key, { ...notice, [key]: "  " }] as const,
  ]),
  ["items", { ...notice, items: [] }],
  ["items", { ...notice, items: "all" }],
  ["texts", { ...notice, texts: {} }],
  ...(["purpose", "data", "enables"] as const).map(
    (key) =>
      [
        `items.2.${key}`,
        { ...notice, items: notice.items.map((item, i) => (i === 1 ? { ...item, [key]: undefined } : item)) },
      ] as const,
  ),
  ["items.1.data", { ...notice, items: [{ ...notice.items[0], data: ["name", ""] }] }],
  ["items.1.data", { ...notice, items: [{ ...notice.items[0], data: "everything" }] }],
]

it("is refused where it is incomplete, in code and in the database, by the same names", async () => {
  const law = new Set(loadLaw().obligations.map(({ id }) => id))
  await used.clinic.asOwner(async (client) => {
    for (const [what, doc] of incomplete) {
      const gaps = noticeGaps(doc)
      expect(gaps.map((gap) => gap.what)).toEqual([what])
      for (const id of gaps.flatMap(({ asks }) => asks)) expect(law).toContain(id)
      const { rows } = await client.query("select wardkeep_consent.missing_items($1) as missing", [JSON.stringify(doc)])
      expect(rows).toEqual([{ missing: [what] }])
    }
    const { rows } = await client.query("select wardkeep_consent.missing_items('{}') as missing")
    expect(rows[0].missing).toEqual(noticeGaps({}).map(({ what }) => what))
  })
  const incompleteOne = { ...notice, withdraw: "" }
  await expect(publish(incompleteOne)).rejects.toMatchObject({
    code: "WK502",
    message: expect.stringContaining("withdraw (dpdp-rules-3, dpdp-act-5-1, dpdp-act-6-4)"),
  })
  const bySql = asHead(() =>
    used.clinic.wk.query("select wardkeep_consent.publish_notice($1)", [JSON.stringify(incompleteOne)]),
  )
  await expect(bySql).rejects.toMatchObject({ code: "WK502", message: "the notice lacks: withdraw" })
})

it("is refused with an unknown language, purpose or worth of a translation, and by whoever does not publish", async () => {
  const text = { body: "Nous demandons", status: "human" } as const
  await expect(publish({ ...notice, texts: { fr: text } })).rejects.toMatchObject({ code: "WK503" })
  const [item] = notice.items
  if (item === undefined) throw new Error("the notice has items")
  await expect(publish({ ...notice, items: [{ ...item, purpose: "profiling" }] })).rejects.toMatchObject({
    code: "WK503",
  })
  await expect(publish({ ...notice, items: [item, item] })).rejects.toMatchObject({ code: "WK503" })
  const unsaid = { en: { body: "x" } } as unknown as Notice["texts"]
  await expect(publish({ ...notice, texts: unsaid })).rejects.toMatchObject({ code: "WK502" })
  const desk = await used.clinic.session("desk", "care")
  await expect(used.clinic.wk.run(desk, () => publishNotice(used.clinic.wk, notice))).rejects.toMatchObject({
    code: "42501",
  })
})
