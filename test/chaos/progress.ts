/** Says after every so many how far it is, and about how long the rest takes. @returns to be called after each */
export function progress(all: number, tell: (say: string) => void, every = 20): () => void {
  const startedMs = performance.now()
  let done = 0
  return () => {
    done++
    if (done % every !== 0 && done !== all) return
    const seconds = (performance.now() - startedMs) / 1000
    const leftSeconds = (seconds / done) * (all - done)
    tell(`${done} of ${all} after ${seconds.toFixed(0)} s, about ${leftSeconds.toFixed(0)} s left`)
  }
}
