/** A real MongoDB for the tests, where there is one; they make databases of their own in it and leave them there. */
export const MONGO_URI = process.env['MONGO_URI']
