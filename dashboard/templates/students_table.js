// A table of students: sorted, searched and filtered where it stands, without a question to anybody.
// Everything that comes from data goes in as text, never as markup.
const kept = new Map(); // what was chosen on each table, until the page is left; never what was typed: it may be a name

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".o-students");
  const said = JSON.stringify(data);
  if (root.said === said) return;
  [root.said, root.data] = [said, data];
  if (!kept.has(data.name)) kept.set(data.name, { column: null, step: 1, chosen: {} });
  const state = kept.get(data.name);
  if (root.table !== data.name) {
    root.table = data.name;
    root.replaceChildren(toolbar(data, state, () => fill(root, state, setTriggerValue)), element("div", "o-sheet"));
  }
  fill(root, state, setTriggerValue);
  if (data.unfinished) setTriggerValue("ready", true);
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function toolbar(data, state, changed) {
  const bar = element("div", "o-filters");
  const search = element("input");
  search.type = "search";
  search.autocomplete = "off";
  search.addEventListener("input", changed);
  bar.append(labelled(data.words.find, search));
  for (const { name, label, choices } of data.filters) {
    const select = element("select");
    select.dataset.filter = name;
    for (const [value, words] of [["", data.words.all], ...choices]) {
      const option = element("option", "", words);
      option.value = value;
      select.append(option);
    }
    select.value = state.chosen[name] ?? "";
    select.addEventListener("change", () => { state.chosen[name] = select.value; changed(); });
    bar.append(labelled(label, select));
  }
  const print = element("button", "o-print", data.words.print);
  print.type = "button";
  print.addEventListener("click", () => window.print());
  const count = element("span", "o-count");
  count.setAttribute("role", "status");
  bar.append(count, print);
  return bar;
}

function labelled(words, field) {
  const label = element("label", "", words);
  label.append(field);
  return label;
}

function fill(root, state, setTriggerValue) {
  const data = root.data; // as it came last: what was pressed may be older
  const rows = arranged(data, state, root.querySelector("input").value);
  const told = data.words.count.replace("{shown}", rows.length).replace("{all}", data.rows.length);
  root.querySelector(".o-count").textContent = told;
  const sheet = root.querySelector(".o-sheet");
  const held = sheet.contains(document.activeElement) ? document.activeElement.dataset.student : undefined;
  const again = (column) => {
    [state.column, state.step] = [column, state.column === column ? -state.step : 1];
    fill(root, state, setTriggerValue);
    root.querySelectorAll(".o-sort")[column].focus();
  };
  sheet.replaceChildren(rows.length ? table(data, rows, state, again, setTriggerValue) : element("p", "", data.words.none));
  if (held) sheet.querySelector(`[data-student="${CSS.escape(held)}"]`)?.focus(); // whoever was on a name stays on it
}

function arranged(data, state, typed) {
  const asked = typed.trim().toLowerCase().replaceAll("ё", "е");
  const found = data.rows.filter((row) =>
    row.name.toLowerCase().replaceAll("ё", "е").includes(asked)
    && data.filters.every(({ name }) => !state.chosen[name] || row.tags[name].includes(state.chosen[name])));
  if (state.column === null) return found;
  const order = new Intl.Collator("ru", { numeric: true }).compare;
  const key = (row) => row.cells[state.column]?.text ?? "";
  return found.sort((one, other) =>
    Number(!key(one)) - Number(!key(other)) || state.step * order(key(one), key(other))); // what is empty stays below
}

function table(data, rows, state, again, setTriggerValue) {
  const made = element("table", "o-table"), head = element("thead"), titles = element("tr"), body = element("tbody");
  made.append(element("caption", "o-unseen", data.words.caption), head, body);
  head.append(titles);
  data.columns.forEach((title, place) => {
    const cell = element("th"), button = element("span", "o-sort", title); // a real one keeps Chromium from
    button.setAttribute("role", "button"); // printing the headings on every page
    button.tabIndex = 0;
    cell.scope = "col";
    cell.style.width = `${data.widths[place]}%`;
    const direction = state.column !== place ? "none" : state.step > 0 ? "ascending" : "descending";
    cell.setAttribute("aria-sort", direction);
    button.title = data.words.sort;
    cell.addEventListener("click", () => again(place));
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      again(place);
    });
    cell.append(button);
    titles.append(cell);
  });
  for (const row of rows) body.append(line(row, data, setTriggerValue));
  body.addEventListener("keydown", (event) => {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!way || !event.target.matches(".o-name")) return;
    const names = [...body.querySelectorAll(".o-name")];
    names[names.indexOf(event.target) + way]?.focus();
    event.preventDefault();
  });
  return made;
}

function line(row, data, setTriggerValue) {
  const made = element("tr");
  const open = () => setTriggerValue("open", row.id);
  row.cells.forEach((cell, place) => {
    const own = element(place === data.opens ? "th" : "td");
    if (place === data.opens) {
      own.scope = "row";
      const button = element("button", "o-name", cell.text);
      button.type = "button";
      button.title = data.words.open;
      button.dataset.student = row.id;
      own.append(button);
    } else {
      own.textContent = cell.text;
      if (cell.more) own.append(element("small", "", cell.more));
    }
    made.append(own);
  });
  made.addEventListener("click", () => { if (!String(getSelection())) open(); });
  return made;
}
