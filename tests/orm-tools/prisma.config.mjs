/** What `npm run orm-tools` hands to Prisma: everything is told by the environment. */
const { TOOL_OUT: out = "", TOOL_URL: url = "", TOOL_SHADOW_URL: shadowDatabaseUrl = "" } = process.env

export default {
  schema: `${out}/schema.prisma`,
  migrations: { path: `${out}/migrations` },
  datasource: { url, shadowDatabaseUrl },
}
