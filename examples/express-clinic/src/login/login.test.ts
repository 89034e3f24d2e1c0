import { expect, test, vi } from "vitest"
import { attemptLimit } from "./attempts.js"
import { hashPassword, verifyPassword } from "./passwords.js"
import { currentCode, newTotpSecret, stepOfCode } from "./second-factor.js"
import { idleLimit, loginStore, steadyClock } from "./store.js"

test("a password matches its own hash only, and an account without a hash matches nothing", async () => {
  const hash = await hashPassword("correct horse")
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await verifyPassword("correct horse", hash)).toBe(true)
  expect(await verifyPassword("wrong horse", hash)).toBe(false)
  expect(await verifyPassword("correct horse", undefined)).toBe(false)
})

test("a code is accepted one step early or late, and says which step it belongs to", () => {
  const secret = newTotpSecret()
  const now = 1_800_000_000_000
  const code = currentCode(secret, now)
  expect(stepOfCode(secret, code, now)).toBe(60_000_000)
  expect(stepOfCode(secret, code, now + 30_000)).toBe(60_000_000)
  expect(stepOfCode(secret, code, now + 90_000)).toBeUndefined()
})

test("five failures lock a key for a quarter of an hour, and a success forgets them", () => {
  let now = 0
  const limit = attemptLimit(() => now)
  for (let turn = 0; turn < 4; turn++) limit.failed("a")
  limit.succeeded("a")
  for (let turn = 0; turn < 5; turn++) limit.failed("a")
  expect(() => limit.check("b", "a")).toThrow(/Wait/)
  expect(() => limit.check("b")).not.toThrow()
  now = 15 * 60_000 + 1
  expect(() => limit.check("a")).not.toThrow()
})

test("a login is forgotten when it idles and when it is revoked", () => {
  let now = 0
  const store = loginStore(() => now)
  const session = { id: "s", actor: "a", expiresAt: new Date(60 * 60_000).toISOString(), grants: [] }
  const login = { session, email: "a@b.example", mfaAt: new Date(0) }
  const idle = store.add(login)
  expect(store.open(idle)?.email).toBe("a@b.example")
  now += idleLimit + 1
  expect(store.open(idle)).toBeUndefined()
  const revoked = store.add(login)
  store.forget("s")
  expect(store.open(revoked)).toBeUndefined()
  expect(store.open("unknown")).toBeUndefined()
})

test("a machine whose clock is set back keeps nobody signed in", () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] })
  try {
    const store = loginStore(steadyClock)
    const session = { id: "s", actor: "a", expiresAt: new Date(60 * 60_000).toISOString(), grants: [] }
    const idle = store.add({ session, email: "a@b.example", mfaAt: new Date(0) })
    vi.advanceTimersByTime(idleLimit - 1)
    vi.setSystemTime(0)
    expect(store.peek(idle)?.email).toBe("a@b.example")
    vi.advanceTimersByTime(2)
    expect(store.peek(idle)).toBeUndefined()
  } finally {
    vi.useRealTimers()
  }
})
