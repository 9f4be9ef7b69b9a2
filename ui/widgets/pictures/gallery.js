// One grid or strip of image cards. Text comes in through textContent only: names are a user's.

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

function text(kind, words) {
  const line = document.createElement("div");
  line.className = kind;
  line.textContent = words;
  line.title = words;
  return line;
}

function card(about, clickable) {
  const box = document.createElement(clickable ? "button" : "div");
  box.className = about.marked ? "card marked" : "card";
  box.dataset.id = about.id;
  if (clickable) box.type = "button";
  const image = document.createElement("img");
  image.alt = about.alt;
  image.src = about.src;
  box.append(image);
  if (about.bar !== null) {
    const bar = document.createElement("div");
    bar.className = "bar";
    bar.style.setProperty("--length", `${100 * about.bar}%`);
    box.append(bar);
  }
  const lines = about.lines.map((l) => text("line", l));
  if (about.dot && lines.length) {
    const dot = document.createElement("span");
    dot.className = "dot";
    dot.style.background = about.dot;
    lines.at(-1).prepend(dot);
  }
  if (about.corner) {
    const corner = document.createElement("span");
    corner.className = "corner";
    corner.style.background = about.corner;
    box.append(corner);
  }
  const title = text("title", about.title);
  box.append(title, ...lines);
  // The whole name, and what the card has no room for.
  for (const part of [image, title]) part.title = about.hover ? `${about.alt}\n${about.hover}` : about.alt;
  return box;
}

// Cards in one row share their top, so that up and down need no knowledge of the column count.
function target(cards, from, key) {
  if (key in STEPS) return from + STEPS[key];
  if (key === "Home") return 0;
  if (key === "End") return cards.length - 1;
  const columns = cards.filter((c) => c.offsetTop === cards[0].offsetTop).length;
  if (key === "ArrowDown") return from + columns;
  if (key === "ArrowUp") return from - columns;
  return null;
}

function mark(grid, selected, picked) {
  const cards = [...grid.children];
  const held = cards.find((c) => c.dataset.id === (picked ? grid.last : selected)) ?? cards[0];
  for (const one of cards) {
    const pressed = picked ? picked.includes(one.dataset.id) : one.dataset.id === selected;
    one.setAttribute("aria-pressed", String(pressed));
    one.tabIndex = one === held ? 0 : -1;
  }
}

// Tick a card or untick it, with Shift all from the last one on.
function pick(grid, box, range) {
  const cards = [...grid.children];
  const to = cards.indexOf(box);
  const last = cards.findIndex((c) => c.dataset.id === grid.last);
  const from = range && last >= 0 ? last : to;
  const on = box.getAttribute("aria-pressed") !== "true";
  const some = cards.slice(Math.min(from, to), Math.max(from, to) + 1);
  for (const one of some) one.setAttribute("aria-pressed", String(on));
  grid.last = box.dataset.id;
  return { ids: some.map((c) => c.dataset.id), on };
}

function chosen(grid, selected) {
  return [...grid.children].find((c) => c.dataset.id === selected);
}

// Scroll the strip sideways, never the page.
function turn(grid, selected) {
  const held = chosen(grid, selected);
  if (!held) return;
  const [card, frame] = [held.getBoundingClientRect(), grid.getBoundingClientRect()];
  if (card.left < frame.left || card.right > frame.right)
    grid.scrollLeft += card.left - frame.left - (frame.width - card.width) / 2;
}

// Scroll the box of fixed height around the gallery, never the page.
function follow(grid, selected) {
  const held = chosen(grid, selected);
  let box = grid.getRootNode().host;
  while (box && !(box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY)))
    box = box.parentElement;
  if (!held || !box) return;
  const [card, frame] = [held.getBoundingClientRect(), box.getBoundingClientRect()];
  if (card.top < frame.top) box.scrollTop -= frame.top - card.top + 8;
  if (card.bottom > frame.bottom) box.scrollTop += card.bottom - frame.bottom + 8;
}

export default function ({ data, parentElement, setTriggerValue }) {
  let grid = parentElement.querySelector(".grid");
  if (!grid) {
    grid = document.createElement("div");
    parentElement.append(grid);
  }
  const looks = [data.strip && "strip", data.tiny && "tiny", data.picked && "picking"];
  grid.className = ["grid", ...looks.filter(Boolean)].join(" ");
  grid.style.setProperty("--side", `${data.side_px}px`);
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", data.label);

  const shown = JSON.stringify(data.cards);
  if (grid.shown !== shown) {
    const active = parentElement.activeElement ?? document.activeElement;
    const focused = grid.contains(active) ? active.dataset.id : null;
    grid.shown = shown;
    grid.replaceChildren(...data.cards.map((about) => card(about, data.clickable)));
    if (focused) chosen(grid, focused)?.focus();
  }
  if (!data.clickable) return;

  mark(grid, data.selected, data.picked);
  const scroll = data.strip ? turn : data.follow ? follow : null;
  const at = `${data.selected} ${shown.length}`;
  if (scroll && grid.followed !== at) {
    grid.followed = at;
    requestAnimationFrame(() => scroll(grid, data.selected));
  }
  grid.onclick = (event) => {
    const box = event.target.closest(".card");
    if (!box) return;
    if (data.picked) {
      setTriggerValue("picked", pick(grid, box, event.shiftKey));
      return;
    }
    mark(grid, box.dataset.id); // at once, before the server has answered
    setTriggerValue("selected", box.dataset.id);
  };
  grid.onkeydown = (event) => {
    const cards = [...grid.children];
    const from = cards.indexOf(event.target.closest(".card"));
    const to = event.ctrlKey || event.metaKey || event.altKey ? null : target(cards, from, event.key);
    if (to === null) return;
    // The page's own arrow keys (previous and next image) must not hear these.
    event.preventDefault();
    event.stopPropagation();
    if (!cards[to]) return;
    cards[from].tabIndex = -1;
    cards[to].tabIndex = 0;
    cards[to].focus();
  };
}
