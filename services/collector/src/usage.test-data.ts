/** What a kubelet of Kubernetes 1.34 answers, cut to what is read, with round numbers. */

export const MEASURED = '2026-01-02T03:04:05Z'
export const ANSWERED_MS = Date.parse('2026-01-02T03:04:10Z')

const used = (nanoCores: number, bytes: number) => ({
  cpu: { time: MEASURED, usageNanoCores: nanoCores, usageCoreNanoSeconds: 1 },
  memory: { time: MEASURED, usageBytes: 2 * bytes, workingSetBytes: bytes },
})

export const FILE_SYSTEM = {
  time: MEASURED,
  availableBytes: 50,
  capacityBytes: 100,
  usedBytes: 40,
  inodes: 10,
  inodesUsed: 9,
}

export const CLAIM = {
  name: 'data',
  pvcRef: { namespace: 'shop', name: 'data' },
  time: MEASURED,
  availableBytes: 25,
  capacityBytes: 100,
  inodes: 100,
  inodesUsed: 50,
}

export const SUMMARY = {
  node: {
    nodeName: 'node-1',
    ...used(1.5e9, 4e9),
    fs: FILE_SYSTEM,
    runtime: { imageFs: { ...FILE_SYSTEM, availableBytes: 20, inodesUsed: 1 } },
  },
  pods: [
    {
      podRef: { namespace: 'shop', name: 'web', uid: 'u' },
      containers: [
        { name: 'main', ...used(5e7, 64e6) },
        { name: 'side', ...used(1e7, 16e6) },
      ],
      network: { time: MEASURED, name: 'eth0', rxBytes: 1000, txBytes: 2000 },
      'ephemeral-storage': { time: MEASURED, usedBytes: 5e6 },
      volume: [CLAIM, { name: 'kube-api-access', time: MEASURED, availableBytes: 1, capacityBytes: 2 }],
    },
  ],
}
