import { createHmac } from "node:crypto"
import { authJsIdentity } from "@wardkeep/adapters/auth-js"
import { betterAuthIdentity } from "@wardkeep/adapters/better-auth"
import { type Identity, jwtIdentity, type KeySet } from "@wardkeep/adapters/jwt"
import { oidcIdentity } from "@wardkeep/adapters/oidc"
import { actorOf, sessionsFor } from "@wardkeep/adapters/sessions"
import type { Assignment, Session } from "@wardkeep/postgres"
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose"
import { beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { AuthJs, type AuthJsFound } from "./auth-js.ts"
import { betterAuthSignedIn } from "./better-auth.ts"
import { Browser, loopback } from "./loopback.ts"
import { type OidcProvider, oidcProvider } from "./provider.ts"

const database = useDatabase()
const used = useClient(database)

/** In clinic A and in clinic B, both with the same role. */
const assignments = (role: string, places = [0, 2]): Assignment[] =>
  places.map((place) => ({ tenant: used.clinic.branches[place]!.clinic, branches: "all", role }))
const tenants = async (session: Session, scope = {}): Promise<string[]> => {
  const { rows } = await used.wk.run(session, scope, () =>
    used.wk.query<{ clinic_id: string }>("select clinic_id from patient"),
  )
  return [...new Set(rows.map((row) => row.clinic_id))]
}
/** Issues as the bridge says and nothing else; the doctor's role asks for a second factor of the last twelve hours. */
const issue = (who: Identity | undefined, role: string) =>
  sessionsFor(used.issuer, { assignments: () => assignments(role, [0]) })(who)
const code = (code: string, message?: RegExp) =>
  expect.objectContaining({ code, ...(message !== undefined && { message: expect.stringMatching(message) }) })

const audience = "clinic-api"
type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"]
let signing: { readonly kid: string; readonly privateKey: PrivateKey; readonly jwk: JWK; readonly pem: JWK }
let keys: KeySet
let oidc: OidcProvider
let issuer = ""
let asked = 0

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true })
  const pem = { ...(await exportJWK(publicKey)), kid: "2026", alg: "RS256", use: "sig" }
  signing = {
    kid: "2026",
    privateKey,
    pem,
    jwk: { ...(await exportJWK(privateKey)), kid: "2026", alg: "RS256", use: "sig" },
  }
  keys = { keys: [pem] } as KeySet
  oidc = await oidcProvider(signing.jwk, "asha")
  issuer = await loopback((origin) => (request, response) => {
    asked++
    const found = request.url === "/jwks" ? keys : { issuer: origin, jwks_uri: `${origin}/jwks` }
    response.setHeader("content-type", "application/json").end(JSON.stringify(found))
  })
})

const now = () => Math.floor(Date.now() / 1000)
/** Undefined takes a claim away. */
type Changed = Readonly<Record<string, unknown>>
const payload = (claims: Changed): JWTPayload =>
  JSON.parse(JSON.stringify({ iss: issuer, aud: audience, sub: "asha", exp: now() + 300, ...claims }))
const token = (claims: Changed = {}, { kid = "2026", key = signing.privateKey } = {}) =>
  new SignJWT(payload(claims)).setProtectedHeader({ alg: "RS256", kid }).sign(key)
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")

describe("a plain JWT", () => {
  it("is its subject, in the rows of the clinic that the host assigned, for as long as the token holds", async () => {
    const identify = jwtIdentity({ issuer, audience })
    const who = await identify(await token())
    expect(who).toMatchObject({ actor: "asha", ttl: expect.any(Number) })
    expect([who!.mfaAt, who!.ttl > 290 && who!.ttl <= 300]).toEqual([undefined, true])
    const session = await issue(who, "reception")
    expect(await tenants(session!)).toEqual([used.clinic.branches[0]!.clinic])
    expect(Date.parse(session!.expiresAt)).toBeLessThanOrEqual(Date.now() + 301_000)
    expect(await identify(undefined)).toBeUndefined()
  })

  it("of two clinics is asked which, and sees that one only", async () => {
    const who = await jwtIdentity({ issuer, audience, keys })(await token())
    const session = (await sessionsFor(used.issuer, { assignments: () => assignments("reception") })(who))!
    await expect(tenants(session)).rejects.toEqual(code("WK110"))
    for (const place of [0, 2]) {
      const tenant = used.clinic.branches[place]!.clinic
      expect(await tenants(session, { tenant })).toEqual([tenant])
    }
  })

  it("is refused when anything about it does not hold", async () => {
    const identify = jwtIdentity({ issuer, audience, keys, typ: "JWT" })
    const typed = (claims: Changed, header: object = {}) =>
      new SignJWT(payload(claims))
        .setProtectedHeader({ alg: "RS256", kid: "2026", typ: "JWT", ...header })
        .sign(signing.privateKey)
    const body = encoded({ iss: issuer, aud: audience, sub: "asha", exp: now() + 300 })
    const none = `${encoded({ alg: "none" })}.${body}.`
    const shared = `${encoded({ alg: "HS256", kid: "2026" })}.${body}`
    const hmac = createHmac("sha256", JSON.stringify(signing.pem)).update(shared).digest("base64url")
    const stranger = (await generateKeyPair("RS256")).privateKey
    const refused: readonly (readonly [string, RegExp])[] = [
      [none, /algorithm/],
      [`${shared}.${hmac}`, /algorithm/],
      [await typed({ aud: "another-api" }), /another audience/],
      [await typed({ iss: "http://127.0.0.1/elsewhere" }), /another issuer/],
      [await typed({ exp: now() - 60 }), /has expired/],
      [await typed({ exp: undefined }), /no end/],
      [await typed({ nbf: now() + 600 }), /not valid yet/],
      [await typed({}, { kid: "1999" }), /key that the issuer does not have/],
      [await typed({}, { typ: "logout+jwt" }), /another type/],
      [await token({}, { key: stranger }), /signature/],
      [
        `${(await typed({})).split(".")[0]}.${encoded({ sub: "chief" })}.${(await typed({})).split(".")[2]}`,
        /signature/,
      ],
      ["no token at all", /no token/],
    ]
    for (const [text, message] of refused)
      await expect(identify(text), String(message)).rejects.toEqual(code("WK756", message))
    await expect(identify(await typed({}))).resolves.toMatchObject({ actor: "asha" })
    await expect(identify(await typed({ auth_time: now() + 600, amr: ["mfa"] }))).rejects.toEqual(
      code("WK756", /future/),
    )
    await expect(identify(await typed({ sub: undefined }))).rejects.toEqual(code("WK758"))
    await expect(identify(await typed({ sub: "service:reminders" }))).rejects.toEqual(code("WK758", /no person/))
  })

  it("asks for its keys once, also for a storm of unknown ones, and says when they cannot be had", async () => {
    const identify = jwtIdentity({ issuer, audience })
    asked = 0
    await Promise.all(Array.from({ length: 50 }, async () => await identify(await token())))
    const storm = await Promise.allSettled(
      Array.from({ length: 50 }, async (_, n) => await identify(await token({}, { kid: `unknown ${n}` }))),
    )
    expect(storm.every(({ status }) => status === "rejected")).toBe(true)
    // The document and the keys; `jose` looks for an unknown key at most once in 30 s.
    expect(asked).toBe(2)
    const silent = jwtIdentity({ issuer: "http://127.0.0.1:9", audience })
    await expect(silent(await token())).rejects.toEqual(code("WK757"))
    const mixed = jwtIdentity({ issuer: `${issuer}/tenant`, audience })
    await expect(mixed(await token())).rejects.toEqual(code("WK757", /another issuer/))
    expect(() => jwtIdentity({ issuer: "http://id.example.in", audience })).toThrow(code("WK009", /https only/))
    const missing = process.env.WARDKEEP_NOT_SET as string
    for (const asked of [
      { issuer, audience: "" },
      { issuer, audience: missing, keys },
      { issuer: missing, audience, keys },
    ])
      expect(() => jwtIdentity(asked)).toThrow(code("WK009", /are named/))
  })

  it("has a second factor where amr or acr says so and auth_time says when", async () => {
    const identify = jwtIdentity({ issuer, audience, keys, secondFactor: { amr: ["mfa"], acr: ["two"] } })
    const at = now() - 600
    const mfaAt = async (claims: Changed) => (await identify(await token(claims)))?.mfaAt
    expect(await mfaAt({ amr: ["pwd", "mfa"], auth_time: at })).toEqual(new Date(at * 1000))
    expect(await mfaAt({ acr: "two", auth_time: at })).toEqual(new Date(at * 1000))
    for (const claims of [
      { amr: ["mfa"] },
      { amr: ["pwd"], auth_time: at },
      { acr: "one", auth_time: at },
      { amr: "mfa", auth_time: at },
    ])
      expect(await mfaAt(claims)).toBeUndefined()
    await expect(issue(await identify(await token()), "doctor")).rejects.toEqual(code("WK202"))
    const old = await identify(await token({ amr: ["mfa"], auth_time: now() - 13 * 3600 }))
    await expect(issue(old, "doctor")).rejects.toEqual(code("WK202"))
    expect(await issue(await identify(await token({ amr: ["mfa"], auth_time: at })), "doctor")).toBeDefined()
  })

  it("that was signed out in the database stays so, and a newer second factor is another session", async () => {
    const identify = jwtIdentity({ issuer, audience, keys })
    const sessionOf = sessionsFor(used.issuer, { assignments: () => assignments("reception", [0]) })
    const same = await token({ sub: "leaver" })
    const [first, again] = await Promise.all([sessionOf(await identify(same)), sessionOf(await identify(same))])
    expect(again).toBe(first)
    expect(await used.issuer.endActor("leaver", "left the clinic")).toBe(1)
    await expect(tenants((await sessionOf(await identify(same)))!)).rejects.toEqual(code("WK102"))
    // The same token, with its signature written otherwise: the spare bits of the last letter mean nothing.
    const twin = `${same.slice(0, -1)}${String.fromCharCode(same.charCodeAt(same.length - 1) + 1)}`
    expect(await sessionOf(await identify(twin))).toBe(first)
    const stepped = await sessionOf(await identify(await token({ sub: "leaver", amr: ["mfa"], auth_time: now() })))
    expect(stepped!.id).not.toBe(first!.id)
  })
})

it("an OpenID Connect provider: the whole code flow, and who signed in with two factors is a doctor", async () => {
  const identify = oidcIdentity({ issuer: oidc.issuer, clientId: oidc.clientId })
  const idToken = await oidc.signIn("of this browser")
  const who = await identify(idToken, { nonce: "of this browser" })
  expect(who.actor).toBe("asha")
  expect(Math.abs(who.mfaAt!.getTime() - Date.now())).toBeLessThan(60_000)
  expect(await tenants((await issue(who, "doctor"))!, { purpose: "care" })).toEqual([used.clinic.branches[0]!.clinic])
  for (const nonce of ["of another browser", "", undefined as unknown as string])
    await expect(identify(idToken, { nonce })).rejects.toEqual(code("WK756", /nonce/))
  const other = oidcIdentity({ issuer: oidc.issuer, clientId: "another" })
  await expect(other(idToken, { nonce: "of this browser" })).rejects.toEqual(code("WK756", /another audience/))
  const local = oidcIdentity({ issuer, clientId: audience, keys })
  await expect(local(await token(), { nonce: undefined as unknown as string })).rejects.toEqual(code("WK756", /nonce/))
  for (const claims of [{ azp: "another" }, { aud: [audience, "another"] }])
    await expect(local(await token({ nonce: "n", ...claims }), { nonce: "n" })).rejects.toEqual(code("WK756", /client/))
  expect(
    await local(await token({ nonce: "n", aud: [audience, "another"], azp: audience }), { nonce: "n" }),
  ).toMatchObject({ actor: "asha" })
})

it("better-auth: the second factor counts where its code was checked, and a revoked session is nobody at once", async () => {
  const { auth, userId, withPassword, withCode } = await betterAuthSignedIn()
  const identify = betterAuthIdentity(auth, { mfaAt: ({ session }) => session.mfaAt })
  const who = await identify(withCode.headers)
  expect(who).toMatchObject({ actor: userId, mfaAt: expect.any(Date) })
  expect(await tenants((await issue(who, "doctor"))!, { purpose: "care" })).toEqual([used.clinic.branches[0]!.clinic])
  const plain = await betterAuthIdentity(auth)(withPassword.headers)
  expect(plain?.mfaAt).toBeUndefined()
  await expect(issue(plain, "doctor")).rejects.toEqual(code("WK202"))
  expect(await identify(new Headers())).toBeUndefined()
  const found = (await auth.api.getSession({ headers: withCode.headers }))!
  // As its admin plugin says it.
  const impersonated = { ...found, session: { ...found.session, impersonatedBy: "admin" } }
  const asSomebody = betterAuthIdentity({ api: { getSession: async () => impersonated } })
  await expect(asSomebody(withCode.headers)).rejects.toEqual(code("WK758", /somebody else/))
  await auth.api.revokeSessions({ headers: withCode.headers })
  // Its cookie still holds a copy of the session for five minutes.
  expect(await auth.api.getSession({ headers: withCode.headers })).not.toBeNull()
  expect(await identify(withCode.headers)).toBeUndefined()
})

it("Auth.js: its session is somebody where the callback names them, until its own callback ends it", async () => {
  const authJs = new AuthJs(true)
  const identify = authJsIdentity<AuthJsFound>({ mfaAt: ({ mfaAt }) => mfaAt })
  const [withCode, withPassword] = [new Browser(), new Browser()]
  await authJs.signIn(withCode, "42", "right")
  await authJs.signIn(withPassword, "43", "none")
  const who = identify(await authJs.session(withCode))
  expect(who).toMatchObject({ actor: "42", mfaAt: expect.any(Date) })
  expect(await issue(who, "doctor")).toBeDefined()
  await expect(issue(identify(await authJs.session(withPassword)), "doctor")).rejects.toEqual(code("WK202"))
  authJs.revoked.add("42")
  expect(identify(await authJs.session(withCode))).toBeUndefined()
  const unnamed = new AuthJs(false)
  await unnamed.signIn(withPassword, "43", "none")
  const found = await unnamed.session(withPassword)
  expect(() => identify(found)).toThrow(code("WK758", /there is none/))
  expect(() => identify({ user: { id: "42" }, expires: new Date(0).toISOString() })).toThrow(code("WK756", /expired/))
})

it("nobody is issued a session under the name of a service, whatever their login calls them", async () => {
  for (const actor of ["service:reminders", "backfill:x", "audit:x", "owner:x", "login:x", "wardkeep:x"])
    await expect(
      used.issuer.issueSession({ actor, ttl: 60, assignments: assignments("reception", [0]) }),
    ).rejects.toEqual(code("WK202", /a person cannot be named/))
})

it("any type of id is an actor: the text that PostgreSQL prints for it", async () => {
  const ids = [
    ["uuid", "7D3E1B0A-5C1F-4E0B-9A53-3F0B0E3D2C11"],
    ["bigint", 9007199254740993n],
    ["integer", 42],
    ["text", "Asha.Nair@clinic"],
    ["text", "007"],
  ] as const
  for (const [type, id] of ids) {
    const [printed] = await used.admin<{ id: string }>(`select $1::${type}::text as id`, [String(id)])
    expect(actorOf(id)).toBe(printed!.id)
    const session = await used.issuer.issueSession({
      actor: actorOf(id),
      ttl: 60,
      assignments: assignments("reception", [0]),
    })
    expect(session.actor).toBe(printed!.id)
  }
  for (const bad of ["", "a\nb", "a\u202eb", "a\u2028b", "owner:x", 1.5, Number.NaN, {}, null, "x".repeat(256)])
    expect(() => actorOf(bad)).toThrow(code("WK758"))
})
