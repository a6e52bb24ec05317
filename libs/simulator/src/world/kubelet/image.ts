/** Tags that no image of the simulated registry has. */
const UNKNOWN_TAGS = new Set(['nope', 'doesnotexist', 'does-not-exist', 'missing', 'typo'])
const NAME = /^[a-z0-9]+(?:[._/:@-]+[a-zA-Z0-9]+)*$/

export interface PullFailure {
  reason: 'ErrImagePull' | 'InvalidImageName'
  message: string
}

/** Where images come from: everything is there but what is known not to be. */
export interface ImageRegistry {
  /** Undefined when the image can be pulled. */
  whyNot(image: string): PullFailure | undefined
  /** From now on no image of this name (with or without a tag) can be pulled. */
  withdraw(image: string): void
}

/** With the registry and tag that the container runtime adds. */
export function fullImageName(image: string): string {
  const [first = ''] = image.split('/')
  const hasRegistry = image.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost')
  const path = hasRegistry ? image : `docker.io/${image.includes('/') ? '' : 'library/'}${image}`
  return hasTag(path) ? path : `${path}:latest`
}

function hasTag(image: string): boolean {
  return image.includes('@') || image.slice(image.lastIndexOf('/') + 1).includes(':')
}

function tagOf(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1)
  return name.includes(':') ? name.slice(name.indexOf(':') + 1) : 'latest'
}

/** A made-up but stable digest, so that `imageID` looks as it should. */
export function imageId(image: string): string {
  let hash = 0x811c9dc5
  const parts = Array.from({ length: 8 }, (_, part) => {
    for (const letter of `${image}${part}`) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0
    return hash.toString(16).padStart(8, '0')
  })
  return `${fullImageName(image).replace(/[:@][^/]*$/, '')}@sha256:${parts.join('')}`
}

export function createImageRegistry(): ImageRegistry {
  const withdrawn = new Set<string>()
  return {
    withdraw: (image) => void withdrawn.add(image),
    whyNot(image) {
      if (!NAME.test(image))
        return {
          reason: 'InvalidImageName',
          message: `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
        }
      const name = image.replace(/:[^/:]*$/, '')
      if (!UNKNOWN_TAGS.has(tagOf(image)) && !withdrawn.has(image) && !withdrawn.has(name)) return undefined
      const full = fullImageName(image)
      const message = `failed to pull and unpack image "${full}": failed to resolve reference "${full}": ${full}: not found`
      return { reason: 'ErrImagePull', message: `rpc error: code = NotFound desc = ${message}` }
    },
  }
}
