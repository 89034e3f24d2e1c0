import { isIP } from "node:net"
import type { Actor } from "../../database/actor.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { type Hello, hello, hostOf } from "./hello.js"

export const probe = defineProbe({
  code: "WKC101",
  title: "The application's way in is not encrypted, or asks for no or a weak proof of the password",
  severity: "hygiene",
  cwe: "CWE-319",
  cvss: "CVSS:3.1/AV:A/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N",
  run: async (scene, record) => {
    const logins = new Map(scene.actors.map((actor) => [actor.login, actor]))
    for (const actor of logins.values()) await knock(scene, record, actor)
  },
})

async function knock(scene: Scene, record: CheckRecord, actor: Actor): Promise<void> {
  const url = scene.urlOf(actor)
  const [plain, encrypted] = [await hello(url, false), await hello(url, true)]
  if (plain === "unreachable" && encrypted === "unreachable") {
    return record.leftOut(
      actor.login,
      "the address of the application's URL did not answer to a connection of one's own",
    )
  }
  record.probe(actor.login)
  record.control()
  const at = `${hostOf(url)}:${url.port || "5432"}`
  const answers = `without TLS: ${words[plain]}; with TLS: ${words[encrypted]}`
  for (const { object, message, fix } of [...openness(actor, plain, url), ...proofs(actor, plain, encrypted)]) {
    record.found({
      object,
      message,
      fix,
      evidence: `${at} answered to the first packet of ${actor.login}, before any password: ${answers}`,
      replay: `-- psql "host=${hostOf(url)} port=${url.port || "5432"} dbname=${decodeURIComponent(url.pathname.slice(1))} user=${actor.login} sslmode=disable"\nselect coalesce((select ssl from pg_catalog.pg_stat_ssl where pid = pg_catalog.pg_backend_pid()), false) as encrypted;`,
    })
  }
}

const words: Readonly<Record<Hello, string>> = {
  trust: "let in without a password",
  cleartext: "asked for the password in clear text",
  md5: "asked for the password as MD5",
  scram: "asked for SCRAM",
  other: "asked for another proof, such as a ticket",
  refused: "refused",
  unreachable: "no answer",
}

interface Weakness {
  readonly object: string
  readonly message: string
  readonly fix: string
}

/** On one machine nobody is between. */
function openness({ login }: Actor, plain: Hello, url: URL): Weakness[] {
  if (plain === "refused" || plain === "unreachable" || staysHere(hostOf(url))) return []
  return [
    {
      object: `connections of ${login}`,
      message: "The server takes this login without encryption: whoever is between reads every row of every tenant.",
      fix: "Let pg_hba.conf have hostssl lines only (or the pooler client_tls_sslmode = require), and connect with sslmode=verify-full.",
    },
  ]
}

export function staysHere(host: string): boolean {
  const name = decodeURIComponent(host)
  return (
    name === "" ||
    name === "localhost" ||
    name.startsWith("/") ||
    name === "::1" ||
    (isIP(name) === 4 && name.startsWith("127."))
  )
}

function proofs({ login }: Actor, plain: Hello, encrypted: Hello): Weakness[] {
  const object = `password of ${login}`
  const either = [plain, encrypted]
  if (either.includes("trust")) {
    return [
      {
        object,
        message: `Whoever reaches the server is ${login} without any password, and every tenant with it.`,
        fix: "Replace trust in pg_hba.conf, or auth_type of the pooler, with scram-sha-256.",
      },
    ]
  }
  if (plain === "cleartext" || either.includes("md5")) {
    return [
      {
        object,
        message: `The password of ${login} is asked for in a form that gives it, or what can be used instead of it, to whoever listens.`,
        fix: "Set password_encryption = 'scram-sha-256', let the login set its password anew, and write scram-sha-256 into pg_hba.conf, or auth_type of the pooler.",
      },
    ]
  }
  return []
}
