import type { ReactNode } from "react"
import { currentScheme, type Scheme } from "@/clinic/cookies"
import { pathOf } from "@/clinic/menu"
import { parts } from "@/clinic/parts"
import type { Visit } from "@/clinic/screen"
import { unlock } from "@/clinic/unlock"
import { nameOf } from "@/words"
import { Lock } from "./lock"
import { Go } from "./parts"

/** Around every screen of somebody who is signed in: only what the role may stands in the menu. */
export async function Shell({ visit, title, children }: { visit: Visit; title: string; children: ReactNode }) {
  const { words, login, may, place } = visit
  const { lockTitle, lockText, unlock: open, password, code, codeHint, signOutInstead } = words
  const lockWords = { lockTitle, lockText, unlock: open, password, code, codeHint, signOutInstead }
  const links = may.places.map((one) => (
    <li key={one}>
      <Go to={pathOf(one)} current={one === place}>
        {words.places[one]}
      </Go>
    </li>
  ))
  return (
    <>
      <a className="skip" href="#main">
        {words.skip}
      </a>
      <header className="top">
        <p className="brand">
          <span className="mark" aria-hidden="true" />
          {words.product}
        </p>
        <div className="who">
          <span className="role">{nameOf(words.roles, may.role)}</span>
          <span className="soft mail">{login.email}</span>
        </div>
        <BranchSwitch visit={visit} />
        <form method="post" action="/sign-out">
          <button type="submit" className="quiet small">
            {words.signOut}
          </button>
        </form>
      </header>
      <div className="frame">
        <nav className="side" aria-label={words.menu}>
          <ul>{links}</ul>
        </nav>
        <main id="main" tabIndex={-1}>
          <h1>{title}</h1>
          {children}
          <Preferences visit={visit} scheme={await currentScheme()} />
        </main>
      </div>
      <Lock
        idleSeconds={parts.idleSeconds}
        email={login.email}
        branch={login.branch ?? ""}
        unlock={unlock}
        words={lockWords}
      />
    </>
  )
}

function BranchSwitch({ visit: { words, branches, login, path } }: { visit: Visit }) {
  const [only] = branches
  if (branches.length < 2) return <p className="branch">{only?.name}</p>
  return (
    <form method="post" action="/branch" className="switch">
      <input type="hidden" name="back" value={path} />
      <label htmlFor="branch" className="hidden">
        {words.branch}
      </label>
      <select id="branch" name="branch" defaultValue={login.branch ?? ""} key={login.branch ?? ""}>
        <option value="">{words.allBranches}</option>
        {branches.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      <button type="submit" className="quiet small">
        {words.switchBranch}
      </button>
    </form>
  )
}

/** Language and colours; kept in this browser. */
export function Preferences({
  visit: { words, language, path },
  scheme,
}: {
  visit: Pick<Visit, "words" | "language" | "path">
  scheme: Scheme
}) {
  return (
    <footer>
      <form method="post" action="/preferences" className="prefs">
        <input type="hidden" name="back" value={path} />
        <div className="field">
          <label htmlFor="language">{words.language}</label>
          <select id="language" name="language" defaultValue={language}>
            <option value="en" lang="en">
              English
            </option>
            <option value="hi" lang="hi">
              हिन्दी
            </option>
          </select>
        </div>
        <div className="field">
          <label htmlFor="scheme">{words.scheme}</label>
          <select id="scheme" name="scheme" defaultValue={scheme}>
            {(["auto", "light", "dark"] as const).map((one) => (
              <option key={one} value={one}>
                {words.schemes[one]}
              </option>
            ))}
          </select>
        </div>
        <button type="submit" className="quiet small">
          {words.apply}
        </button>
      </form>
    </footer>
  )
}
