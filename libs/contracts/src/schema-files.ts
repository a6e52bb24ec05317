import { PUBLISHED } from './published.ts'

/** Every schema as a file that outsiders can use: its name, and its text (JSON Schema 2020-12). */
export const schemaFiles = (): { name: string; text: string }[] =>
  Object.entries(PUBLISHED).map(([name, { title, schema }]) => ({
    name: `${name}.json`,
    text: `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: `https://kubewise.io/schemas/v1/${name}.json`, title, ...schema }, undefined, 2)}\n`,
  }))
