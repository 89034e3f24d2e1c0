import { expect, it } from "vitest"
import { pem, sealed } from "#tests/fixture/sealed-bundle.ts"
import { verifyLogs } from "./deployment.js"
import { tenantEras } from "./incarnations.js"
import type { Pages } from "./log.js"
import { type Checkpoint, trustedKeys } from "./note.js"
import { endsOf } from "./retired.js"
import type { Verdict } from "./verdict.js"

/** More than a call takes as arguments; a sealer that runs for some days makes as many. */
const many = 300_000

it("as many checkpoints and tree heads as a year has are verified", () => {
  const checkpoints = Array.from({ length: many }, (_, at): Checkpoint => {
    return { origin: "log", size: at + 1, root: Buffer.of(), signature: "valid" }
  })
  expect([...endsOf([{ leaf: 7, retired: "key" }], checkpoints)]).toEqual([["key", 8]])
  const heads = checkpoints.map(({ size }) => ({ size, leaf: size }))
  const eras = [
    { name: "old", until: many },
    { name: "new", until: Number.POSITIVE_INFINITY },
  ]
  expect(tenantEras(eras, "clinic", heads)).toEqual([
    { name: "old/clinic", until: many - 1 },
    { name: "new/clinic", until: Number.POSITIVE_INFINITY },
  ])
})

it("whoever writes a bundle of faults is told them, however many", async () => {
  const faults = Array.from({ length: many }, (_, at): Verdict => ({ name: "EDITED", origin: "log", message: `${at}` }))
  const none = async function* (): Pages {
    yield []
  }
  const logs = async function* () {
    yield { tenant: "", seed: Buffer.of(), checkpoints: [], faults, leaves: none() }
  }
  const { verdicts } = await verifyLogs(logs(), [], { keys: [] })
  expect(verdicts).toHaveLength(many)
})

it("a log without a checkpoint is not another deployment's: what a retired key signed last is not there", async () => {
  const none = async function* (): Pages {
    yield []
  }
  const logs = async function* () {
    yield { tenant: "", seed: Buffer.of(), checkpoints: [], leaves: none() }
  }
  const { checkpoint } = sealed(3)
  const [origin = "", size = ""] = checkpoint.split("\n")
  const keys = trustedKeys([pem])
  const { verdicts } = await verifyLogs(logs(), [], { keys, retired: [checkpoint] })
  const message = `outside, ${size} leaves of this log were signed; the log is not there`
  expect(verdicts).toEqual([{ name: "ROLLED_BACK", origin, message }])
  await expect(verifyLogs(logs(), [], { keys, retired: ["x"] })).rejects.toMatchObject({ code: "WK457" })
})
