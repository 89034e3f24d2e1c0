export * from "@wardkeep/adapters/oidc"
