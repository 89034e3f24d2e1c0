/** Which package may import which. The arrows are the architecture; everything else is refused. */
const arrows = {
  core: [],
  permissions: ["core"],
  postgres: ["core", "permissions"],
  audit: ["core", "permissions", "postgres"],
  consent: ["core", "permissions", "postgres", "audit"],
  adopt: ["core", "permissions", "postgres"],
  adapters: ["core", "permissions", "postgres", "audit"],
  conformance: ["core"],
  wardkeep: ["core", "permissions", "postgres", "audit", "consent", "adopt", "adapters", "conformance"],
}

const testFile = "\\.test\\.ts$"
/** The demo may start the harness's server: it has to run on a machine without PostgreSQL. */
const demo = "^examples/[^/]+/src/demo/"
const sourceOf = (name) => `^packages/${name}/src/`

const arrowRules = Object.entries(arrows).map(([name, allowed]) => ({
  name: `arrow-${name}`,
  severity: "error",
  comment: `${name} may import ${allowed.join(", ") || "no other package"}`,
  from: { path: sourceOf(name) },
  to: {
    path: ["^packages/", "^@wardkeep/", "^wardkeep(/|$)"],
    pathNot: [name, ...allowed].flatMap((other) => [
      `^packages/${other}/`,
      `^${other === "wardkeep" ? "wardkeep" : `@wardkeep/${other}`}(/|$)`,
    ]),
  },
}))

module.exports = {
  forbidden: [
    ...arrowRules,
    {
      name: "package-unknown",
      severity: "error",
      comment: "a new package needs its arrows here first",
      from: { path: "^packages/", pathNot: Object.keys(arrows).map((name) => `^packages/${name}/`) },
      to: {},
    },
    {
      name: "core-is-pure",
      severity: "error",
      comment: "core does no I/O: only its own files and zod",
      from: { path: sourceOf("core"), pathNot: testFile },
      to: { pathNot: ["^packages/core/src/", "(^|/)node_modules/zod/", "^zod(/|$)"] },
    },
    {
      name: "permissions-is-pure",
      severity: "error",
      comment: "permissions does no I/O: only its own files and core",
      from: { path: sourceOf("permissions"), pathNot: testFile },
      to: { pathNot: ["^packages/(permissions|core)/", "^@wardkeep/core(/|$)"] },
    },
    {
      name: "verifier-shares-no-code",
      severity: "error",
      comment: "what writer and verifier have in common is wrong in both and found by neither",
      from: { path: "^packages/audit/src/verify/", pathNot: testFile },
      to: { path: "^packages/", pathNot: ["^packages/audit/src/verify/", "^packages/core/"] },
    },
    {
      name: "migrations-behind-one-door",
      severity: "error",
      comment: "postgres-migrations needs the bootstrap around it",
      from: { path: "^(packages|examples)/", pathNot: "^packages/postgres/src/migrate/" },
      to: { path: ["(^|/)node_modules/postgres-migrations/", "^postgres-migrations(/|$)"] },
    },
    {
      name: "tests-stay-out-of-source",
      severity: "error",
      comment: "only test files may reach into tests/ or import another test",
      from: { path: "^(packages|examples)/[^/]+/src/", pathNot: [testFile, demo] },
      to: { path: ["^tests/", "^#tests/", testFile, "(^|/)node_modules/(vitest|fast-check)/"] },
    },
    {
      name: "examples-use-what-users-install",
      severity: "error",
      comment: "an example imports only the packages a user installs",
      from: { path: "^examples/", pathNot: testFile },
      to: {
        path: ["^packages/", "^@wardkeep/"],
        pathNot: ["^packages/(wardkeep|permissions)/", "^@wardkeep/(harness|permissions)(/|$)"],
      },
    },
    {
      name: "no-cycles",
      severity: "error",
      comment: "a cycle hides an order of initialisation",
      from: { path: "^packages/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "resolvable",
      severity: "error",
      comment: "an import that resolves to nothing is a missing dependency",
      // What `npm run orm-tools` runs has an installation of its own, by hand.
      from: { path: "^(packages/[^/]+/src|examples|tests)/", pathNot: "^tests/orm-tools/" },
      to: { couldNotResolve: true },
    },
    {
      name: "declared",
      severity: "error",
      comment: "shipped code imports only what its package.json lists for users",
      // The verifier's page is one file when it ships: what it is built from is inside.
      from: { path: "^packages/[^/]+/src/", pathNot: [testFile, "^packages/audit/src/verify/page/"] },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["npm-peer", "type-only"],
      },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: {
      path: [
        "^(packages|examples)/[^/]+/dist/",
        "^tests/packaging/fixtures/",
        "^tests/next/",
        "^examples/next-clinic/",
      ],
    },
    tsPreCompilationDeps: "specify",
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@wardkeep/source", "import", "require", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
    },
  },
}
