export * from "@wardkeep/adapters/fastify"
