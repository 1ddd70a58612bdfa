// SPDX licence expressions: https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/

/** Whether allowed licences are enough for an expression. `false` for a text that is not an expression. */
export function isAllowed(expression, allowed) {
  const words = expression?.match(/[()]|[^\s()]+/g) ?? []
  const next = () => words.shift()
  let isSound = true

  // AND binds stronger than OR. Both sides are always read, so that the rest of the expression is checked.
  function either() {
    let result = both()
    while (words[0] === 'OR' && next()) result = both() || result
    return result
  }
  function both() {
    let result = one()
    while (words[0] === 'AND' && next()) result = one() && result
    return result
  }
  function one() {
    const word = next()
    isSound &&= word !== undefined && ![')', 'AND', 'OR'].includes(word)
    if (word !== '(') return allowed.includes(word)
    const result = either()
    isSound &&= next() === ')'
    return result
  }

  return either() && isSound && words.length === 0
}
