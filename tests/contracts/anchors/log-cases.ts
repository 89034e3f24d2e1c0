import { type Anchor, openOutbox } from "@wardkeep/audit"
import { cosignaturesOf, verifyDatabase, witnessKey } from "@wardkeep/audit/verify"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import type { UsedDatabase } from "#tests/harness/src/use-database.ts"
import { AnchoredLog, type Counterparts, keys } from "./anchored-log.ts"

const found = async (url: string, anchors: string[]): Promise<{ anchored: boolean; names: string[] }> => {
  const { verdicts, anchored } = await connected(url, (client) => verifyDatabase({ client, keys, anchors }))
  return { anchored, names: [...new Set(verdicts.map(({ name }) => name))] }
}

/** What anchors tell of a log, asked alike of the counterparts of the tests and of those that others wrote. */
export function anchorsALog(database: UsedDatabase, started: () => Promise<Counterparts>): AnchoredLog {
  const log = new AnchoredLog(database)
  beforeAll(async () => log.open(await started()))
  beforeEach(() => {
    log.counterparts.bucket.resume()
    log.counterparts.witness.resume()
  })
  afterAll(() => log.close())
  describe("a witness", () => cosigns(log))
  describe("an old state that was restored", () => findsRollback(log))
  describe("another history that was signed with the same key", () => findsSplitView(log))
  describe("an outbox", () => neverWaits(log))
  return log
}

function cosigns(log: AnchoredLog): void {
  it("is asked by a process that knows nothing of it: the size comes from its 409", async () => {
    const key = witnessKey(log.counterparts.witness.vkey)
    await log.write(log.here(), "one more")
    await log.cosign(log.asking(log.here()), await log.sealAt(log.here()))
    const [{ name, at } = { name: "", at: new Date(0) }] = cosignaturesOf(log.cosigned, [key])
    expect(name).toBe(key.name)
    expect(Math.abs(at.getTime() - Date.now())).toBeLessThan(60_000)
    // Asked about what it has cosigned already it cosigns anew.
    expect(cosignaturesOf(await log.asking(log.here()).keep(log.cosigned), [key])).toHaveLength(2)
  })

  it("that does not know the log, or not its key, refuses with the reason", async () => {
    const [origin = ""] = log.cosigned.split("\n")
    const strange = log.cosigned.replaceAll(origin, `elsewhere.example/${origin}`)
    await expect(log.asking(log.here()).keep(strange)).rejects.toMatchObject({
      code: "WK449",
      message: /does not know this log/,
    })
    const start = `— ${origin} `.length + 20
    const forged = log.cosigned.replace(/^— .*/mu, (line) => {
      return `${line.slice(0, start)}${line[start] === "A" ? "B" : "A"}${line.slice(start + 1)}`
    })
    await expect(log.asking(log.here()).keep(forged)).rejects.toMatchObject({
      code: "WK449",
      message: /not one it trusts/,
    })
  })

  it("that does not answer is one error, and is asked again as if nothing had been", async () => {
    log.counterparts.witness.pause()
    await expect(log.asking(log.here(), 300).keep(log.cosigned)).rejects.toMatchObject({
      code: "WK448",
      message: expect.stringContaining("did not answer within 0.3 seconds"),
    })
    log.counterparts.witness.resume()
    expect(await log.asking(log.here()).keep(log.cosigned)).toContain(witnessKey(log.counterparts.witness.vkey).name)
  })
}

function findsRollback(log: AnchoredLog): void {
  it("looks whole by itself, and is told to be self-attested only", async () => {
    expect(await found(log.there(), [])).toEqual({ anchored: false, names: [] })
  })

  it("is ROLLED_BACK against a file, the object store and the witness", async () => {
    const rolled = { anchored: true, names: ["ROLLED_BACK"] }
    expect(await found(log.there(), [log.newest])).toEqual(rolled)
    const kept = await log.kept()
    expect(new Set(kept)).toEqual(new Set(log.given))
    expect(await found(log.there(), kept)).toEqual(rolled)
    const { rows } = await connected(log.there(), (client) =>
      client.query(
        "select note from wardkeep_audit.checkpoint where log = (select id from wardkeep_audit.log where tenant = '') order by size desc limit 1",
      ),
    )
    await expect(log.asking(log.there()).keep(log.shown(rows[0].note))).rejects.toMatchObject({
      code: "WK451",
      message: /^ROLLED_BACK: witness/,
    })
    expect(await found(log.here(), kept)).toEqual({ anchored: true, names: [] })
  })
}

function findsSplitView(log: AnchoredLog): void {
  it("is SPLIT_VIEW against a file, the object store and the witness, at the first checkpoint and later", async () => {
    const { there } = log
    // Whoever has the key and the superuser: the sealer takes the restored state for its own.
    await connected(there(), (client) =>
      client.query("update wardkeep_audit.seal_state set incarnation = wardkeep_audit.incarnation()"),
    )
    const sealed = async (phone: string): Promise<string> => {
      await log.write(there(), phone)
      return await log.sealAt(there())
    }
    const askedAt = log.asking(there())
    const sameSize = await sealed("another")
    await expect(log.s3.keep(sameSize)).rejects.toMatchObject({ code: "WK451", message: /^SPLIT_VIEW: s3/ })
    await expect(askedAt.keep(log.shown(sameSize))).rejects.toMatchObject({
      code: "WK451",
      message: /^ROLLED_BACK: witness/,
    })
    const atWitness = await sealed("another still")
    await expect(askedAt.keep(log.shown(atWitness))).rejects.toMatchObject({
      code: "WK451",
      message: /^SPLIT_VIEW: witness/,
    })
    const larger = await sealed("more than was ever signed")
    await expect(askedAt.keep(log.shown(larger))).rejects.toMatchObject({
      code: "WK451",
      message: /^SPLIT_VIEW: witness/,
    })
    await log.s3.keep(larger)
    const kept = await log.kept()
    // That it is another database the sealer signs too, and no act says so.
    const split = { anchored: true, names: ["SPLIT_VIEW", "GAP_OF_CAPTURE"] }
    expect(await found(there(), [log.newest])).toEqual(split)
    expect(await found(there(), kept)).toEqual(split)
    expect(await found(there(), [])).toEqual({ anchored: false, names: ["GAP_OF_CAPTURE"] })
    // The true log hears of it too: more was signed under its name than it has, and whatever else the store took.
    const refused = log.counterparts.bucket.isConditional ? [] : ["SPLIT_VIEW"]
    const told = await found(log.here(), kept)
    expect({ ...told, names: told.names.sort() }).toEqual({ anchored: true, names: ["ROLLED_BACK", ...refused] })
  })
}

function neverWaits(log: AnchoredLog): void {
  it("never makes the sealer wait, tells each failure, and sends the newest of what waited", async () => {
    const { bucket, witness } = log.counterparts
    bucket.pause()
    witness.pause()
    const failed: string[] = []
    const kept: string[] = []
    const outbox = openOutbox({
      anchors: [log.store(1500), shownAs(log, log.asking(log.here(), 1500))],
      every: 0,
      onKept: ({ name }, checkpoint) => void kept.push(`${name} ${checkpoint.split("\n")[1]}`),
      onFailed: ({ name }, error) => void failed.push(`${name} ${String(error)}`),
    })
    let size = ""
    for (let batch = 0; batch < 3; batch++) {
      await log.write(log.here(), `${batch}`)
      const checkpoint = await log.sealAt(log.here())
      size = checkpoint.split("\n")[1] ?? ""
      outbox.offer(checkpoint)
      if (batch === 0) {
        expect([...failed, ...kept]).toEqual([])
        await expect.poll(() => failed.length, { timeout: 10_000, interval: 50 }).toBe(2)
      }
      bucket.resume()
      witness.resume()
    }
    await outbox.settle()
    expect(failed).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^s3.*did not answer/),
        expect.stringMatching(/^witness.*did not answer/),
      ]),
    )
    const { name } = witnessKey(witness.vkey)
    expect(kept).toEqual(expect.arrayContaining([`${log.s3.name} ${size}`, `witness ${name} ${size}`]))
  })
}

/** The same anchor, for checkpoints under the log's own name. */
function shownAs(log: AnchoredLog, anchor: Anchor): Anchor {
  return { name: anchor.name, keep: (checkpoint) => anchor.keep(log.shown(checkpoint)) }
}
