// What runs in the browser: draws cards, finds their texts, measures a picture of them.

/** Draws the cards, each in a frame of its own; as a client shows them at first, or with the form of a button open. */
function draw({ cards, hostConfig }) {
  for (const { card, html, open } of cards) {
    const frame = document.createElement('div')
    frame.className = 'frame'
    if (html === undefined) frame.append(rendered(card, hostConfig))
    else frame.innerHTML = html
    document.body.append(frame)
    if (open === undefined) continue
    const button = [...frame.querySelectorAll('button')].find(({ textContent }) => textContent === open)
    if (!button) throw new Error(`There is no button "${open}".`)
    button.click()
  }
}

function rendered(json, hostConfig) {
  const card = new AdaptiveCards.AdaptiveCard()
  card.hostConfig = new AdaptiveCards.HostConfig(hostConfig)
  card.parse(json)
  return card.render() ?? 'Nothing was drawn.'
}

const frame = (card) => document.querySelectorAll('.frame')[card]

/** Where the texts of a card stand, in CSS pixels from its corner. */
function placesOf(card) {
  const origin = frame(card).getBoundingClientRect()
  const walker = document.createTreeWalker(frame(card), NodeFilter.SHOW_TEXT)
  const found = []
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.replaceAll('\u200b', '').trim()
    if (text === '') continue
    const words = [...node.textContent.matchAll(/[^\s\u200b]+/g)]
    const inked = words.flatMap(({ 0: word, index }) => rectsOf(node, index, index + word.length))
    for (const rect of rectsOf(node, 0, node.textContent.length)) {
      const { x, y, width, height } = rect
      // A line of nothing but indentation has no letters to be seen.
      const isBlank = !inked.some((one) => overlap(one, rect))
      if (width >= 1 && height >= 1 && !isBlank) found.push({ text, x: x - origin.x, y: y - origin.y, width, height })
    }
  }
  return found
}

/** Where a part of a text stands on the page, line by line. */
function rectsOf(node, from, to) {
  const range = document.createRange()
  range.setStart(node, from)
  range.setEnd(node, to)
  return [...range.getClientRects()]
}

const overlap = (one, other) =>
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom

/** Texts that reach over the edges of their card, by card. */
function cutOff() {
  return [...document.querySelectorAll('.frame')].map((frame, card) => {
    const { width } = frame.getBoundingClientRect()
    return placesOf(card).flatMap((place) => (place.x < -1 || place.x + place.width > width + 1 ? [place.text] : []))
  })
}

/** How tall each card is, in CSS pixels. */
const heights = () => [...document.querySelectorAll('.frame')].map((frame) => frame.getBoundingClientRect().height)

/** The contrast of each text in a picture of the card: its background is the colour that most of its pixels have. */
async function measure({ card, scale, picture }) {
  const image = new Image()
  image.src = `data:image/png;base64,${picture}`
  await image.decode()
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d', { willReadFrequently: true })
  context.drawImage(image, 0, 0)
  return placesOf(card).map(({ text, x, y, width, height }) => {
    const { data } = context.getImageData(x * scale, y * scale, Math.ceil(width * scale), Math.ceil(height * scale))
    const counts = coloursOf(new Uint32Array(data.buffer))
    const back = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0]
    return { text, ratio: Math.max(...[...counts.keys()].map((colour) => contrast(colour, back))) }
  })
}

/** How many pixels have each colour, as 0xRRGGBB. Most pixels are like the one before. */
function coloursOf(pixels) {
  const counts = new Map()
  for (let from = 0, to = 0; from < pixels.length; from = to) {
    const pixel = pixels[from]
    while (to < pixels.length && pixels[to] === pixel) to++
    // Red is the first byte, and so the lowest one.
    const colour = ((pixel & 255) << 16) | (pixel & 0xff00) | ((pixel >> 16) & 255)
    counts.set(colour, (counts.get(colour) ?? 0) + to - from)
  }
  return counts
}

/** WCAG 2.2, "contrast ratio". */
function contrast(one, other) {
  const [a, b] = [luminance(one), luminance(other)]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

/** WCAG 2.2, "relative luminance". */
function luminance(colour) {
  const [red, green, blue] = [16, 8, 0].map((shift) => {
    const part = ((colour >> shift) & 255) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

Object.assign(globalThis, { draw, cutOff, heights, measure })
