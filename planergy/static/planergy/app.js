// Planergy's own script: everything here is a comfort on top of pages that work without it.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("has-script");

  const on = (type, selector, handler, options) =>
    document.addEventListener(type, (event) => {
      const target = event.target instanceof Element ? event.target.closest(selector) : null;
      if (target) handler(event, target);
    }, options);

  // Theme: kept in a cookie, so that the server paints the first frame right.
  on("click", "[data-theme-toggle]", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  });

  on("click", "[data-back]", () => history.back());

  // Menus: arrow keys move, Escape and a press elsewhere close.
  on("keydown", ".menu, .dropdown", (event, element) => {
    const menu = element.matches(".menu") ? element : element.querySelector(".menu");
    if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key) || event.target.matches("input[type=text], input[type=search]")) return;
    const items = [...menu.querySelectorAll("a[href], button:not(:disabled), input, summary")];
    if (!items.length) return;
    const at = items.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 }[event.key];
    items.at(next % items.length).focus();
    event.preventDefault();
  });
  on("toggle", ".menu[popover]", (event, menu) => {
    const button = document.querySelector(`[popovertarget="${menu.id}"]`);
    button?.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "open") menu.querySelector("a, button")?.focus();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.dropdown[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.dropdown[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });

  // Confirmation: <form data-confirm="Question?" data-confirm-title data-confirm-label data-confirm-dismiss
  // data-confirm-tone="danger">,
  // or the same attributes on one submit button of a form with several.
  const confirmDialog = () => document.getElementById("confirm-dialog");
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const source = event.submitter?.dataset.confirm ? event.submitter : form;
    const dialog = confirmDialog();
    if (!source.dataset.confirm || !dialog || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const yes = dialog.querySelector("[value=confirm]");
    dialog.querySelector("[data-role=title]").textContent = source.dataset.confirmTitle || "Please confirm";
    dialog.querySelector("[data-role=text]").textContent = source.dataset.confirm;
    yes.textContent = source.dataset.confirmLabel || event.submitter?.textContent.trim() || "Continue";
    dialog.querySelector("[value=cancel]").textContent = source.dataset.confirmDismiss || "Cancel";
    yes.classList.toggle("danger", source.dataset.confirmTone === "danger");
    const submitter = event.submitter;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "confirm") return;
      // What is polled may have replaced the form while the question stood.
      const live = form.isConnected ? form : document.querySelector(`form[action="${CSS.escape(form.getAttribute("action"))}"]`);
      if (!live) return;
      live.dataset.confirmed = "yes";
      live.requestSubmit(live === form ? submitter : undefined);
      delete live.dataset.confirmed;
    }, { once: true });
    dialog.showModal();
  }, true);

  // A form is sent once: pressing twice must not do things twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented || form.matches("[hx-post], [hx-boost]")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // Alerts and toasts. The server may send HX-Trigger: {"toast": {"text": "Saved", "tone": "success"}}.
  on("click", ".dismiss", (event, button) => button.closest(".alert").remove());
  // allauth's scripts for passkeys only write to the console what went wrong.
  document.addEventListener("allauth.error", () => toast("The passkey was not used: the browser has none for this portal, or asking was broken off. Try again, or go another way.", "error"));
  document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.tone));
  const toast = (text, tone = "success", ...more) => {
    const box = document.getElementById("toasts");
    const alert = document.createElement("div");
    alert.className = `alert ${tone}`;
    const body = document.createElement("div");
    body.className = "alert-body";
    const sentence = document.createElement("p");
    sentence.append(text, ...more);
    body.append(sentence);
    alert.append(body);
    if (more.length) alert.append(Object.assign(document.createElement("button"), { type: "button", className: "dismiss", ariaLabel: "Dismiss", textContent: "×" }));
    box?.replaceChildren(...[...box.children].filter((other) => other.textContent !== alert.textContent), alert);
    if (!more.length) setTimeout(() => alert.remove(), tone === "error" ? 15000 : 6000);
    return alert;
  };
  // Leaving a search box sends its form once more: the same address must not stand twice in the browser's history.
  document.addEventListener("htmx:beforeHistoryUpdate", ({ detail: { history } }) => {
    if (history.path === location.pathname + location.search) history.type = "replace";
  });
  // Signed out, or in again in another tab: what was typed stays, and goes with the token of the new session.
  let signedOut = null;
  const tellSignedOut = () => {
    const link = Object.assign(document.createElement("a"), { href: document.body.dataset.signIn, target: "_blank", textContent: "sign in" });
    signedOut = toast("You have been signed out. Nothing that you typed is lost: ", "error", link, " in a new tab, come back and try again.");
  };
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
    if (!token) return;
    detail.headers["X-CSRFToken"] = token;
    if (detail.verb !== "get") detail.parameters.csrfmiddlewaretoken = token;
  });
  document.addEventListener("htmx:beforeOnLoad", () => { signedOut?.remove(); });
  // "Invoice 41 was submitted" does not stay above what is refused of the next one.
  document.addEventListener("htmx:beforeRequest", ({ detail: { requestConfig } }) => {
    if (requestConfig.verb !== "get") document.getElementById("messages")?.replaceChildren();
  });
  document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
    const isSentence = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
    if (xhr.status === 401 || xhr.status === 403) tellSignedOut();
    else if (xhr.status === 400 && isSentence) toast(xhr.responseText, "error");
    else toast("That did not work. What you typed is still here: try again in a moment.", "error");
  });
  document.addEventListener("htmx:sendError", () => toast("The server cannot be reached. Check your connection and try again.", "error"));

  // Bulk selection: one box in the head selects the page; the bar counts.
  const showSelection = (form) => {
    const boxes = [...form.querySelectorAll("tbody .select input[type=checkbox]")];
    const chosen = boxes.filter((box) => box.checked).length;
    const all = form.querySelector("thead .select input");
    if (all) { all.checked = chosen > 0 && chosen === boxes.length; all.indeterminate = chosen > 0 && chosen < boxes.length; }
    const summary = form.querySelector("[data-role=selected-count]");
    if (summary) summary.textContent = `${chosen} selected`;
  };
  on("change", ".bulk-form .select input", (event, box) => {
    const form = box.closest(".bulk-form");
    if (box.closest("thead")) form.querySelectorAll("tbody .select input").forEach((other) => { other.checked = box.checked; });
    showSelection(form);
  });

  // File drop area: <label class="drop"> around <input type="file">, followed by <ul class="file-list">.
  const readableSize = (bytes) => bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  const listFiles = (drop) => {
    const list = drop.parentElement.querySelector(".file-list[data-chosen]");
    if (!list) return;
    list.replaceChildren(...[...drop.querySelector("input").files].map((file) => {
      const [item, name, size] = ["li", "span", "span"].map((tag) => document.createElement(tag));
      name.className = "name"; name.textContent = file.name;
      size.className = "size"; size.textContent = readableSize(file.size);
      item.append(name, size);
      return item;
    }));
  };
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
    on(type, ".drop", (event, drop) => {
      event.preventDefault();
      drop.classList.toggle("is-over", type === "dragenter" || type === "dragover");
      if (type !== "drop" || !event.dataTransfer?.files.length) return;
      const input = drop.querySelector("input[type=file]");
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  on("change", ".drop input[type=file]", (event, input) => listFiles(input.closest(".drop")));

  // A <select data-submit> or checkbox that applies itself; its form keeps a button for people without script.
  on("change", "[data-submit]", (event, field) => field.form.requestSubmit());

  // "/" goes to the page's search box.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select, [contenteditable]")) return;
    const box = document.querySelector(".main input[type=search]");
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  });

  // After a refused form the summary takes the focus, so that it is read first.
  document.querySelector("[data-error-summary]")?.focus();
})();
