/** Where the simulator answers otherwise than a real API server, on purpose or for want of a use. */
export interface KnownDifference {
  /** The request, by what it says. */
  say: string
  /** The part of the answer that differs: all of it, or a member of the body by its path. */
  part: 'all' | 'body' | 'warnings' | (string & {})
  because: string
}

const MESSAGES = ['message', 'details.causes.message']

function wording(say: string, because: string): KnownDifference[] {
  return MESSAGES.map((part) => ({ say, part, because }))
}

const BUILD = ['gitCommit', 'goVersion', 'compiler', 'platform']

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  ...BUILD.map((part) => ({ say: 'the version, as everybody may', part, because: 'the simulator is another program' })),
  {
    say: 'what is of no content type that is known',
    part: 'message',
    because: 'the simulator does not speak protobuf, and so does not offer it',
  },
  { say: 'a page by what is no token', part: 'message', because: "the real one ends in the words of Go's decoder" },
  {
    say: 'all there is, with its end marked',
    part: 'all',
    because: 'the real one refuses a streaming list where its etcd is older than 3.4.25',
  },
  ...wording('an unknown strategy', "the real one quotes its internal type, with Go's names of the fields"),
  ...wording('a budget that says two things', "the real one quotes its internal type, with Go's names of the fields"),
  ...wording('the limits through the main door', 'the real one appends a diff of its internal types'),
  ...wording('the node of a pod', 'the real one appends a diff of its internal types'),
]
