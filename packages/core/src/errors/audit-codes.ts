import type { CodeEntry } from "./code-entry.js"

/** Of the audit log. */
export const auditCodes = {
  WK401: {
    title: "The context changed inside a statement that writes",
    hint: "Do not change the context inside a statement; nothing was written.",
    http: 403,
  },
  WK402: {
    title: "A key of the audit log cannot be used",
    hint: "Give Ed25519 keys as PEM: `openssl genpkey -algorithm ed25519` makes one, `openssl pkey -pubout` its public half.",
    http: 500,
  },
  WK403: {
    title: "Another sealer is at work",
    hint: "One process seals a database; end the other one, or leave it to it. Writers are not affected.",
    http: 500,
  },
  WK404: {
    title: "The database is another incarnation than the one sealed last",
    hint: "Verify it against your anchors, then `wardkeep audit rebase`; writes are recorded meanwhile.",
    http: 500,
  },
  WK405: {
    title: "A bundle, a proof or tiles of the audit log cannot be read",
    hint: "Ask for the whole file again and compare its SHA-256; nothing was verified.",
    http: 500,
  },
  WK406: {
    title: "The bundle and the anchors are of different deployments",
    hint: "Give the checkpoints that were kept of this deployment; nothing was verified.",
    http: 500,
  },
  WK407: {
    title: "The audit log holds entries of a version that this verifier does not know",
    hint: "Verify with the newest version of Wardkeep; nothing is said about these entries.",
    http: 500,
  },
  WK408: {
    title: "Nothing of this tenant has been sealed",
    hint: "Check the tenant's key, or run `wardkeep audit seal` (in code: the sealer) first.",
    http: 404,
  },
  WK409: {
    title: "A person cannot be erased from the audit log yet",
    hint: "See the message; nothing was erased.",
    http: 409,
  },
  WK410: {
    title: "The sealer is not connected to the server itself",
    hint: "Give the server's own address instead of the pooler's; nothing was signed.",
    http: 500,
  },
  WK411: {
    title: "A view could not be recorded",
    hint: "Rows are shown once their view is recorded, so none were; see the cause. A statement that writes was undone, unless a function of yours wrote behind a plain SELECT.",
    http: 500,
  },
  WK412: { title: "Strict columns without a person", hint: "Select the subject's column or the key too.", http: 403 },
  WK430: {
    title: "The role may not hand this out",
    hint: "Give the role download, print, export or share for the table in the policy file, or ask somebody who holds it; nothing was released.",
    http: 403,
  },
  WK431: {
    title: "A record that is to be handed out is not there",
    hint: "Check the key; a record of another branch, or one that the role may not hand out, is not there either.",
    http: 404,
  },
  WK432: {
    title: "The link does not open",
    hint: "Check the code, or ask who shared it for another link: it may be used up, over, revoked, or locked after five wrong codes.",
    http: 403,
  },
  WK433: {
    title: "No such transfer is under way",
    hint: "End each download once, in the session that began it.",
    http: 409,
  },
  WK434: {
    title: "What is to be recorded is not described",
    hint: "See the message; nothing was released.",
    http: 400,
  },
  WK435: {
    title: "This role does not review accesses",
    hint: "Name it under detection.reviewedBy of the policy file and apply, or ask somebody who holds such a role.",
    http: 403,
  },
  WK436: {
    title: "Nobody reviews what they did themselves",
    hint: "Leave it to another reviewer; nothing was recorded.",
    http: 403,
  },
  WK437: {
    title: "There is no such access in one's own branches",
    hint: "Take event and person from the queue; what lies in another branch is not there either.",
    http: 404,
  },
  WK438: {
    title: "What is asked about accesses is not described",
    hint: "See the message; nothing was recorded.",
    http: 400,
  },
  WK439: {
    title: "That was decided already, or this reviewer decided 1,000 times within an hour",
    hint: "See the message: what a review said stays, so take up what is open still; after 1,000 within an hour go on later, or leave it to another reviewer.",
    http: 409,
  },
  WK440: {
    title: "A legal hold keeps this",
    hint: "See `wardkeep audit holds`; nothing was removed. A hold is released by whoever may, with a reason.",
    http: 409,
  },
  WK441: {
    title: "The month is younger than the log is kept",
    hint: "Wait; auditLog.keep of the policy file says how long the log is kept, docs/reference/law.md which law asks for it.",
    http: 409,
  },
  WK442: {
    title: "What is to be dropped is not sealed",
    hint: "Run `wardkeep audit seal`, or give --key, then drop again; nothing was dropped.",
    http: 409,
  },
  WK443: {
    title: "That cannot be held, released or dropped",
    hint: "See the message; nothing was changed.",
    http: 400,
  },
  WK444: {
    title: "The log is busy",
    hint: "Run the same again when the clinic is quiet; nothing was dropped or erased.",
    http: 503,
  },
  WK445: {
    title: "The sealing key was retired",
    hint: "Seal with the key that came after it; nothing was signed, and writes are recorded meanwhile.",
    http: 409,
  },
  WK446: {
    title: "The log cannot go on as another incarnation like this",
    hint: "See the message; nothing was changed, and writes are recorded meanwhile.",
    http: 409,
  },
  WK447: {
    title: "The checkpoint that would be written over is ahead of this log, or of another one",
    hint: "Move the file away and keep it; verify this log against it. Nothing was sealed, and writes are recorded meanwhile.",
    http: 409,
  },
  WK448: {
    title: "An anchor does not answer, or says nothing that can be read",
    hint: "Sealing and writes go on, and the next checkpoint is sent anew. Check its address and the network.",
    http: 503,
  },
  WK449: {
    title: "An anchor refuses the checkpoint",
    hint: "See the message: check the credentials, the bucket's name, or whether the witness knows this log and its key.",
    http: 500,
  },
  WK450: {
    title: "A store does not keep what it was given",
    hint: "Make the bucket with object lock and allow s3:PutObjectRetention and s3:GetObjectRetention; until then this is no anchor.",
    http: 500,
  },
  WK451: {
    title: "An anchor knows another history of this log",
    hint: "Stop, keep everything as it is, and verify the log against all anchors: it was rolled back, or another one was signed.",
    http: 500,
  },
  WK452: {
    title: "A witness's cosignature does not hold",
    hint: "Check the witness's key with whoever runs it, and both clocks; the checkpoint is not witnessed.",
    http: 500,
  },
  WK453: {
    title: "An anchor is not described",
    hint: "See the message and docs/guides/anchors.md.",
    http: 500,
  },
  WK454: {
    title: "Tiles and log do not fit together",
    hint: "No checkpoint was published. Verify the log and the tiles (`wardkeep audit verify`); if the log is whole, write its tiles into a new folder.",
    http: 409,
  },
  WK455: {
    title: "There is no proof of this event",
    hint: "See the message: check the event's number (`wardkeep audit timeline --json`), seal first, or take a later checkpoint.",
    http: 404,
  },
  WK456: {
    title: "The log cannot be sealed on a standby",
    hint: "Give the primary's address. Once this server is promoted, run `wardkeep audit rebase`; nothing was changed.",
    http: 409,
  },
  WK457: {
    title: "A file does not say until where a key signed",
    hint: "Give the file that `wardkeep audit rotate-key --last` wrote, and with --key the old public key too.",
    http: 400,
  },
  WK458: {
    title: "Somebody else writes these tiles",
    hint: "Run it again. Where nobody writes any more, a writer was ended while it published: remove the file .lock. No checkpoint was published.",
    http: 409,
  },
  WK459: {
    title: "This server takes no entries of the audit log",
    hint: "Give the primary's address: reading the log is recorded, and a standby records nothing. `wardkeep audit verify` works here too. Nothing was handed out.",
    http: 409,
  },
  WK460: {
    title: "This login may not read all that is verified",
    hint: "Verify as a login that no policy stops, and that may also read wardkeep.policy_state and the tables `migrations` of the schemas wardkeep and wardkeep_audit (USAGE on both schemas). Nothing was verified.",
    http: 403,
  },
  WK461: {
    title: "The log did not take an event",
    hint: "A rule or a trigger on wardkeep_audit.event or one of its partitions swallows events: `wardkeep audit verify` and `wardkeep plan` name it. Drop it, then try again. Nothing was written or handed out.",
    http: 500,
  },
} as const satisfies Record<`WK4${number}`, CodeEntry>
