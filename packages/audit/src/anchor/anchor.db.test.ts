import { describe, expect, it } from "vitest"
import { type Counterparts, logKey } from "#tests/contracts/anchors/anchored-log.ts"
import { anchorsALog } from "#tests/contracts/anchors/log-cases.ts"
import { startObjectStore } from "#tests/harness/src/object-store.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { startWitness, type Witness } from "#tests/harness/src/witness.ts"
import { witnessAnchor } from "./witness.js"

let witness: Witness
const log = anchorsALog(useDatabase(), started)

async function started(): Promise<Counterparts> {
  const store = await startObjectStore()
  witness = await startWitness("wardkeep/", logKey)
  const pausing = (of: { fault: string }): Pick<Counterparts["witness"], "pause" | "resume"> => ({
    pause: () => {
      of.fault = "silent"
    },
    resume: () => {
      of.fault = "none"
    },
  })
  return {
    bucket: { ...store, ...pausing(store), isConditional: true },
    witness: { ...witness, ...pausing(witness), shown: (checkpoint) => checkpoint },
    stop: () => Promise.all([store.stop(), witness.stop()]),
  }
}

/** A checkpoint that the witness has not seen, and one who asks it and was told the size. */
async function signedAnew() {
  await log.write(log.here(), "anew")
  const checkpoint = await log.sealAt(log.here())
  return { checkpoint, asking: (timeout?: number) => log.asking(log.here(), timeout) }
}

describe("a witness that was asked before", () => {
  it("is told the size once, and checks each proof since", async () => {
    const { checkpoint, asking } = await signedAnew()
    const before = witness.answers.length
    const anchor = asking()
    await anchor.keep(checkpoint)
    for (let batch = 0; batch < 2; batch++) await anchor.keep((await signedAnew()).checkpoint)
    expect(witness.answers.slice(before)).toEqual([409, 200, 200, 200])
    // Of a log that it had never seen there was no size to tell.
    expect(witness.answers.slice(0, 4)).toEqual([200, 200, 200, 200])
  })

  it.each([
    ["silent", "WK448", "did not answer within 0.3 seconds"],
    ["endless", "WK448", "cannot be reached"],
    ["unavailable", "WK448", "answers 502"],
    ["unreadable", "WK448", "without saying which"],
    ["wrong-signature", "WK452", "no cosignature of its key"],
    ["another-origin", "WK452", "no cosignature of its key"],
    ["old-timestamp", "WK452", "cosigned at"],
  ] as const)("%s is one error, %s", async (fault, code, message) => {
    const { checkpoint, asking } = await signedAnew()
    const anchor = asking(fault === "silent" ? 300 : 10_000)
    await anchor.keep(checkpoint)
    witness.fault = fault
    await expect(anchor.keep(checkpoint)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
    witness.fault = "none"
    expect(await anchor.keep(checkpoint)).toContain("witness.example/w1")
  })
})

describe("a witness", () => {
  it("has to be described by a key that fits its id, and a URL", () => {
    const options = { vkey: witness.vkey, address: witness.address, reading: asNever }
    for (const vkey of [
      "",
      witness.vkey.replace(/\+[0-9a-f]/, "+x"),
      witness.vkey.replace(/.$/, "?"),
      `x${witness.vkey}`,
    ])
      expect(() => witnessAnchor({ ...options, vkey })).toThrow(expect.objectContaining({ code: "WK453" }))
    for (const address of ["witness", "ftp://witness.example", "https://user:hunter2@witness.example"])
      expect(() => witnessAnchor({ ...options, address })).toThrow(
        expect.objectContaining({ code: "WK453", message: expect.not.stringContaining("hunter2") }),
      )
  })
})

async function asNever(): Promise<never> {
  throw new Error("nothing is read")
}
