// Comforts of the entry form: suggestions, lines without reload, totals as you type, document preview. The form works without.
// Suggestions are for the filters of Invoice Search too: a box with data-pick-url asks there.
(() => {
  "use strict";
  const entry = () => document.querySelector("[data-entry]");
  const field = (name) => entry()?.querySelector(`[name="${name}"]`);
  const role = (name, root = entry()) => root?.querySelector(`[data-role="${name}"]`);
  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  // While something is pressed nothing may move: a note that pushed the button away would take its click.
  let released = Promise.resolve();
  document.addEventListener("pointerdown", () => {
    released = new Promise((resolve) => {
      for (const type of ["pointerup", "pointercancel"]) document.addEventListener(type, () => setTimeout(resolve), { once: true });
    });
  });
  const getJSON = async (url, params) => {
    const response = await fetch(`${url}?${new URLSearchParams(params)}`, { headers: { Accept: "application/json" } });
    const found = response.ok ? await response.json() : null;
    await released;
    return found;
  };

  // Amounts: the same reading as on the server (organization/amounts.py), in ten-thousandths, so that nothing is inexact.
  // `parse` gives null for no number, or not a clear one; `asked` says what is not clear about it.
  const ONE = 10000n;
  const GROUPED = /^([1-9]\d{0,2}([., ])\d{3}(\2\d{3})*|[1-9]\d?(,\d\d)+,\d{3})$/;
  const EITHER = /^([1-9]\d{0,2})([.,])(\d{3})$/;
  const MARK = "(?:[a-zA-Z]{0,3}[$¢£¤¥֏؋৲৳฿៛₠-⃀﷼﹩＄￠￡￥￦]|[a-zA-Z]{3}|[kK][rR]\\.?|[zZ]ł|[kK]č|[fF][tT]|[fF][rR]\\.?|[rR][sS]\\.?)";
  const WRITTEN = new RegExp(`^(${MARK})? ?([-+])? ?(${MARK})? ?((?=[., ]*\\d)[\\d., ]*[\\d.,]) ?(?:(${MARK})? ?((?<![.,])-)?|((?<![.,])-) ?(${MARK}))$`);
  const plain = (text) => text.replace(/[^\S ]|[\x1c-\x1f\x85]/g, " ").replace(/\p{Cf}/gu, "").replace(/[\p{Pd}−⁻⁃]/gu, "-").replace(/[ '’‘ʼ`´_]+/g, " ").trim().replace(/(?<=\d)[.,]--?(?= ?\D*$)/, "");
  const read = (text) => {
    if ([...text].length > 60) return null;
    const seen = plain(text.replaceAll("\ufeff", ""));
    const inner = /^([^()\d]*)\(([^()]*\d[^()]*)\)([^()\d]*)$/.exec(seen);
    const found = WRITTEN.exec(inner ? inner.slice(1).map((part) => part.trim()).filter(Boolean).join(" ") : seen);
    if (!found) return null;
    const [, before, sign, between, digits, after, trailing, first, last] = found;
    const signs = [inner, sign, trailing ?? first].filter(Boolean).length;
    if (signs > 1 || [before, between, after, last].filter(Boolean).length > 1) return null;
    return { isNegative: Boolean(inner) || sign === "-" || Boolean(trailing ?? first), digits: digits.trim() };
  };
  const asked = (text, places, isAmount = true) => {
    const [, whole, mark, fraction] = (places >= 3 && EITHER.exec(read(text)?.digits ?? "")) || [];
    if (mark === "." && isAmount && decimals() === 3) return "";
    return whole ? `${whole}${fraction} or ${whole}.${fraction}?` : "";
  };
  const scaled = (whole, fraction, isNegative) => {
    const size = BigInt(whole.replace(/\D/g, "") || 0) * ONE + BigInt(fraction.slice(0, 4).padEnd(4, "0"));
    return isNegative ? -size : size;
  };
  const parse = (text, places, isAmount = true) => {
    const found = read(text);
    if (!found || asked(text, places, isAmount)) return null;
    const { digits, isNegative } = found;
    const at = Math.max(digits.lastIndexOf(","), digits.lastIndexOf("."));
    const mark = digits[at];
    const groups = at < 0 || digits.split(mark).length > 2 || (mark === "," && GROUPED.test(digits));
    const [whole, fraction] = groups ? [digits, ""] : [digits.slice(0, at), digits.slice(at + 1)];
    if ((whole && !/^\d+$/.test(whole) && !GROUPED.test(whole)) || !/^\d*$/.test(fraction)) return null;
    if ((EITHER.test(digits) && !groups && !(places >= 3)) || !/^0*$/.test(fraction.slice(places))) return null;
    return scaled(whole, fraction, isNegative);
  };
  const decimals = () => JSON.parse(entry().dataset.decimals)[field("currency").value] ?? 2;
  const minorUnit = () => 10n ** BigInt(4 - decimals());
  const divided = (value, by) => {
    const size = ((value < 0n ? -value : value) * 2n + by) / (by * 2n);
    return value < 0n ? -size : size;
  };
  const shown = (value, places = decimals()) => {
    const size = String(value < 0n ? -value : value).padStart(5, "0");
    const format = new Intl.NumberFormat(document.documentElement.lang || "en-GB", { minimumFractionDigits: places, maximumFractionDigits: 4 });
    return `${value < 0n ? "−" : ""}${format.format(`${size.slice(0, -4)}.${size.slice(-4)}`)}`;
  };
  const rates = new Map();

  // Lines
  const lines = () => [...entry().querySelectorAll("[data-line]")].filter((line) => !line.hidden);
  const parts = new WeakMap();
  const part = (line, name) => {
    if (!parts.has(line)) parts.set(line, new Map([...line.querySelectorAll("[name]")].map((box) => [box.name.replace(/^lines-\d+-/, ""), box])));
    return parts.get(line).get(name);
  };
  const renumber = () => lines().forEach((line, index) => { role("line-number", line).textContent = index + 1; });
  const addLine = () => {
    const total = field("lines-TOTAL_FORMS");
    const holder = element("div", { innerHTML: role("line-template").innerHTML.replaceAll("__prefix__", total.value) });
    total.value = Number(total.value) + 1;
    const line = holder.firstElementChild;
    role("lines").append(line);
    line.querySelectorAll("[data-pick]").forEach(boxOf);
    renumber();
    showTotals();
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
  const showNeeds = (line, needs) => {
    for (const box of line.querySelectorAll("[data-dimension]")) box.required = needs.includes(box.dataset.dimension);
    if (needs.length) role("dimensions", line).open = true;
  };

  // Totals as you type
  const lineSums = (line) => {
    const [priceText, quantityText] = ["unit_price", "quantity"].map((name) => part(line, name).value);
    const price = parse(priceText, 4);
    const exact = price === null ? 0n : price * (parse(quantityText, 4, false) ?? ONE);
    const net = divided(exact, ONE * minorUnit()) * minorUnit();
    const output = role("net", line);
    const told = exact === net * ONE ? shown(net) : `${shown(net)}, rounded`;
    const text = asked(priceText, 4) || asked(quantityText, 4, false) || (price === null ? "" : told);
    if (output.textContent !== text) output.textContent = text;
    const typed = parse(part(line, "tax").value, decimals());
    const rate = rates.get(part(line, "tax_code").value.trim().toLowerCase());
    const worked = rate === undefined ? 0n : divided(net * BigInt(Math.round(rate * 10000)), 100n * ONE * minorUnit()) * minorUnit();
    const hint = rate === undefined ? "" : shown(worked);
    if (part(line, "tax").placeholder !== hint) part(line, "tax").placeholder = hint;
    return { net, tax: typed === null ? worked : typed };
  };
  const showTotals = () => {
    if (!entry()) return;
    const sums = lines().map(lineSums);
    const net = sums.reduce((sum, line) => sum + line.net, 0n);
    const tax = sums.reduce((sum, line) => sum + line.tax, 0n);
    let differs = "";
    for (const [name, sum] of Object.entries({ net, tax, total: net + tax })) {
      const box = field(name);
      box.placeholder = shown(sum);
      const typed = parse(box.value, decimals());
      const question = asked(box.value, decimals());
      if (question && !differs) differs = `What is typed as ${name} can be ${question.replace("?", ".")}`;
      if (typed !== null && typed !== sum && !differs) differs = `The lines make ${shown(sum)} ${name}, ${shown(typed - sum)} is left over.`;
    }
    const note = role("totals-note");
    note.classList.toggle("text-error", Boolean(differs));
    note.textContent = differs || `Lines: ${shown(net)} net, ${shown(tax)} tax, ${shown(net + tax)} in total.`;
    role("take-totals").hidden = !differs;
    const currency = field("currency").selectedOptions[0];
    role("running-net").textContent = shown(net);
    role("running-tax").textContent = shown(tax);
    role("running-total").textContent = `${currency?.value ? currency.text : ""} ${shown(net + tax)}`.trim();
  };
  const takeTotals = () => {
    for (const name of ["net", "tax", "total"]) field(name).value = "";
    field("net").focus();
    showTotals();
  };

  // Suggestions: a combobox as the ARIA practices describe it.
  let serial = 0;
  // A box that moves loses the focus: it was typed in when the form came back refused.
  const wrap = (input, wrapper) => {
    const hadFocus = document.activeElement === input;
    input.replaceWith(wrapper);
    wrapper.prepend(input);
    if (hadFocus) input.focus();
  };
  const boxOf = (input) => {
    if (input.parentElement.matches(".suggestions")) return input.parentElement.querySelector("[role=listbox]");
    const wrapper = element("div", { className: "suggestions" });
    input.replaceWith(wrapper);
    const list = element("ul", { id: `suggestions-${++serial}`, hidden: true });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Suggestions");
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
  const options = (input) => [...boxOf(input).querySelectorAll("[role=option]")];
  const marked = (input) => options(input).findIndex((option) => option.getAttribute("aria-selected") === "true");
  const mark = (input, index) => {
    const all = options(input);
    if (!all.length) return;
    const at = (index + all.length) % all.length;
    all.forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    input.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  };
  const ask = async (input) => {
    const { company: { value: company = "" } = {}, dimension: { value: dimension = "" } = {} } = input.form.elements;
    const url = input.dataset.pickUrl ?? (company && entry().dataset.pickUrl.replace("KIND", input.dataset.pick));
    const found = url && (await getJSON(url, { company, dimension, q: input.value.trim() }));
    if (found && input.dataset.pick === "tax_code") for (const one of found.results) for (const name of [one.value, one.code]) rates.set(name.toLowerCase(), one.rate);
    return found?.results ?? [];
  };
  const optionOf = (list, one, index) => {
    const option = element("li", { id: `${list.id}-${index}`, choice: one }, one.value);
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    if (one.hint) option.append(element("span", { className: "faint" }, one.hint));
    return option;
  };
  const offer = async (input) => {
    const asked = input.value;
    const found = await ask(input);
    if (document.activeElement !== input || input.value !== asked) return;
    const list = boxOf(input);
    list.replaceChildren(...found.map((one, index) => optionOf(list, one, index)));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    input.removeAttribute("aria-activedescendant");
  };
  // A value that arrives while the box has the focus stands there as if it had been tabbed into: typing replaces it.
  const propose = (input, value) => {
    input.value = value;
    if (document.activeElement === input) input.select();
  };
  // What the supplier proposes. An answer that comes late must not undo what was chosen meanwhile.
  const proposed = () => Object.fromEntries(["currency", "terms", "invoice_date", "due_date"].map((name) => [name, field(name)?.value]));
  const choose = (input, choice, before = proposed()) => {
    input.value = input.settled = choice.value;
    close(input);
    if (input.form !== entry()) { input.dispatchEvent(new Event("change", { bubbles: true })); return; }
    if (input.dataset.pick === "supplier") takeSupplier(choice, before);
    if (input.dataset.pick === "gl_code") showNeeds(input.closest("[data-line]"), choice.needs);
    showTotals();
    checkNumber();
    checkRemarks();
    if (input.dataset.pick === "supplier") checkHeader();
  };
  // Whoever types a whole code, or so much that one thing only can be meant, need not choose from the list.
  const settle = async (input) => {
    const typed = input.value.trim().toLowerCase();
    if (!typed || input.settled === input.value) return;
    const before = proposed();
    const found = await ask(input);
    if (input.value.trim().toLowerCase() !== typed) return;
    const exact = found.filter((one) => [one.value, one.code].some((name) => name.toLowerCase() === typed));
    const meant = exact.length ? exact : found;
    if (meant.length === 1) choose(input, meant[0], before);
    else showTotals();
  };
  const takeSupplier = (choice, before) => {
    for (const name of ["currency", "terms"]) if (choice[name] && field(name).value === before[name]) field(name).value = choice[name];
    if (choice.gl_code) {
      for (const box of lines().map((line) => part(line, "gl_code")).filter((one) => !one.value)) {
        propose(box, choice.gl_code);
        settle(box);
      }
    }
    proposeDue();
  };
  const proposeDue = async () => {
    const before = proposed();
    if (!before.terms || !before.invoice_date) return;
    const found = await getJSON(entry().dataset.dueUrl, { terms: before.terms, date: before.invoice_date });
    const now = proposed();
    const isLate = ["terms", "invoice_date", "due_date"].some((name) => now[name] !== before[name]);
    if (!found?.due_date || isLate) return;
    propose(field("due_date"), found.due_date);
    role("due-note").replaceChildren(`Proposed by the terms: ${found.rule}.`);
    role("due-note").hidden = false;
    checkRemarks();
  };
  // Notes that come later must not push the field that has the focus out of sight.
  const keepInSight = () => {
    const active = document.activeElement;
    if (active?.matches("input, select, textarea") && entry()?.contains(active)) active.scrollIntoView({ block: "nearest" });
  };
  // What is unlikely is said beside its field. An answer that comes late must not tell of what was typed before.
  const judged = () => ({
    ...Object.fromEntries(["company", "supplier", "kind", "currency", "invoice_date", "due_date", "posting_date"].map((name) => [name, field(name).value])),
    total: field("total").value || field("total").placeholder.replace("−", "-"),
    documents: entry().querySelectorAll(".file-list li").length,
    invoice: entry().dataset.invoice,
  });
  const checkRemarks = async () => {
    const before = judged();
    // While there is nothing to pay yet, nothing can be said of the whole.
    const isBegun = Boolean(before.supplier && before.invoice_date && /[1-9]/.test(before.total)) || Boolean(before.invoice);
    const found = before.company && isBegun ? await getJSON(entry().dataset.remarksUrl, before) : {};
    if (!entry() || !found || JSON.stringify(judged()) !== JSON.stringify(before)) return;
    for (const note of entry().querySelectorAll("[data-remark]")) {
      const sentence = found[note.dataset.remark] ?? "";
      if (note.textContent !== sentence) note.textContent = sentence;
      note.hidden = !sentence;
    }
    keepInSight();
  };
  const checkNumber = async () => {
    const note = role("number-note");
    const [company, supplier, number] = ["company", "supplier", "number"].map((name) => field(name).value.trim());
    if (!company || !supplier || !number) { note.hidden = true; return; }
    const found = await getJSON(entry().dataset.numberUrl, { company, supplier, number, invoice: entry().dataset.invoice });
    note.replaceChildren(found?.message ?? "");
    if (found?.url) note.append(" ", element("a", { href: found.url, target: "_blank" }, "Look at it"));
    note.hidden = !found?.message;
  };

  // What the accounting system would refuse of the header, under each field; the newest answer counts.
  let headerCheck = 0;
  const checkHeader = async () => {
    const asked = ++headerCheck;
    const values = new FormData(entry());
    const notes = [...entry().querySelectorAll("[data-note]")];
    const params = Object.fromEntries(notes.map(({ dataset }) => [dataset.note, values.get(dataset.note) ?? ""]));
    const found = await getJSON(entry().dataset.checkUrl, { ...params, invoice: entry().dataset.invoice });
    if (!found || asked !== headerCheck) return;
    notes.forEach((note) => {
      note.textContent = found.notes[note.dataset.note] ?? "";
      note.hidden = !note.textContent;
      field(note.dataset.note).closest(".field")?.append(note);
      document.getElementById(`id_${note.dataset.note}_note`)?.remove();
    });
    keepInSight();
  };

  // Days are typed in the user's order; the browser's calendar beside it is for the mouse, no stop for the keyboard.
  const addCalendar = (input) => {
    if (input.parentElement.matches(".day-box")) return;
    const inOrder = ([first, second]) => (input.dataset.day.startsWith("mm") ? [first, second] : [second, first]);
    const picker = element("input", { type: "date", tabIndex: -1 });
    picker.setAttribute("aria-hidden", "true");
    const box = element("div", { className: "day-box" });
    box.append(picker);
    wrap(input, box);
    picker.addEventListener("pointerdown", () => {
      const [first, second, year] = input.value.split("/");
      picker.value = year ? [year, ...inOrder([first, second])].map((one) => one.padStart(2, "0")).join("-") : "";
    });
    picker.addEventListener("change", (event) => {
      event.stopPropagation();
      const [year, month, day] = picker.value.split("-");
      if (!year) return;
      input.value = [...inOrder([month, day]), year].join("/");
      input.dispatchEvent(new Event("change", { bubbles: true }));
      input.focus();
    });
  };

  // Documents: whatever is dropped or chosen is looked at by the server at once and kept for this form. One that it could not
  // be asked about stays in the file box, and goes with the form.
  let chosen = [];
  const readableSize = (bytes) => bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  const removeButton = (name, act) => {
    const made = element("button", { type: "button", className: "button small quiet" }, "Remove", element("span", { className: "visually-hidden" }, ` ${name}`));
    made.addEventListener("click", act);
    return made;
  };
  const setFiles = (files) => {
    const transfer = new DataTransfer();
    files.forEach((file) => transfer.items.add(file));
    chosen = files;
    field("documents").files = transfer.files;
    isDirty = true;
  };
  const chosenItem = (file) => {
    const state = element("span", { className: "soft small" }, "Looking at it…");
    const item = element("li", {}, element("span", { className: "name" }, file.name), element("span", { className: "size" }, readableSize(file.size)), state);
    item.append(removeButton(file.name, () => { setFiles(chosen.filter((one) => one !== file)); item.remove(); }));
    return Object.assign(item, { file, state });
  };
  const tellRefusal = (sentences) => {
    const note = role("documents-note");
    note.replaceChildren(...sentences.map((sentence) => Object.assign(document.createElement("p"), { textContent: sentence })));
    note.hidden = !sentences.length;
  };
  // Resolves to the sentence why a file is refused, or to nothing.
  const keep = async (item) => {
    const body = new FormData();
    body.append("document", item.file);
    const headers = { "X-CSRFToken": field("csrfmiddlewaretoken").value };
    const answer = await fetch(entry().dataset.keepUrl, { method: "POST", body, headers }).catch(() => null);
    const text = await answer?.text().catch(() => "");
    if (!item.isConnected) return "";
    item.state.textContent = "";
    if (!text || ![200, 422].includes(answer.status)) return "";
    setFiles(chosen.filter((one) => one !== item.file));
    if (answer.status === 422) { item.remove(); return text; }
    const kept = document.createRange().createContextualFragment(text).querySelector("li");
    kept.querySelector("label").replaceWith(removeButton(kept.querySelector(".name").textContent, () => kept.remove()));
    kept.file = item.file;
    item.replaceWith(kept);
    htmx.process(kept);
    return "";
  };
  const addFiles = async (added) => {
    const most = Number(entry().dataset.maxBytes);
    const known = [...role("chosen").children].map((item) => item.file);
    const isKnown = (file) => known.some((one) => one.name === file.name && one.size === file.size && one.lastModified === file.lastModified);
    const refused = added.filter((file) => file.size > most).map((file) => `“${file.name}” is larger than ${readableSize(most)}, the most that is accepted.`);
    const taken = added.filter((file) => file.size <= most && !isKnown(file));
    tellRefusal(refused);
    setFiles([...chosen, ...taken]);
    const items = taken.map(chosenItem);
    role("chosen").append(...items);
    for (const item of items.filter((one) => one.isConnected)) {
      const sentence = await keep(item);
      if (sentence) tellRefusal(refused.concat(sentence));
      if (sentence) refused.push(sentence);
    }
    [...role("chosen").children].find((item) => taken.includes(item.file) && item.querySelector("[data-preview]"))?.querySelector("[data-preview]").click();
  };
  // A page that could not be drawn says so.
  document.addEventListener("error", ({ target }) => {
    if (!target.matches?.(".preview-page img")) return;
    target.replaceWith(element("p", { className: "soft" }, `${target.alt} could not be drawn. Download the document to see it.`));
  }, true);

  // A press of Enter never sends half an invoice: it goes on, from the last line to a new one, from an empty one to the totals.
  const isEmpty = (line) => [...line.querySelectorAll("input:not([type=checkbox])")].every((one) => one.value === one.defaultValue);
  const stops = () => [...entry().querySelectorAll("input:not([type=hidden], [tabindex='-1']), select, textarea, [data-add-line], [data-submit-entry]")].filter((one) => one.checkVisibility());
  const goOn = (input) => {
    const line = input.closest("[data-line]");
    const isLast = line && line === lines().at(-1);
    let next = stops()[stops().indexOf(input) + 1];
    if (isLast && isEmpty(line) && lines().length > 1) next = field("net");
    else if (isLast && !line.contains(next)) next = addLine().querySelector("input");
    next?.focus();
    next?.select?.();
  };
  const onEnter = (event, input) => {
    if (event.ctrlKey || event.metaKey) { event.preventDefault(); entry().querySelector("[data-submit-entry]").click(); return; }
    if (!input.matches("input:not([type=checkbox], [type=file])")) return;
    event.preventDefault();
    goOn(input);
  };

  // What was typed is not lost by a slip of the hand.
  let isDirty = false;
  addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });
  document.addEventListener("htmx:beforeRequest", (event) => { if (event.target.matches("[data-entry]")) isDirty = false; });
  for (const type of ["htmx:responseError", "htmx:sendError"]) document.addEventListener(type, () => { isDirty = Boolean(entry()); });

  // Back to a page that the browser kept: what it holds is saved already, so it begins afresh.
  addEventListener("pageshow", (event) => { if (event.persisted && entry() && !isDirty) location.reload(); });

  const timers = new WeakMap();
  const soon = (input, act) => { clearTimeout(timers.get(input)); timers.set(input, setTimeout(act, 150)); };

  document.addEventListener("input", (event) => {
    if (event.target.closest("[data-entry]")) isDirty = true;
    if (event.target.dataset.pick) soon(event.target, () => offer(event.target));
    if (event.target.closest("[data-entry]")) showTotals();
  });
  document.addEventListener("change", (event) => {
    if (!event.target.closest("[data-entry]")) return;
    const { name } = event.target;
    if (name === "documents") addFiles([...event.target.files]);
    if (event.target.dataset.pick) settle(event.target);
    if (name === "terms" || name === "invoice_date") proposeDue();
    if (["company", "supplier", "number"].includes(name)) checkNumber();
    if (name === "due_date") role("due-note").hidden = true;
    if (entry().querySelector(`[data-note="${name}"]`)) checkHeader();
    showTotals();
    checkRemarks();
  });
  document.addEventListener("focusout", (event) => { if (event.target.closest(".suggestions") && event.target.dataset.pick) close(event.target); });
  // Clicked into, it stands there as if it had been tabbed into: typing replaces what was chosen. A second click sets the caret.
  let clickedInto = null;
  document.addEventListener("pointerdown", ({ target }) => { clickedInto = target.dataset?.pick && target !== document.activeElement ? target : null; });
  document.addEventListener("click", ({ target }) => { if (target === clickedInto && target.selectionStart === target.selectionEnd) target.select(); });
  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest?.("[role=option]");
    if (!option?.choice) return;
    event.preventDefault();
    choose(option.closest(".suggestions").querySelector("input"), option.choice);
  });
  document.addEventListener("keydown", (event) => {
    const input = event.target;
    const isOfEntry = Boolean(input.closest?.("[data-entry]"));
    if (!(isOfEntry || input.dataset?.pick) || event.isComposing) return;
    const list = input.dataset.pick && boxOf(input);
    const isOpen = list && !list.hidden;
    if (list && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      if (!isOpen) offer(input).then(() => mark(input, 0));
      else mark(input, event.key === "ArrowDown" ? marked(input) + 1 : Math.max(marked(input), 0) - 1);
    } else if (isOpen && event.key === "Escape") { event.preventDefault(); close(input); }
    else if (isOpen && (event.key === "Enter" || event.key === "Tab") && marked(input) >= 0) {
      if (event.key === "Enter") event.preventDefault();
      choose(input, options(input)[marked(input)].choice);
    } else if (isOfEntry && event.key === "Enter") onEnter(event, input);
  });
  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-add-line], [data-remove-line], [data-role=take-totals]");
    if (!target) return;
    event.preventDefault();
    if (target.matches("[data-remove-line]")) removeLine(target.closest("[data-line]"));
    else if (target.matches("[data-add-line]")) addLine().querySelector("input").focus();
    else takeTotals();
  });
  // A file that misses its mark must not replace the page, and the form with it.
  for (const type of ["dragover", "drop"]) {
    document.addEventListener(type, (event) => {
      if (!entry() || event.target.closest?.(".drop") || ![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      if (type === "drop") addFiles([...event.dataTransfer.files]);
    });
  }

  // Bulk actions on the result of a search: how many, before anything is done.
  const sayHowMany = (form) => {
    const all = form.querySelector("[name=scope]");
    const count = all?.checked ? Number(all.dataset.total) : form.querySelectorAll("tbody .select input:checked").length;
    const shownCount = count.toLocaleString(document.documentElement.lang || "en-GB");
    form.querySelector("[data-role=selected-count]").textContent = `${shownCount} selected`;
    for (const button of form.querySelectorAll("[data-confirm-label]")) button.dataset.confirm = `${button.dataset.confirmLabel} ${shownCount} ${count === 1 ? "invoice" : "invoices"}?`;
  };
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.(".bulk-form");
    if (form && event.target.matches("[name=scope], .select input")) sayHowMany(form);
  });

  const start = () => {
    document.querySelectorAll("[data-pick]").forEach((input) => { if (!input.closest("template")) boxOf(input); });
    document.querySelectorAll("[data-day]").forEach(addCalendar);
    if (!entry()) return;
    chosen = [];
    entry().querySelectorAll("[data-line]").forEach((line) => { line.hidden = part(line, "DELETE").checked; });
    const unknown = new Map(lines().map((line) => part(line, "tax_code")).filter((box) => box.value && !rates.has(box.value.trim().toLowerCase())).map((box) => [box.value, box]));
    Promise.all([...unknown.values()].map(ask)).then(showTotals);
    renumber();
    showTotals();
    checkRemarks();
    if (document.querySelector("[data-error-summary]")) checkNumber();
  };
  document.addEventListener("htmx:afterSettle", () => {
    start();
    if (!entry()) return;
    const summary = document.querySelector("[data-error-summary]");
    isDirty = Boolean(summary);
    summary?.focus();
  });
  start();
  if (entry() && !entry().dataset.invoice && !document.querySelector("[data-error-summary]")) field(field("company").options.length > 1 ? "company" : "supplier").focus();
})();
