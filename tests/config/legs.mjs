/**
 * Which database test files run on which server.
 *
 * The harness reads `env` and starts that server. A leg takes every `*.db.test.ts` file that its `joins`
 * accepts; `available` says in words why it cannot run here, or returns undefined. `fetch` gets what is not installed with
 * the workspace, and answers with the variables that lead to it. Legs that are `small` have fewer files than there are
 * workers: they run side by side, where each alone would leave the cores idle.
 *
 * @typedef {{
 *   name: string,
 *   joins: (file: string) => boolean,
 *   available: () => string | undefined,
 *   env: Record<string, string>,
 *   fetch?: () => Promise<Record<string, string>>,
 *   small?: boolean,
 * }} Leg
 */
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { serverEnvironment, unavailable } from "../scripts/server-build.mjs"

const bin15 = process.env.WARDKEEP_PG15_BIN ?? "/usr/lib/postgresql/15/bin"

const isPooler = (file) => file.endsWith(".pooler.db.test.ts")
/** Files that run as an administrator who has CREATEROLE and CREATEDB only. */
const isLimitedAdmin = (file) => file.endsWith(".limited-admin.db.test.ts")
/** Files that need programs of PostgreSQL 15, which refuse a newer server; the embedded 18 comes without them. */
const isOn15Only = (file) => file.endsWith(".pg15.db.test.ts")
/** Files that open pages in a real browser, which no server's version changes. */
const isBrowser = (file) => file.endsWith(".browser.db.test.ts")
/** Files about servers that Wardkeep refuses. */
const isTooOld = (file) => file.endsWith(".too-old.db.test.ts")

const inPath = (program) =>
  [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"].some((directory) =>
    existsSync(join(directory, program)),
  )

const postgres15 = () => (existsSync(join(bin15, "initdb")) ? undefined : "PostgreSQL 15 is not installed")

const pgbouncer = () => (inPath("pgbouncer") ? undefined : "pgbouncer is not installed")
/** The same program as examples/express-clinic/src/testing/chromium.ts starts. */
const chromium = () =>
  existsSync(process.env.WARDKEEP_CHROMIUM ?? "/usr/bin/chromium") ? undefined : "Chromium is not installed"
const always = () => undefined
/** What a package measures of itself at a size that takes minutes: `npm run fuzz` only. That of tests/fuzz is short unless told. */
const isByHand = (file) => /^(packages|tests\/contracts)\/.*\.fuzz\.db\.test\.ts$/.test(file)
const isOrdinary = (file) =>
  !isPooler(file) && !isLimitedAdmin(file) && !isTooOld(file) && !isBrowser(file) && !isByHand(file)
const onEveryServer = (file) => isOrdinary(file) && !isOn15Only(file)

/**
 * What the server's version cannot change: command line, HTTP, sign-in elsewhere, anchors, the example's login, the harness itself, attacks on
 * weakened clones, the client's own clocks, portals and names, the guards of the fuzz, and all ways but one to keep a
 * context in the client. The commands meet the older server as the limited administrator.
 */
const anyServer =
  /^(tests\/(http-holes|snippets|harness|contracts\/identity)\/|tests\/docs\/buyer|packages\/audit\/src\/anchor\/|tests\/attacks\/mutation|tests\/contracts\/(cls-|als-shared)|packages\/wardkeep\/src\/cli\/(bad-input|cli|why|audit\/audit|matrix\/(consent|crossings|referred|review|show))\.db|packages\/postgres\/src\/client\/(lanes|streams|savepoints)\.db|tests\/fuzz\/guards\.db|examples\/express-clinic\/src\/(login\/|routes\/(team|permissions|emergencies|referrals)\.db))/
const needsThisServer = (file) => isOrdinary(file) && !anyServer.test(file)
/**
 * What an older server could change and seldom does: the suite's own checks and drills, which stand alone and meet 13 to
 * 17 by hand as well, the corpus' labels, notices, proofs and rights of consent, what leaves the log as a file or a month, an export of 100,000 persons, what a process leaves that was killed, which accesses are explained, that client and database answer alike, whom calls that wait meet, whom an error ends, what ORMs make of views, bad input, and the
 * many shapes of hosts that a plan meets, partitioned ones among them. On 15 by `npm run servers`, so that the rest fits into every change.
 */
const seldomOn15 =
  /^(packages\/conformance\/src\/|packages\/audit\/src\/((detect|bundle|retention)\/|handling\/large-export|views\/(killed|crashed)\.db)|packages\/consent\/src\/((notice|compile|rights)\/|ledger\/proof)|packages\/wardkeep\/src\/cli\/(verify\.drill|matrix\/tests)|tests\/(corpus\/|permissions\/|attacks\/waiting|contracts\/adapters\/)|packages\/postgres\/src\/(client\/bystanders|compile\/(bad-input|companion-refills|unsettled|strangers|shapes|partition|host-partitions|passed-on)|maintenance\/unseen-rows))/
const onEveryChange15 = (file) => needsThisServer(file) && !seldomOn15.test(file)
const needsAnother = (file) => needsThisServer(file) && !isOn15Only(file)

const limitedAdmin = { WARDKEEP_TEST_LEG: "limited-admin" }
const limitedAdmin15 = { ...limitedAdmin, WARDKEEP_TEST_POSTGRES: "15" }

/** @type {Leg[]} On every change. */
export const legs = [
  { name: "embedded18", joins: onEveryServer, available: always, env: { WARDKEEP_TEST_LEG: "embedded18" } },
  { name: "pg15", joins: onEveryChange15, available: postgres15, env: { WARDKEEP_TEST_LEG: "pg15" } },
  { name: "pgbouncer", joins: isPooler, available: pgbouncer, env: { WARDKEEP_TEST_LEG: "pgbouncer" } },
  { name: "browser", joins: isBrowser, available: chromium, env: { WARDKEEP_TEST_LEG: "embedded18" }, small: true },
  { name: "limited-admin", joins: isLimitedAdmin, available: always, env: limitedAdmin, small: true },
  // Until 15, CREATEROLE reaches every role that is not a superuser; from 16 on, only the roles it made.
  { name: "limited-admin-pg15", joins: isLimitedAdmin, available: postgres15, env: limitedAdmin15, small: true },
]

/** The conformance suite stands alone and attacks older servers than Wardkeep runs on. */
const suiteOnly = (file) =>
  isTooOld(file) || (isOrdinary(file) && /^(packages\/conformance\/|tests\/corpus\/)/.test(file))

/** @type {(major: number, joins: Leg["joins"]) => Leg} */
const fetchedLeg = (major, joins) => ({
  name: `pg${major}`,
  joins,
  available: () => unavailable(major),
  env: { WARDKEEP_TEST_LEG: `pg${major}` },
  fetch: () => serverEnvironment(major),
})

/** @type {(major: number) => Leg} */
const fetchedLimitedAdmin = (major) => ({
  ...fetchedLeg(major, isLimitedAdmin),
  name: `limited-admin-pg${major}`,
  env: { WARDKEEP_TEST_LEG: "limited-admin", WARDKEEP_TEST_POSTGRES: String(major) },
})

/** @type {Leg[]} `npm run servers`: the other servers that are claimed, too slow for every change. */
export const otherLegs = [
  fetchedLeg(13, suiteOnly),
  fetchedLeg(14, suiteOnly),
  {
    name: "pg15-seldom",
    joins: (file) => needsAnother(file) && seldomOn15.test(file),
    available: postgres15,
    env: { WARDKEEP_TEST_LEG: "pg15" },
  },
  // An early release, on which every hole that the suite tries is open.
  {
    name: "pg15-first",
    joins: (file) => file === "packages/conformance/src/checks/holes.db.test.ts",
    available: () => unavailable(15),
    env: { WARDKEEP_TEST_LEG: "pg15" },
    fetch: () => serverEnvironment(15),
  },
  fetchedLeg(16, needsAnother),
  fetchedLeg(17, needsAnother),
  fetchedLimitedAdmin(16),
  fetchedLimitedAdmin(17),
]

/** @type {(name: string) => Leg | undefined} */
export const legNamed = (name) => [...legs, ...otherLegs].find((leg) => leg.name === name)
