// Licences as SPDX says them: https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/

/** Says whether an expression allows us to choose nothing but allowed licences. What is no expression does not. */
export function isAllowed(expression, allowed) {
  const words = expression?.match(/[()]|[^\s()]+/g) ?? []
  const next = () => words.shift()
  let isSound = true

  // AND binds stronger than OR. Both sides are read in any case, so that what follows is found.
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
