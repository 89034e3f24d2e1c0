import { auditCodes } from "./audit-codes.js"
import type { CodeEntry } from "./code-entry.js"
import { consentCodes } from "./consent-codes.js"
import { suiteCodes } from "./suite-codes.js"

/**
 * The one catalogue of error codes. A code is the SQLSTATE raised in SQL, `error.code` in TypeScript and the anchor
 * in the documentation. Codes are retired, never reused.
 */
export const codes = {
  WK001: {
    title: "The policy file is not valid",
    hint: "Correct the places the message names; nothing was changed.",
    http: 500,
  },
  WK002: {
    title: "The policy names something the database does not have",
    hint: "Correct the name in the policy file, or run the host's migrations first.",
    http: 500,
  },
  WK003: {
    title: "This login can go around row-level security",
    hint: "Connect as the application's login made by `wardkeep migrate`: it is not an owner, a superuser or BYPASSRLS.",
    http: 500,
  },
  WK004: {
    title: "The server is below the security floor",
    hint: "Upgrade to 18.7, 17.12, 16.16 or 15.20 or later, or waive it with a reason and an expiry date.",
    http: 500,
  },
  WK005: {
    title: "The database cannot be reached",
    hint: "Check host, port, database, login and password, then run `wardkeep doctor`.",
    http: 503,
  },
  WK006: { title: "This server version is not supported", hint: "Use PostgreSQL 15 to 18.", http: 500 },
  WK007: { title: "This type cannot be a tenant or branch key", hint: "Use uuid, bigint, integer or text.", http: 500 },
  WK008: {
    title: "A table lacks its scope column",
    hint: "Add the column, choose another scope, or declare the table `unmanaged`.",
    http: 500,
  },
  WK009: { title: "An option is not valid", hint: "See the message for the accepted values.", http: 500 },
  WK101: {
    title: "No context",
    hint: "Call inside `wk.run(session, …)`; a session comes from `issueSession` after your own login.",
    http: 401,
  },
  WK102: { title: "The context is unknown, expired or revoked", hint: "Sign in again.", http: 401 },
  WK103: {
    title: "A handle was used outside its life, or another connection was used inside a transaction",
    hint: "Use the handle given to the callback, inside the callback, and await every query.",
    http: 500,
  },
  WK104: {
    title: "Callback style is refused",
    hint: "Use the promise that the call returns: callbacks lose the caller's context.",
    http: 500,
  },
  WK105: { title: "The branch is not part of this context", hint: "Choose one of the session's branches.", http: 403 },
  WK106: {
    title: "The context has several branches",
    hint: "Name the branch: `wk.run(session, { branch }, …)` or the branch column in the statement.",
    http: 400,
  },
  WK107: {
    title: "The role in force is not the role of the context",
    hint: "Do not change the role inside a unit; choose it with `wk.run(session, { role }, …)`.",
    http: 403,
  },
  WK108: {
    title: "This kind of statement is refused on a shared connection",
    hint: "Use `wk.tx` for transactions, or `dangerouslyUtility` for what really needs a connection of its own.",
    http: 500,
  },
  WK109: {
    title: "The connection's session state changed",
    hint: "The connection was destroyed; run the statement again if it was not a write.",
    http: 503,
  },
  WK110: {
    title: "The choice of role, purpose or tenant is ambiguous or not granted",
    hint: "Name it: `wk.run(session, { role, purpose, tenant }, …)`.",
    http: 400,
  },
  WK111: {
    title: "The call was aborted or took too long",
    hint: "Try again, or raise the limit for this call.",
    http: 504,
  },
  WK112: {
    title: "The context is malformed",
    hint: "Pass the session that `issueSession` returned, unchanged.",
    http: 401,
  },
  WK113: {
    title: "A test saw or changed what belongs to another branch",
    hint: "Find the statement that is not Wardkeep's, or the copy of rows outside of the database.",
    http: 500,
  },
  WK114: {
    title: "A test of isolation proves nothing",
    hint: "Have the function return what it read, and seed the mark where it reads.",
    http: 500,
  },
  WK115: {
    title: "Rows were read where the result is kept for others",
    hint: "Read outside of the cache, or use `cached` or `tenantKey` of `wardkeep/next`, which keep a copy for each context.",
    http: 500,
  },
  WK116: {
    title: "No request of this context waits under the key",
    hint: "Ask for `tenantKey()` in the component, route or action that calls the function, and hand it over as it is.",
    http: 500,
  },
  WK117: {
    title: "A statement decides by a column that its role may not see",
    hint: "Give the role the column under `read` in the policy file, or take the column out of the condition, order or grouping.",
    http: 500,
  },
  WK201: {
    title: "This role may not do that",
    hint: "Ask somebody whose role may, or change the policy file.",
    http: 403,
  },
  WK202: {
    title: "The session was not issued",
    hint: "Check the request against the policy file: role, purpose, expiry and second factor.",
    http: 403,
  },
  WK203: {
    title: "The service is not in the policy file",
    hint: "Declare it under `services` and apply the policy.",
    http: 500,
  },
  WK204: {
    title: "A newer second factor is needed",
    hint: "Ask for the second factor again, then repeat the request; the message says how recent it must be.",
    http: 401,
  },
  WK205: {
    title: "This role may do that for another purpose",
    hint: "Name the purpose, if the session holds it: `wk.run(session, { purpose }, …)`.",
    http: 403,
  },
  WK206: {
    title: "The assignment was refused",
    hint: "See the message; nothing was changed. The policy file says who may grant what, and which roles exclude each other.",
    http: 403,
  },
  WK207: {
    title: "The emergency access was refused",
    hint: "See the message; what was declared before stays recorded. An open one must be reviewed before the next.",
    http: 403,
  },
  WK230: {
    title: "The referral was refused",
    hint: "See the message. The policy file says under `crossings.referral` who may refer what, for how long, and who may open it.",
    http: 403,
  },
  WK231: {
    title: "The person or branch was not moved",
    hint: "See the message; nothing was changed. The policy file says under `crossings` who may move and merge.",
    http: 409,
  },
  WK232: {
    title: "The consent ledger of the person cannot go to the other branch",
    hint: "Somebody else decided under the same key there. Give one of the two another key; nothing was changed.",
    http: 409,
  },
  WK233: {
    title: "A trigger of the host stopped a move",
    hint: "Qualify the names in that function, or write `set search_path` on it; nothing was changed.",
    http: 500,
  },
  WK240: {
    title: "The support session was refused",
    hint: "See the message; a clinic allows it with allowSupport, or the policy file names codes for one without.",
    http: 403,
  },
  WK250: {
    title: "The clinic's word about aggregates was refused",
    hint: "See the message. The policy file says under `aggregates` who agrees and withdraws, and to what.",
    http: 403,
  },
  WK251: {
    title: "A clinic was not counted",
    hint: "See the message; nothing of the clinic was kept for the figures. A month is counted when it is over, over every branch.",
    http: 409,
  },
  WK252: {
    title: "The figures were not released",
    hint: "See the message; nothing was published. A month of a table is released once.",
    http: 409,
  },
  WK253: {
    title: "The figures of the policy file do not fit the table",
    hint: "Use a date or timestamp for `month`, and an exact number (integer or numeric) for `sum`.",
    http: 500,
  },
  WK301: {
    title: "A migration failed; nothing of it was kept",
    hint: "See the cause for file and position; correct it and run again.",
    http: 500,
  },
  WK302: {
    title: "The database is not what the policy file says",
    hint: "Run `wardkeep plan` to see the differences, then `wardkeep apply`.",
    http: 500,
  },
  WK303: {
    title: "Objects of the host are in the way",
    hint: "Rename or remove what the message names, or declare the table `unmanaged`.",
    http: 500,
  },
  WK304: {
    title: "Rows without a scope, without a parent or across branches",
    hint: "Correct the rows that the query in the message lists, then run again.",
    http: 500,
  },
  WK305: { title: "The database changed since the plan was made", hint: "Make a new plan.", http: 409 },
  WK306: {
    title: "A privilege could not be taken away",
    hint: "Run the statement in the message as the database's owner.",
    http: 500,
  },
  WK307: { title: "Maintenance or backfill was refused", hint: "See the message; nothing was changed.", http: 500 },
  ...auditCodes,
  ...consentCodes,
  ...suiteCodes,
  WK901: { title: "A defect in Wardkeep", hint: "Please report it with the code and the version.", http: 500 },
} as const satisfies Record<`WK${number}`, CodeEntry>

export type Code = keyof typeof codes

/** True for a string that is one of our codes. */
export function isCode(value: unknown): value is Code {
  return typeof value === "string" && Object.hasOwn(codes, value)
}
