import { workload } from '../workloads.ts'

/** All faults begin at the second that their environment says. */
const WAITS = 'while [ "$(date +%s)" -lt "$FAULT_AT" ]; do sleep 1; done'

/** Holds about a third of its limit, then more and more in variables of the shell itself, until it is killed. */
const LEAKS = `n=0
hold() { n=$((n + 1)); eval "held$n=\\$(head -c 170000 /dev/zero | tr '\\\\0' x)"; }
while [ $n -lt 120 ]; do hold; done
${WAITS}
while :; do hold; sleep 1; done`

const BURNS = `${WAITS}
while :; do :; done`

export const VOLUME_NAME = 'fill'
export const VOLUME_BYTES = 64 * 2 ** 20
const FULL_AT_FIRST = 0.7
/** How much of the volume is filled a minute, in percent of it. */
export const FILLED_PCT_A_MINUTE = 0.7
const FILLED_EVERY_SECONDS = 5
const FILLED_BYTES = Math.round((VOLUME_BYTES * FILLED_PCT_A_MINUTE * FILLED_EVERY_SECONDS) / 100 / 60)

const FILLS = `head -c ${Math.round(VOLUME_BYTES * FULL_AT_FIRST)} /dev/zero > /data/old
while :; do head -c ${FILLED_BYTES} /dev/zero >> /data/new; sleep ${FILLED_EVERY_SECONDS} & wait $!; done`

/** The volume's past: it has been filling at this pace all the while, from nearly empty on. */
export function pastOfVolume(metric: Readonly<Record<string, string>>, minutesAgo: number): number | undefined {
  if (metric['__name__'] !== 'kubelet_volume_stats_available_bytes') return undefined
  const free = 1 - FULL_AT_FIRST
  return Math.min(1, free + (FILLED_PCT_A_MINUTE / 100) * minutesAgo) / free
}

/** The upper bounds of the histogram, in hundredths of a second. */
const BOUNDS = [5, 10, 15, 20, 30, 40, 50, 75, 100, 150, 250]
export const SLOW_LIMIT_SECONDS = 1
/** Where the slow service tells how long it has been waited for. */
export const SLOW_PORT = 8080

/**
 * An HTTP server and the one who asks it, several times a second, and tells for how long it has waited. From the fault on an answer takes
 * four milliseconds longer each second.
 */
const SLOWS = `mkdir -p /www/cgi-bin
cat > /www/cgi-bin/work <<'CGI'
#!/bin/sh
late=$(($(date +%s) - FAULT_AT))
[ $late -gt 0 ] || late=0
takes=$((100 + 4 * late))
sleep $((takes / 1000)).$(printf %03d $((takes % 1000)))
printf 'Content-Type: text/plain\\r\\n\\r\\nok\\n'
CGI
chmod +x /www/cgi-bin/work
httpd -p ${SLOW_PORT} -h /www
now() { read -r up idle < /proc/uptime; at=$(echo $up | tr -d .); }
all=0
while :; do
  now; began=$at
  wget -q -O /dev/null http://127.0.0.1:${SLOW_PORT}/cgi-bin/work
  now; took=$((at - began))
  all=$((all + 1))
  for le in ${BOUNDS.join(' ')}; do [ $took -gt $le ] || eval "le$le=\\$((le$le + 1))"; done
  { for le in ${BOUNDS.join(' ')}; do eval "echo \\"request_seconds_bucket{le=\\\\\\"$((le / 100)).$(printf %02d $((le % 100)))\\\\\\"} \\$((le$le))\\""; done
    echo "request_seconds_bucket{le=\\"+Inf\\"} $all"; } > /www/new.txt
  mv /www/new.txt /www/metrics.txt
done`

/** The faulty workloads, well until `faultMs`; the volume has been filling before. */
export function faultyWorkloads(faultMs: number): readonly ReturnType<typeof workload>[] {
  const env = { FAULT_AT: String(Math.round(faultMs / 1000)) }
  return [
    workload({ name: 'leak', script: LEAKS, limits: { memory: '64Mi' }, env }),
    workload({ name: 'burn', replicas: 2, script: BURNS, limits: { cpu: '100m' }, env }),
    workload({ name: 'slow', script: SLOWS, env, readiness: 'test -s /www/metrics.txt' }),
    workload({ name: 'fill', script: FILLS, claim: VOLUME_NAME }),
  ]
}
