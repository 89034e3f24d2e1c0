import { z } from "zod"

/** A calendar date, as a day in India. */
const date = z.iso.date()

/** `P7Y`, `P72M`, `P180D`, `PT72H`: one unit, as the instrument says it. */
const length = z.string().regex(/^P(\d+[YMD]|T\d+H)$/, "write one unit, such as P3Y, P72M, P90D or PT72H")

const force = z
  .strictObject({
    /** `proposed`: nobody is bound. `held`: made, and kept from taking effect. */
    status: z.enum(["enacted", "proposed", "held"]),
    /**
     * The first day it binds; where sources disagree, the earlier one. `earlier`: it bound already when the data was read,
     * and since when was not looked up. Null for what binds nobody.
     */
    from: z.union([date, z.literal("earlier"), z.null()]),
    /** The first day it no longer binds; where sources disagree, the later one. */
    to: date.optional(),
    note: z.string().min(1).optional(),
  })
  .refine(({ status, from }) => (status === "enacted") === (from !== null), "only what is enacted has a first day")

const period = z.strictObject({
  kind: z.enum(["within", "at-least"]),
  length,
  /** The event that it counts from. */
  clock: z.string().min(1),
})

/**
 * How much stands behind a row. `text`: the text was read, as somebody reproduced it. `secondary`: somebody else says so.
 * `remembered`: nobody looked.
 */
const grade = z.enum(["text", "secondary", "remembered"])

/** The grades in words. */
export const gradeWords = {
  text: "text, as somebody reproduced it",
  secondary: "secondary source",
  remembered: "not looked up",
} as const satisfies Record<z.infer<typeof grade>, string>

const shared = {
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  instrument: z.string().min(1),
  clause: z.string().min(1),
  force,
  grade,
  sources: z.array(z.string().min(1)).min(1),
}

/** Whom a duty can bind. */
export const parties = [
  "fiduciary",
  "significant-fiduciary",
  "consent-manager",
  "body-corporate",
  "clinical-establishment",
  "practitioner",
] as const

export const obligation = z.strictObject({
  ...shared,
  /** What must be done, in our words. */
  duty: z.string().min(1),
  binds: z.array(z.enum(parties)).min(1),
  period: period.optional(),
  wardkeep: z.strictObject({
    /** `enforces`: the database refuses the opposite. `helps`: it keeps evidence. `clinic`: neither. */
    part: z.enum(["enforces", "helps", "clinic"]),
    how: z.string().min(1),
    /** The command whose output is the evidence. */
    evidence: z.string().startsWith("wardkeep ").optional(),
  }),
})

export const retentionRule = z.strictObject({
  ...shared,
  /** The class of record, such as `inpatient`. */
  record: z.string().min(1),
  /** Null where no instrument sets one. */
  period: period.nullable(),
  caveat: z.string().min(1).optional(),
})

/** A citation that goes round and is wrong: every field that is given must fit. */
export const forbiddenCitation = z.strictObject({
  id: z.string(),
  /** The citation as people make it, for whoever reads the list. */
  cites: z.string().min(1),
  instrument: z.string(),
  clause: z.string().optional(),
  duty: z.string().optional(),
  binds: z.enum(parties).optional(),
  hasPeriod: z.literal(true).optional(),
  isEnacted: z.literal(true).optional(),
  why: z.string().min(1),
})

export const about = z.strictObject({ jurisdiction: z.string(), readOn: date, say: z.string() })
export const instruments = z.record(z.string(), z.string().min(1))

export type Force = z.infer<typeof force>
export type Period = z.infer<typeof period>
export type Party = (typeof parties)[number]
export type Obligation = Readonly<z.infer<typeof obligation>>
export type RetentionRule = Readonly<z.infer<typeof retentionRule>>
export type ForbiddenCitation = Readonly<z.infer<typeof forbiddenCitation>>
