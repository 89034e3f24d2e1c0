import { expect, it } from "vitest"
import { escapeMarkup } from "./markup.js"

it("leaves nothing that opens a tag, an entity or an attribute", () => {
  expect(escapeMarkup(`<a b="c" d='e'>&amp;</a>`)).toBe("&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;&lt;/a&gt;")
  expect(escapeMarkup("रोगी")).toBe("रोगी")
})
