// Tables: sorted by their headings, filled a hundred rows at a time, cards on narrow screens.

const AT_ONCE = 100;
// Paper takes so many rows of each table; longer ones are for the filters, and for the CSV files.
const ON_PAPER = 500;
const tables = [];
const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

/** Order two values; what is empty comes last in both directions. */
function order(one, other, direction) {
  const emptyOne = one === null || one === undefined || one === "";
  const emptyOther = other === null || other === undefined || other === "";
  if (emptyOne || emptyOther) return emptyOne - emptyOther;
  const result = typeof one === "number" && typeof other === "number" ? one - other : compare(one, other);
  return direction * result;
}

class Table {
  /**
   * @param place where it goes
   * @param label its name for screen readers
   * @param columns [{title, value: row -> what it is sorted by, cell: row -> nodes, kind: class, sort: false}]
   * @param empty what is said where no row is left, or a function that gives it
   * @param first {column, direction} that it is sorted by in the beginning, {rows} that are there at once
   */
  constructor(place, label, columns, empty, { column = 0, direction = 1, rows = 50 } = {}) {
    this.columns = columns;
    this.empty = empty;
    this.sorted = { column, direction };
    this.rows = [];
    this.atOnce = rows;
    this.limit = rows;
    this.body = make("tbody", { role: "rowgroup" });
    this.heads = columns.map((one, number) => this.head(one, number));
    this.choice = make("select", { onchange: () => this.choose() },
      columns.flatMap((one, number) => (one.sort === false ? [] : [
        make("option", { value: `${number} 1` }, `${one.title}, ascending`),
        make("option", { value: `${number} -1` }, `${one.title}, descending`),
      ])));
    const head = make("tr", { role: "row" }, this.heads);
    this.element = make("table", { role: "table", "aria-label": label },
      make("thead", { role: "rowgroup" }, head), this.body);
    this.more = make("p", { class: "more" });
    fill(place, make("label", { class: "narrow-sort" }, "Sort by ", this.choice), this.element, this.more);
    tables.push(this);
  }

  head(column, number) {
    const content = column.sort === false ? column.title
      : make("button", { type: "button", onclick: () => this.sortBy(number) }, column.title);
    return make("th", { scope: "col", role: "columnheader", class: column.kind }, content);
  }

  sortBy(column, direction) {
    const same = this.sorted.column === column;
    this.sorted = { column, direction: direction || (same ? -this.sorted.direction : 1) };
    this.arrange();
    this.draw();
  }

  choose() {
    const [column, direction] = this.choice.value.split(" ").map(Number);
    this.sortBy(column, direction);
  }

  show(rows) {
    this.rows = [...rows];
    this.limit = this.atOnce;
    this.arrange();
    this.draw();
  }

  arrange() {
    const { column, direction } = this.sorted;
    const { value } = this.columns[column];
    const keyed = this.rows.map((row) => [value(row), row]);
    keyed.sort((one, other) => order(one[0], other[0], direction));
    this.rows = keyed.map(([, row]) => row);
  }

  draw() {
    this.heads.forEach((head, number) => {
      if (number !== this.sorted.column) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", this.sorted.direction > 0 ? "ascending" : "descending");
    });
    this.choice.value = `${this.sorted.column} ${this.sorted.direction}`;
    this.element.hidden = this.rows.length === 0;
    this.choice.parentElement.hidden = this.rows.length < 2;
    fill(this.body, this.rows.slice(0, this.limit).map((row) => this.line(row)));
    this.tellMore();
  }

  /** Go on where the reader is: the button that was pressed may be gone. */
  extendFor(by) {
    const target = this.extend(by).querySelector("button, a") || this.more.querySelector("button");
    if (target) target.focus({ preventScroll: true });
  }

  tellMore() {
    const left = this.rows.length - this.limit;
    if (this.rows.length === 0) fill(this.more, typeof this.empty === "function" ? this.empty() : this.empty);
    else if (left <= 0) fill(this.more);
    else {
      fill(this.more, `${count(this.limit)} of ${count(this.rows.length)} rows. `,
        make("button", { type: "button", onclick: () => this.extendFor(AT_ONCE) }, `Show ${Math.min(left, AT_ONCE)} more`), " ",
        make("button", { type: "button", class: "quiet", onclick: () => this.extendFor(left) }, "Show all"));
    }
  }

  extend(by) {
    const from = this.limit;
    this.limit += by;
    const added = this.rows.slice(from, this.limit).map((row) => this.line(row));
    this.body.append(...added);
    this.tellMore();
    return added[0];
  }

  line(row) {
    return make("tr", { role: "row" }, this.columns.map((column, number) => {
      const cell = column.cell ? column.cell(row) : column.value(row);
      const first = number === 0;
      const nothing = [cell].flat().filter((part) => part !== null && part !== undefined && part !== "").length === 0;
      return make(first ? "th" : "td", {
        scope: first ? "row" : null, role: first ? "rowheader" : "cell", "data-label": column.title,
        class: [column.kind, nothing && "nothing"].filter(Boolean).join(" ") || null,
      }, nothing ? make("span", { class: "faint" }, "-") : cell);
    }));
  }
}

// On paper there is no button to press.
window.addEventListener("beforeprint", () => tables.forEach((table) => {
  if (table.limit < ON_PAPER && table.rows.length > table.limit) table.extend(ON_PAPER - table.limit);
}));
