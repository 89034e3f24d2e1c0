import type { CodeEntry } from "./code-entry.js"

/** Of the consent ledger, and of the rights that go with it. */
export const consentCodes = {
  WK501: {
    title: "The law data is not valid",
    hint: "Correct the files the message names; each rule needs a citation, a source and its days in force.",
    http: 500,
  },
  WK502: { title: "The notice is incomplete", hint: "Add what the message names, then publish again.", http: 400 },
  WK503: {
    title: "The consent ledger refused the entry",
    hint: "See the message; nothing was recorded, and what was recorded before stays.",
    http: 409,
  },
  WK560: {
    title: "The request about personal data was refused",
    hint: "See the message; nothing was recorded, and what was recorded before stays.",
    http: 409,
  },
  WK561: {
    title: "How long records are kept is not settled",
    hint: "A named person reads each rule that the message names and attests it; until then nothing is destroyed by it.",
    http: 409,
  },
  WK562: {
    title: "Rows about a destroyed person are left",
    hint: "Remove what is left in the tables that the message names, then destroy again: no certificate was made.",
    http: 500,
  },
  WK563: {
    title: "The consent artefact was not taken",
    hint: "See the message; ask the consent manager for a correct one.",
    http: 422,
  },
  WK564: {
    title: "The key of a person is not exact",
    hint: "Give people a key of the type uuid, bigint, integer or text (not citext or numeric): two spellings of one person would have two consents.",
    http: 500,
  },
  WK568: {
    title: "The destruction waits for the audit log to be sealed",
    hint: "The rows are gone. Run `wardkeep audit seal`, then the same command again: it takes the person out of the log and certifies.",
    http: 409,
  },
} as const satisfies Record<`WK5${number}`, CodeEntry>
