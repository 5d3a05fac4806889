// Elements. Text is only ever set as text: data can't become markup here.

const byId = (id) => document.getElementById(id);

/** Make an element; attributes that are null or false are left out, children are nodes or texts. */
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Put children in place of those that are there. */
function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
}

/** A word with a colour and a mark, so that it is told apart without the colour. */
function pill(kind, text) {
  return make("span", { class: `pill ${kind}` }, text);
}

/** A main line with a smaller one below it. */
function twoLines(main, below) {
  return [main, below ? make("span", { class: "below" }, below) : null];
}

/** Text for screen readers. */
function unseen(text) {
  return make("span", { class: "unseen" }, text);
}
