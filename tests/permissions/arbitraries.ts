import type { ConditionInput, GuardInput } from "@wardkeep/core"
import type { Context, Row } from "@wardkeep/permissions"
import fc from "fast-check"

const uuid = (n: number): string => `abcdef00-0000-4000-8000-00000000000${n}`
const ids = [1, 2, 3].map(uuid)
/** Few values, so that rows and contexts meet; some are no key of the column they are compared with. */
const actors = ["asha", "7", "-3", "9000000000", "99999999999999999999", "07", "", ...ids, ids[0]?.toUpperCase() ?? ""]
export const branches = [4, 5, 6].map(uuid)
export const groups: Readonly<Record<string, readonly string[]>> = {
  north: branches.slice(0, 2),
  none: [branches[2] ?? ""],
}
const zones = ["Asia/Kolkata", "America/New_York", "Europe/London", "Australia/Lord_Howe", "UTC"]
const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const
const clock = fc
  .integer({ min: 0, max: 47 })
  .map((half) => `${String(half >> 1).padStart(2, "0")}:${half % 2 === 0 ? "00" : "30"}`)
const duration = fc.constantFrom("PT0S", "PT1S", "PT90M", "P1D", "P7D", "P1W2DT3H")

const hours = fc
  .record({
    zone: fc.constantFrom(...zones),
    days: fc.option(fc.subarray([...days], { minLength: 1 }), { nil: undefined }),
    from: clock,
    to: clock,
  })
  .filter(({ from, to }) => from !== to)
const hoursOrDays = fc.oneof(
  hours.map(({ days: some, ...rest }) => ({ ...rest, ...(some !== undefined && { days: some }) })),
  fc.record({ zone: fc.constantFrom(...zones), days: fc.subarray([...days], { minLength: 1 }) }),
)

const assigned = fc
  .record({
    actor: fc.constantFrom("staff", "staff_id"),
    from: fc.boolean(),
    until: fc.boolean(),
    openEnd: fc.boolean(),
  })
  .map(({ actor, from, until, openEnd }) => ({
    table: "care_team" as const,
    actor,
    subject: "patient_id",
    ...(from && { from: "valid_from" }),
    ...(until && { until: "valid_to" }),
    ...(openEnd && { openEnd: true as const }),
  }))

type Drawn = fc.Arbitrary<ConditionInput<"care_team">>

const ownLeaf: Drawn = fc.constantFrom("author", "author_id", "author_no", "author_big").map((own) => ({ own }))
const assignedLeaf: Drawn = assigned.map((value) => ({ assigned: value }))
const hoursLeaf: Drawn = hoursOrDays.map((value) => ({ hours: value }))

const leaf: Drawn = fc.oneof(
  ownLeaf,
  fc.constant({ ownSubject: true as const }),
  assignedLeaf,
  fc
    .subarray(["draft", "signed", 'it\'s \\ "odd"'], { minLength: 1 })
    .map((list) => ({ state: { column: "status", in: list } })),
  fc.subarray(["draft", "signed"], { minLength: 1 }).map((list) => ({ state: { column: "state", in: list } })),
  fc.subarray([-1, 0, 7], { minLength: 1 }).map((list) => ({ state: { column: "level", in: list } })),
  fc.boolean().map((value) => ({ state: { column: "done", in: [value] } })),
  fc.constant({ branch: "branch_id" }),
  fc.constantFrom("north", "none", "missing").map((name) => ({ group: { column: "branch_id", name } })),
  fc
    .record({ last: fc.option(duration, { nil: undefined }), next: fc.option(duration, { nil: undefined }) })
    .filter(({ last, next }) => last !== undefined || next !== undefined)
    .map(({ last, next }) => ({
      within: { column: "created_at", ...(last !== undefined && { last }), ...(next !== undefined && { next }) },
    })),
  hoursLeaf,
)

export const condition: fc.Arbitrary<ConditionInput<"care_team">> = fc.letrec<{ node: ConditionInput<"care_team"> }>(
  (tie) => ({
    node: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 3, arbitrary: leaf },
      { weight: 1, arbitrary: fc.array(tie("node"), { minLength: 1, maxLength: 3 }).map((all) => ({ all })) },
      { weight: 1, arbitrary: fc.array(tie("node"), { minLength: 1, maxLength: 3 }).map((any) => ({ any })) },
    ),
  }),
).node

const nullable = <T>(values: readonly T[]): fc.Arbitrary<T | null> => fc.constantFrom(...values, null)

/** Around the moment of the question: on the edges of the windows, just beside them, and anywhere. */
const around = (now: Date): fc.Arbitrary<Date | null> =>
  fc.oneof(
    fc.constant(null),
    fc
      .tuple(fc.constantFrom(0, 1, 5400, 86_400, 604_800, 788_400), fc.constantFrom(-1, 1), fc.constantFrom(-1, 0, 1))
      .map(([seconds, side, off]) => new Date(now.getTime() + side * seconds * 1000 + off)),
  )

export const row = (now: Date): fc.Arbitrary<Row> =>
  fc.record({
    author: nullable(actors),
    author_id: nullable(ids),
    author_no: nullable([7, -3, 0]),
    author_big: nullable(["7", "-3", "9000000000"]),
    patient_id: nullable(ids),
    branch_id: nullable(branches),
    status: nullable(["draft", "signed", 'it\'s \\ "odd"', ""]),
    state: nullable(["draft", "signed", "void"]),
    level: nullable([-1, 0, 1, 7]),
    done: nullable([true, false]),
    created_at: around(now),
  })

const assignment = (now: Date): fc.Arbitrary<Row> =>
  fc.record({
    staff: nullable(actors),
    staff_id: nullable(ids),
    patient_id: nullable(ids),
    valid_from: around(now),
    valid_to: around(now),
  })

export const guard: fc.Arbitrary<GuardInput<"care" | "billing", never>> = fc
  .record({
    purposes: fc.option(fc.subarray(["care", "billing"] as const, { minLength: 1 }), { nil: undefined }),
    mfa: fc.option(fc.constantFrom("PT15M", "PT12H"), { nil: undefined }),
  })
  .map(({ purposes, mfa }) => ({ ...(purposes !== undefined && { purposes }), ...(mfa !== undefined && { mfa }) }))

/** Any moment, and those at which a clock somewhere shows a full or half hour, with their neighbours. */
const moment = fc
  .tuple(
    fc.date({ min: new Date("2020-01-01T00:00:00Z"), max: new Date("2027-12-31T00:00:00Z"), noInvalidDate: true }),
    fc.constantFrom(null, -1, 0, 1),
  )
  .map(([at, off]) => (off === null ? at : new Date(Math.round(at.getTime() / 1_800_000) * 1_800_000 + off)))

export interface Asked {
  readonly context: Context
  readonly rows: readonly Row[]
}

export const asked = (rows: number): fc.Arbitrary<Asked> =>
  moment.chain((now) =>
    fc.record({
      context: fc
        .record({
          actor: fc.constantFrom(...actors.filter((actor) => actor !== "")),
          purpose: fc.constantFrom("care", "billing"),
          branches: fc.subarray([...branches], { minLength: 1 }),
          mfaAt: fc.oneof(
            fc.constant(null),
            fc
              .constantFrom(-61, -60, 0, 1, 899, 900, 901, 43_200, 43_201)
              .map((age) => new Date(now.getTime() - age * 1000)),
          ),
          assignments: fc.array(assignment(now), { maxLength: 4 }),
        })
        .map(
          ({ assignments, ...rest }): Context => ({
            ...rest,
            role: "asker",
            groups,
            now,
            assignments: { "public.care_team": assignments },
          }),
        ),
      rows: fc.array(row(now), { minLength: 1, maxLength: rows, size: "max" }),
    }),
  )
