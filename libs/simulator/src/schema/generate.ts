/*
 * Writes kubernetes-1.34.json. Usage: node generate.ts FOLDER, where FOLDER is `api/openapi-spec/v3` of the Kubernetes
 * source of that version, or the same documents fetched from a server's /openapi/v3; then format it.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { SCHEMA_KINDS } from './kinds.ts'
import { schemaFromOpenApi, type OpenApiDocument } from './openapi-schema.ts'

const folder = process.argv[2]
if (folder === undefined) throw new Error('generate.ts: expected the folder of the OpenAPI v3 documents')
const files = (await readdir(folder)).filter((name) => name.endsWith('_openapi.json')).sort()
const documents = await Promise.all(
  files.map(async (name) => JSON.parse(await readFile(path.join(folder, name), 'utf8')) as OpenApiDocument),
)
const schema = schemaFromOpenApi(documents, SCHEMA_KINDS)
await writeFile(new URL('kubernetes-1.34.json', import.meta.url), `${JSON.stringify(schema)}\n`)
