// Comforts of the entry form: suggestions, lines without reload, totals as you type, document preview. The form works without.
(() => {
  "use strict";
  const entry = () => document.querySelector("[data-entry]");
  const field = (name) => entry()?.querySelector(`[name="${name}"]`);
  const role = (name, root = entry()) => root?.querySelector(`[data-role="${name}"]`);
  const getJSON = async (url, params) => {
    const response = await fetch(`${url}?${new URLSearchParams(params)}`, { headers: { Accept: "application/json" } });
    return response.ok ? response.json() : null;
  };

  // Amounts: the same reading as on the server (invoices/amounts.py).
  const parse = (text) => {
    const plain = text.replace(/[\s'’_]/g, "").replace("−", "-");
    const sign = plain.startsWith("-") ? -1 : 1;
    let digits = plain.replace(/^[-+]/, "");
    if (!/^[0-9.,]*\d[0-9.,]*$/.test(digits)) return null;
    if (digits.includes(",") && digits.includes(".")) {
      const decimal = digits.lastIndexOf(",") > digits.lastIndexOf(".") ? "," : ".";
      digits = digits.replaceAll(decimal === "," ? "." : ",", "").replace(decimal, ".");
    } else if (/^[1-9]\d{0,2}(,\d{3})+$/.test(digits) || digits.split(",").length > 2) digits = digits.replaceAll(",", "");
    else if (digits.split(".").length > 2) digits = digits.replaceAll(".", "");
    else digits = digits.replace(",", ".");
    return sign * Number(digits);
  };
  const cents = (value) => Math.sign(value) * Math.round(Math.abs(value) * 100 + 1e-6);
  const shown = (whole) => (whole / 100).toLocaleString(document.documentElement.lang || "en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const rates = new Map();

  // Lines
  const lines = () => [...entry().querySelectorAll("[data-line]")].filter((line) => !line.hidden);
  const part = (line, name) => line.querySelector(`[name$="-${name}"]`);
  const renumber = () => lines().forEach((line, index) => { role("line-number", line).textContent = index + 1; });
  const addLine = () => {
    const total = field("lines-TOTAL_FORMS");
    const holder = document.createElement("div");
    holder.innerHTML = role("line-template").innerHTML.replaceAll("__prefix__", total.value);
    total.value = Number(total.value) + 1;
    const line = holder.firstElementChild;
    role("lines").append(line);
    line.querySelectorAll("[data-pick]").forEach(boxOf);
    renumber();
    return line;
  };
  const removeLine = (line) => {
    part(line, "DELETE").checked = true;
    line.hidden = true;
    const left = lines();
    (left.length ? left.at(-1) : addLine()).querySelector("input").focus();
    renumber();
    showTotals();
  };

  // Totals as you type
  const lineSums = (line) => {
    const price = parse(part(line, "unit_price").value);
    const quantity = parse(part(line, "quantity").value) ?? 1;
    const net = price === null ? 0 : cents(price * quantity);
    role("net", line).textContent = price === null ? "" : shown(net);
    const typed = parse(part(line, "tax").value);
    const rate = rates.get(part(line, "tax_code").value.trim().toLowerCase());
    const worked = rate === undefined ? 0 : cents((net / 100) * rate / 100);
    part(line, "tax").placeholder = rate === undefined ? "" : shown(worked);
    return { net, tax: typed === null ? worked : cents(typed) };
  };
  const showTotals = () => {
    if (!entry()) return;
    const sums = lines().map(lineSums);
    const net = sums.reduce((sum, line) => sum + line.net, 0);
    const tax = sums.reduce((sum, line) => sum + line.tax, 0);
    const says = { net, tax, total: net + tax };
    let differs = "";
    for (const [name, sum] of Object.entries(says)) {
      const box = field(name);
      box.placeholder = shown(sum);
      const typed = parse(box.value);
      if (typed !== null && cents(typed) !== sum && !differs) differs = `The lines make ${shown(sum)} ${name}, ${shown(cents(typed) - sum).replace("-", "−")} is left over.`;
    }
    const note = role("totals-note");
    note.classList.toggle("text-error", Boolean(differs));
    note.textContent = differs || `Lines: ${shown(net)} net, ${shown(tax)} tax, ${shown(net + tax)} in total.`;
  };

  // Suggestions: a combobox as the ARIA practices describe it.
  let serial = 0;
  const boxOf = (input) => {
    if (input.parentElement.matches(".suggestions")) return input.parentElement.querySelector("[role=listbox]");
    const wrapper = document.createElement("div");
    wrapper.className = "suggestions";
    input.replaceWith(wrapper);
    const list = document.createElement("ul");
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Suggestions");
    list.id = `suggestions-${++serial}`;
    list.hidden = true;
    wrapper.append(input, list);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) input.setAttribute(name, value);
    return list;
  };
  const close = (input) => {
    const list = boxOf(input);
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (input, index) => {
    const options = [...boxOf(input).querySelectorAll("[role=option]")];
    if (!options.length) return;
    const at = (index + options.length) % options.length;
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    input.setAttribute("aria-activedescendant", options[at].id);
    options[at].scrollIntoView({ block: "nearest" });
  };
  const marked = (input) => [...boxOf(input).querySelectorAll("[role=option]")].findIndex((option) => option.getAttribute("aria-selected") === "true");
  const offer = async (input) => {
    const company = field("company")?.value;
    if (!company) return;
    const asked = input.value.trim();
    const kind = input.dataset.pick;
    const found = await getJSON(entry().dataset.pickUrl.replace("KIND", kind), { company, q: asked });
    if (!found || document.activeElement !== input || input.value.trim() !== asked) return;
    const list = boxOf(input);
    list.replaceChildren(...found.results.map((one, index) => {
      const option = document.createElement("li");
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.id = `${list.id}-${index}`;
      option.textContent = one.value;
      if (one.hint) { const hint = document.createElement("span"); hint.className = "faint"; hint.textContent = one.hint; option.append(hint); }
      option.choice = one;
      if (kind === "tax_code") rates.set(one.value.toLowerCase(), one.rate);
      return option;
    }));
    list.hidden = !found.results.length;
    input.setAttribute("aria-expanded", String(found.results.length > 0));
  };
  const choose = (input, choice) => {
    input.value = choice.value;
    close(input);
    if (input.dataset.pick === "supplier") takeSupplier(choice);
    showTotals();
    checkNumber();
  };
  const takeSupplier = (choice) => {
    if (choice.currency) field("currency").value = choice.currency;
    if (choice.terms) field("terms").value = choice.terms;
    if (choice.gl_code) lines().forEach((line) => { const box = part(line, "gl_code"); if (!box.value) box.value = choice.gl_code; });
    proposeDue();
  };
  const proposeDue = async () => {
    const [terms, date] = [field("terms").value, field("invoice_date").value];
    if (!terms || !date) return;
    const found = await getJSON(entry().dataset.dueUrl, { terms, date });
    if (found?.due_date) field("due_date").value = found.due_date;
  };
  const checkNumber = async () => {
    const note = role("number-note");
    const [company, supplier, number] = ["company", "supplier", "number"].map((name) => field(name).value.trim());
    if (!company || !supplier || !number) { note.hidden = true; return; }
    const found = await getJSON(entry().dataset.numberUrl, { company, supplier, number, invoice: entry().dataset.invoice });
    note.replaceChildren(found?.message ?? "");
    if (found?.url) { const link = document.createElement("a"); link.href = found.url; link.textContent = "Look at it"; note.append(" ", link); }
    note.hidden = !found?.message;
  };

  // Preview
  const preview = (url, type, name) => {
    const place = document.querySelector("[data-role=preview]");
    const shownAs = document.createElement(type === "application/pdf" ? "iframe" : "img");
    shownAs.src = type === "application/pdf" ? `${url}#navpanes=0&view=FitH` : url;
    if (shownAs.tagName === "IFRAME") shownAs.title = name; else shownAs.alt = name;
    place.replaceChildren(shownAs);
  };
  const previewChosen = (input) => {
    const file = [...input.files].find((one) => ["application/pdf", "image/png", "image/jpeg"].includes(one.type));
    if (file) preview(URL.createObjectURL(file), file.type, file.name);
  };

  const timers = new WeakMap();
  const soon = (input, act) => { clearTimeout(timers.get(input)); timers.set(input, setTimeout(act, 150)); };

  document.addEventListener("input", (event) => {
    if (!event.target.closest("[data-entry]")) return;
    if (event.target.dataset.pick) soon(event.target, () => offer(event.target));
    showTotals();
  });
  document.addEventListener("change", (event) => {
    if (!event.target.closest("[data-entry]")) return;
    const name = event.target.name;
    if (name === "documents") previewChosen(event.target);
    if (name === "terms" || name === "invoice_date") proposeDue();
    if (["company", "supplier", "number"].includes(name)) checkNumber();
  });
  document.addEventListener("focusin", (event) => { if (event.target.dataset?.pick && !event.target.value) offer(event.target); });
  document.addEventListener("focusout", (event) => { if (event.target.dataset?.pick) close(event.target); });
  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest?.("[role=option]");
    if (!option?.choice) return;
    event.preventDefault();
    choose(option.closest(".suggestions").querySelector("input"), option.choice);
  });
  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!input.dataset?.pick) return;
    const list = boxOf(input);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) offer(input).then(() => mark(input, 0));
      else mark(input, event.key === "ArrowDown" ? marked(input) + 1 : Math.max(marked(input), 0) - 1);
    } else if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(input); }
    else if ((event.key === "Enter" || event.key === "Tab") && !list.hidden && marked(input) >= 0) {
      if (event.key === "Enter") event.preventDefault();
      choose(input, list.querySelectorAll("[role=option]")[marked(input)].choice);
    }
  });
  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-add-line], [data-remove-line], [data-preview]");
    if (!target) return;
    if (target.matches("[data-preview]")) { preview(target.dataset.preview, target.dataset.type, target.dataset.name); return; }
    event.preventDefault();
    if (target.matches("[data-remove-line]")) removeLine(target.closest("[data-line]"));
    else { addLine().querySelector("input").focus(); showTotals(); }
  });

  const start = () => {
    if (!entry()) return;
    entry().querySelectorAll("[data-pick]").forEach(boxOf);
    showTotals();
  };
  document.addEventListener("htmx:afterSettle", () => { start(); document.querySelector("[data-error-summary]")?.focus(); });
  start();
})();
