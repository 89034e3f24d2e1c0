import { createHash } from "node:crypto"
import { expect, it } from "vitest"
import { download, type Transfer } from "./transfer.js"

interface End {
  readonly outcome: string
  readonly bytes: number
  readonly sha256: string
}

/** A client that keeps what was recorded of the end. */
async function begun(parts: AsyncIterable<string>, fails = false): Promise<{ transfer: Transfer; ends: End[] }> {
  const ends: End[] = []
  const client = {
    query: async <R extends object>(text: string, values: readonly unknown[] = []): Promise<{ rows: R[] }> => {
      if (text.includes("begin_handling")) return { rows: [{ answer: { id: "t" } }] as unknown as R[] }
      if (fails) throw new Error("not recorded")
      ends.push(JSON.parse(String(values[0])) as End)
      return { rows: [] }
    },
  }
  return { transfer: await download(client, { relation: "public.patient" }, parts), ends }
}

async function* of(...parts: string[]): AsyncGenerator<string> {
  yield* parts
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex")
const whole = "the whole file"

it.each([
  ["one chunk", [whole]],
  ["two", ["the whole ", "file"]],
  ["bytes", [...whole]],
  ["chunks with empty ones between and behind", ["", "the whole", "", " file", "", ""]],
])("whoever has every byte and leaves has a recorded file, in %s", async (_, parts) => {
  const { transfer, ends } = await begun(of(...parts))
  let got = ""
  for await (const chunk of transfer) {
    got += chunk.toString()
    if (got === whole) break
  }
  expect(ends).toMatchObject([{ outcome: "completed", bytes: whole.length, sha256: hashOf(whole) }])
})

it("whoever leaves before that leaves what was handed over", async () => {
  const { transfer, ends } = await begun(of("one", "two", "three"))
  let got = ""
  for await (const chunk of transfer) {
    got += chunk.toString()
    if (got === "onetwo") break
  }
  expect(ends).toMatchObject([{ outcome: "aborted", bytes: 6, sha256: hashOf("onetwo") }])
})

it("where the end cannot be recorded nobody has the whole file", async () => {
  const { transfer } = await begun(of("the whole ", "file"), true)
  let got = ""
  const read = async (): Promise<void> => {
    for await (const chunk of transfer) got += chunk.toString()
  }
  await expect(read()).rejects.toThrow("not recorded")
  expect(got).toBe("the whole ")
  expect(transfer.end).toBeUndefined()
})

it("an empty file is recorded as one", async () => {
  const { transfer, ends } = await begun(of())
  for await (const _ of transfer) expect.unreachable()
  expect(ends).toMatchObject([{ outcome: "completed", bytes: 0, sha256: hashOf("") }])
})

it("no more than one chunk is read ahead of the reader", async () => {
  let asked = 0
  async function* counted(): AsyncGenerator<string> {
    for (; asked < 10; ) yield `${asked++}`
  }
  const { transfer } = await begun(counted())
  let had = 0
  for await (const _ of transfer) expect(asked).toBeLessThanOrEqual(++had + 1)
  expect(had).toBe(10)
})
