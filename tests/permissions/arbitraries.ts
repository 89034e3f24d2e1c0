import type { ConditionInput, GuardInput } from "@wardkeep/core"
import type { Context, Row } from "@wardkeep/permissions"
import fc from "fast-check"

const uuid = (n: number): string => `abcdef00-0000-4000-8000-00000000000${n}`
const ids = [1, 2, 3].map(uuid)
/** Few values, so that rows and contexts meet; some are no key of the column they are compared with. */
const actors = ["asha", "7", "-3", "9000000000", "99999999999999999999", "07", "", ...ids, ids[0]?.toUpperCase() ?? ""]
export const branches = [4, 5, 6].map(uuid)
/** A branch of another clinic. */
export const elsewhere = uuid(7)
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

/** Milliseconds beside the edges of the windows. */
const exactly = [-1, 0, 1] as const
/** So far that the time until the statement runs does not matter. */
const roughly = [-30_000, 30_000] as const
type Beside = typeof exactly | typeof roughly

/** Around the moment of the question: beside the edges of the windows. */
const around = (now: Date, beside: Beside): fc.Arbitrary<Date | null> =>
  fc.oneof(
    fc.constant(null),
    fc
      .tuple(fc.constantFrom(0, 1, 5400, 86_400, 604_800, 788_400), fc.constantFrom(-1, 1), fc.constantFrom(...beside))
      .map(([seconds, side, off]) => new Date(now.getTime() + side * seconds * 1000 + off)),
  )

export const row = (now: Date, beside: Beside = exactly): fc.Arbitrary<Row> =>
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
    created_at: around(now, beside),
  })

const assignment = (now: Date, beside: Beside = exactly): fc.Arbitrary<Row> =>
  fc.record({
    staff: nullable(actors),
    staff_id: nullable(ids),
    patient_id: nullable(ids),
    valid_from: around(now, beside),
    valid_to: around(now, beside),
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

/** One role of a real policy, and who asks as this role. */
export interface Post {
  readonly when: ConditionInput<"care_team">
  readonly after: ConditionInput<"care_team">
  readonly tied: GuardInput<"care" | "billing", never>
  /** Columns that the role may read besides the key; all when undefined. */
  readonly columns: readonly string[] | undefined
  readonly actor: string
  readonly purpose: "care" | "billing"
  readonly branches: readonly string[]
  readonly mfaAge: number | null
}

export interface Real {
  readonly posts: readonly Post[]
  readonly rows: readonly Row[]
  readonly assignments: readonly Row[]
}

const post: fc.Arbitrary<Post> = fc.record({
  when: condition,
  after: condition,
  tied: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: guard }),
  columns: fc.option(fc.subarray(["author", "patient_id", "status", "state", "created_at"]), {
    nil: undefined,
    freq: 4,
  }),
  actor: fc.constantFrom(...actors.filter((actor) => actor !== "")),
  purpose: fc.constantFrom("care", "billing"),
  branches: fc.subarray([...branches], { minLength: 1 }),
  mfaAge: fc.option(fc.constantFrom(-30, 30, 870, 930, 43_170, 43_230), { nil: null }),
})

/** Roles, rows and assignments around a moment that is about now. */
export const real = (now: Date, sizes: { readonly posts: number; readonly rows: number }): fc.Arbitrary<Real> =>
  fc.record({
    posts: fc.array(post, { minLength: sizes.posts, maxLength: sizes.posts }),
    rows: fc.array(
      row(now, roughly).map((one) => ({ ...one, branch_id: one.branch_id ?? elsewhere })),
      { minLength: sizes.rows >> 1, maxLength: sizes.rows, size: "max" },
    ),
    assignments: fc.array(assignment(now, roughly), { maxLength: 6 }),
  })
