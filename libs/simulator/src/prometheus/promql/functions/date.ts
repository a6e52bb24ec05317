import { labelsOf, withoutName } from '../../series/labels.ts'
import { samplesAt, vectorOf, type FunctionSpec } from '../function.ts'

/** A part of the date of each value in UTC; of the evaluation time without an argument. */
function datePart(part: (date: Date) => number): FunctionSpec {
  return {
    arguments: ['instant vector'],
    optional: 1,
    returns: 'instant vector',
    call({ values, atMs }) {
      const samples = values.length > 0 ? samplesAt(values, 0) : [{ labels: labelsOf([]), value: atMs / 1000 }]
      return vectorOf(
        samples.map(({ labels, value }) => ({
          labels: withoutName(labels),
          value: part(new Date(Math.floor(value) * 1000)),
        })),
      )
    },
  }
}

const DAY_MS = 86_400_000

export const DATE_FUNCTIONS: Record<string, FunctionSpec> = {
  time: { arguments: [], returns: 'scalar', call: ({ atMs }) => ({ type: 'scalar', value: atMs / 1000 }) },
  pi: { arguments: [], returns: 'scalar', call: () => ({ type: 'scalar', value: Math.PI }) },
  timestamp: {
    arguments: ['instant vector'],
    returns: 'instant vector',
    call: ({ values, atMs }) =>
      vectorOf(
        samplesAt(values, 0).map(({ labels, sampledMs }) => ({
          labels: withoutName(labels),
          value: (sampledMs ?? atMs) / 1000,
        })),
      ),
  },
  minute: datePart((date) => date.getUTCMinutes()),
  hour: datePart((date) => date.getUTCHours()),
  day_of_week: datePart((date) => date.getUTCDay()),
  day_of_month: datePart((date) => date.getUTCDate()),
  day_of_year: datePart((date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 0)) / DAY_MS)),
  days_in_month: datePart((date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()),
  month: datePart((date) => date.getUTCMonth() + 1),
  year: datePart((date) => date.getUTCFullYear()),
}
