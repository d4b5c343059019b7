/**
 * Networks of switches that permute: Beneš, Permutation groups, complete rearrangeable networks, Bell System Technical
 * Journal 1964; routed by the looping algorithm (Opferman and Tsao-Wu, Bell System Technical Journal 1971). For 2^m
 * lines there are 2m - 1 layers of 2^(m-1) switches.
 */

/** Lines [line, line + half) of switch i of a layer, for all switches: those of blocks of 2·half lines. */
export interface Layer {
  /** First line of each switch; its other is `half` further. */
  readonly lines: Uint32Array;
  readonly half: number;
}

export function layersOf(levels: number): Layer[] {
  const size = 2 ** levels;
  return Array.from({ length: Math.max(0, 2 * levels - 1) }, (_, layer) => {
    const half = size >> (1 + Math.min(layer, 2 * levels - 2 - layer));
    const lines = new Uint32Array(size / 2);
    let at = 0;
    for (let block = 0; block < size; block += 2 * half) {
      for (let line = block; line < block + half; line++) lines[at++] = line;
    }
    return { lines, half };
  });
}

/** Which switches cross, by layer, so that output j is input permutation[j]. 2^levels lines. */
export function route(permutation: Uint32Array, levels: number): Uint8Array[] {
  const layers = layersOf(levels);
  const crossed = layers.map(({ lines }) => new Uint8Array(lines.length));
  const block = (wanted: Uint32Array, depth: number, first: number): void => {
    const size = wanted.length;
    const half = size / 2;
    // Switches of a layer are counted through all blocks: half as many as lines before this one.
    const at = first / 2;
    const into = crossed[depth] as Uint8Array;
    if (size === 2) {
      into[at] = wanted[0] === 1 ? 1 : 0;
      return;
    }
    const outOf = crossed[crossed.length - 1 - depth] as Uint8Array;
    const lower = sides(wanted);
    const [above, below] = [new Uint32Array(half), new Uint32Array(half)];
    for (let output = 0; output < size; output++) {
      const input = wanted[output] as number;
      const line = output % half;
      (lower[output] === 1 ? below : above)[line] = input % half;
      if (output < half) outOf[at + line] = lower[output] as number;
      if (input < half) into[at + input] = lower[output] as number;
    }
    block(above, depth + 1, first);
    block(below, depth + 1, first + half);
  };
  if (levels > 0) block(permutation, 0, 0);
  return crossed;
}

/**
 * For each output whether it comes through the lower half: not the same for the two outputs, or the two inputs, of a
 * switch.
 */
function sides(wanted: Uint32Array): Uint8Array {
  const size = wanted.length;
  const half = size / 2;
  const outputOf = new Uint32Array(size);
  for (let output = 0; output < size; output++) outputOf[wanted[output] as number] = output;
  const lower = new Uint8Array(size).fill(2);
  for (let start = 0; start < half; start++) {
    for (let output = start; lower[output] === 2; ) {
      lower[output] = 0;
      const other = outputOf[((wanted[output] as number) + half) % size] as number;
      lower[other] = 1;
      output = (other + half) % size;
    }
  }
  return lower;
}
