import { expect, test } from "vitest"
import { divergent, manifests, runsAtInstall, unpinned } from "./manifests.ts"
import { repositoryFiles } from "./repository.ts"

const all = manifests(repositoryFiles())

test("every dependency is pinned to one version, the same everywhere", () => {
  expect(unpinned(all)).toEqual([])
  expect(divergent(all)).toEqual([])
})

test("the pin guards fire on a range and on two versions", () => {
  const one = { name: "a", dependencies: { zod: "^4.0.0" } }
  const two = { name: "b", devDependencies: { zod: "4.0.0", old: "npm:@x/zod@3.0.0", range: "npm:zod@^3.0.0" } }
  expect(unpinned([one, two])).toEqual(["a: zod@^4.0.0", "b: range@npm:zod@^3.0.0"])
  expect(divergent([one, two])).toHaveLength(1)
  const linked = {
    name: "c",
    private: true,
    dependencies: {
      core: "link:../../packages/core",
      zod: "link:/srv/zod",
      pg: "link:../../../x/pg",
      out: "link:../../../out",
    },
  }
  expect(unpinned([linked])).toEqual(["c: zod@link:/srv/zod", "c: pg@link:../../../x/pg", "c: out@link:../../../out"])
  expect(unpinned([{ name: "e", dependencies: { core: "link:../core" } }])).toEqual(["e: core@link:../core"])
  expect(divergent([linked, { name: "d", dependencies: { core: "workspace:*" } }])).toEqual([])
})

test("no published package runs a script at install time", () => {
  expect(runsAtInstall(all)).toEqual([])
})

test("the install script guard fires", () => {
  expect(runsAtInstall([{ name: "a", scripts: { postinstall: "node x.js" } }])).toHaveLength(1)
})

test("core depends on zod and on nothing else", () => {
  const core = all.find(({ name }) => name === "@wardkeep/core")
  expect(Object.keys(core?.dependencies ?? {})).toEqual(["zod"])
})
