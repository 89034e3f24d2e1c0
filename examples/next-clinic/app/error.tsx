"use client"

import { en } from "@/words/en"
import { hi } from "@/words/hi"

/** Nothing of what went wrong: an error's own text can quote a row. */
export default function Broken() {
  const words = typeof document !== "undefined" && document.documentElement.lang === "hi" ? hi : en
  return (
    <main id="main" className="alone">
      <h1>{words.broken}</h1>
      <p className="soft">{words.brokenHint}</p>
      <p>
        <a href="/">{words.home}</a>
      </p>
    </main>
  )
}
