/* Reads the blocks written by app/pack.py: a header in JSON, then little-endian arrays at multiples of eight. */

const TYPES = { f4: Float32Array, i4: Int32Array, u2: Uint16Array, u1: Uint8Array };

export function unpack(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const start = 4 + new DataView(bytes.buffer).getUint32(0, true);
  const { facts, arrays } = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)));
  const found = {};
  for (const [name, [type, shape, offset]] of Object.entries(arrays)) {
    const size = shape.reduce((a, b) => a * b, 1);
    found[name] = { data: new TYPES[type](bytes.buffer, start + offset, size), shape };
  }
  return { facts, arrays: found };
}
