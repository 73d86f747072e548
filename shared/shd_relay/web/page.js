(function () {
  "use strict";
  var lang = document.documentElement.lang, told = document.body.dataset, units = told.units.split("|");
  var EVERY = 1000 * told.every, OLD = 3 * EVERY, LOST = 2.5 * EVERY, LIMIT = 15000;
  var raw = {}, tag = null, good = Date.now(), skew = null, readAt = null, utc = false, met = false;
  var asked = null, failed = null; // the look on its way, at most one; why the last one failed
  var lost = document.getElementById("lost"), said = document.getElementById("said"), zone = document.getElementById("zone");
  var format = null, short = null, ago = null, year = (document.querySelector("#asof time") || {dateTime: ""}).dateTime.slice(0, 4);
  try {
    var parts_ = {month: "short", day: "numeric", hour: "numeric", minute: "2-digit"};
    short = new Intl.DateTimeFormat(own(), parts_);
    parts_.year = "numeric";
    format = new Intl.DateTimeFormat(own(), parts_);
    ago = new Intl.RelativeTimeFormat(lang, {numeric: "always", style: "long"});
    if (/^(Etc\/)?(UTC|GMT)$/.test(format.resolvedOptions().timeZone)) format = null;
    utc = localStorage.getItem("utc") === "1";
  } catch (error) { /* an old browser, or one that keeps nothing: times stay as they came */ }

  function own() {
    // The reader's own way of writing dates, where that is in the language of the page.
    return navigator.language.slice(0, 2) === lang.slice(0, 2) ? navigator.language : lang;
  }
  function safely(part, argument) {
    // What only adorns the page must never keep it from being refreshed.
    try { part(argument); } catch (error) { console.error(error); }
  }
  function all(root, what) { return Array.prototype.slice.call(root.querySelectorAll(what)); }
  // By the relay's clock: this machine's may be wrong.
  function now() { return Date.now() + (skew || 0); }
  function span(ms) {
    var minutes = Math.max(0, Math.floor(ms / 60000));
    var parts = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
    var first = parts.findIndex(Boolean);
    if (first < 0) return units[3];
    return parts.map(function (n, i) { return n && i >= first && i < first + 2 ? n + " " + units[i] : ""; }).filter(Boolean).join(" ");
  }
  function relative(ms) {
    var s = Math.round(ms / 1000), a = Math.abs(s);
    if (!ago) return span(Math.abs(ms));
    if (a < 120) return ago.format(s, "second");
    if (a < 7200) return ago.format(Math.trunc(s / 60), "minute");
    return a < 172800 ? ago.format(Math.trunc(s / 3600), "hour") : ago.format(Math.trunc(s / 86400), "day");
  }
  function count() {
    var age = document.querySelector(".age");
    if (age && readAt !== null) {
      age.textContent = relative(readAt - Date.now());
      age.classList.toggle("old", Date.now() - readAt > OLD);
    }
    if (skew === null) return;
    all(document, ".lasting[data-for]").forEach(function (e) { e.textContent = told.for.replace("{span}", span(now() - new Date(e.dataset.for))); });
    all(document, ".lasting[data-in]").forEach(function (e) { e.textContent = relative(new Date(e.dataset.in) - now()); });
  }
  function left(ms) {
    // With its seconds where it is under an hour: the shortest target is a quarter of one.
    var s = Math.ceil(ms / 1000), minutes = Math.floor(s / 60);
    return s < 3600 ? (minutes ? minutes + " " + units[2] + " " : "") + s % 60 : "";
  }
  function due() {
    // Of support tickets: in what time the answer is due, and when it would be. Nothing here speaks but once, when it is late.
    if (!met) return;
    all(document, ".due").forEach(function (e) {
      var ms = new Date(e.dataset.due) - now(), late = ms <= 0, exact = late ? "" : left(ms);
      var text = (late ? e.dataset.late : e.dataset.ahead).replace("{span}", exact ? exact + " " + e.dataset.seconds : span(Math.abs(ms)));
      if (e.textContent !== text) e.textContent = text;
      if (late && e.classList.contains("on") && !e.classList.contains("late")) said.textContent = e.parentNode.textContent;
      e.classList.add("on");
      e.classList.toggle("late", late);
    });
    all(document, ".if-now").forEach(function (e) {
      var text = e.dataset.text.replace("{at}", timeOf(new Date(now() + 1000 * e.dataset.within)));
      if (e.textContent !== text) e.textContent = text;
    });
  }
  function timeOf(at) {
    // A time as those around it are written; its day only where that is another.
    var today = new Date(now()), iso = at.toISOString(), there = iso.slice(0, 10) === today.toISOString().slice(0, 10);
    if (!format || utc) return (there ? "" : iso.slice(0, 10) + " ") + iso.slice(11, 16) + " UTC";
    var here = at.toDateString() === today.toDateString();
    return here ? at.toLocaleTimeString(own(), {hour: "numeric", minute: "2-digit"}) : short.format(at);
  }
  function copy(button) {
    var text = document.getElementById(button.dataset.copy), label = button.dataset.label || button.textContent;
    function tell(what) {
      button.dataset.label = label;
      button.textContent = said.textContent = what;
      setTimeout(function () { button.textContent = label; }, 4000);
    }
    function byHand() {
      // Where the browser lends no clipboard, as on a page without TLS: the old way, else the reader's own.
      var copied = false;
      getSelection().selectAllChildren(text);
      try { copied = document.execCommand("copy"); } catch (error) { /* it stays selected */ }
      tell(copied ? button.dataset.done : button.dataset.byHand);
    }
    if (!navigator.clipboard) return byHand();
    navigator.clipboard.writeText(text.textContent).then(function () { tell(button.dataset.done); }, byHand);
  }
  function times(root) {
    if (!format) return;
    all(root, "time").forEach(function (time) {
      var there = time.dataset.there || time.textContent, at = new Date(time.dateTime);
      var here = (String(at.getFullYear()) === year ? short : format).format(at);
      time.dataset.there = there;
      time.title = utc ? here : there;
      time.textContent = utc ? there : here;
      if (!utc && time.classList.contains("both")) aside(time, at, there);
    });
  }
  function aside(time, at, there) {
    // UTC beside it; its day only where that is another.
    var same = at.getDate() === at.getUTCDate(), utc = same ? there.slice(-9) : there;
    time.appendChild(document.createElement("small")).textContent = utc;
  }
  function zones() {
    if (!format) return;
    var place = document.getElementById("zones");
    place.dataset.there = place.dataset.there || place.textContent;
    place.textContent = utc ? place.dataset.there : told.zone.replace("{zone}", format.resolvedOptions().timeZone);
    zone.textContent = utc ? zone.dataset.local : zone.dataset.utc;
    zone.hidden = false;
    times(document);
  }
  function key(element) {
    // Something to find an element by in the part that takes the place of its own.
    if (element.id) return "#" + CSS.escape(element.id);
    var link = element.getAttribute("href"), fold = element.parentNode.id;
    if (link) return 'a[href="' + CSS.escape(link) + '"]';
    return fold ? "#" + CSS.escape(fold) + " > " + element.tagName : null;
  }
  function swap(old, fresh) {
    // As the reader left it: what is unfolded, ticked, scrolled to and in focus stays so.
    var focus = old.contains(document.activeElement) ? key(document.activeElement) : null;
    var scrolled = all(old, ".scroll").map(function (e) { return [e.id, e.scrollLeft, e.scrollTop]; });
    all(old, "details[id]").forEach(function (d) {
      var same = fresh.querySelector("#" + CSS.escape(d.id));
      if (same) same.open = d.open;
    });
    all(old, "input[id]").forEach(function (i) {
      var same = fresh.querySelector("#" + CSS.escape(i.id));
      if (same) same.checked = i.checked;
    });
    safely(times, fresh);
    old.replaceWith(document.adoptNode(fresh));
    scrolled.forEach(function (s) {
      var same = document.getElementById(s[0]);
      if (same) { same.scrollLeft = s[1]; same.scrollTop = s[2]; }
    });
    var again = focus && fresh.querySelector(focus);
    if (again) again.focus({preventScroll: true});
  }
  function parts(page, each) { all(page, "[data-part]").forEach(function (part) { each(part, part.outerHTML); }); }
  function words(what) {
    var element = document.querySelector(what);
    return element ? element.textContent : "";
  }
  function announce(banner, headline) {
    // For those who hear the page: a banner that comes or goes, before the headline.
    var now = words("#banner strong"), turned = now !== banner, after = words("h1");
    if (!turned && after === headline) return;
    said.textContent = (turned ? (now || said.dataset.back) + " " : "") + after;
  }
  function show(text) {
    var page = new DOMParser().parseFromString(text, "text/html");
    if (!page.querySelector("[data-part]")) throw new Error("not our page");
    var banner = words("#banner strong"), headline = words("h1");
    parts(page, function (part, html) {
      var old = document.getElementById(part.id);
      if (old && raw[part.id] !== html) swap(old, part);
      raw[part.id] = html;
    });
    if (document.title !== page.title) document.title = page.title;
    document.querySelector("link[rel=icon]").href = page.querySelector("link[rel=icon]").href;
    announce(banner, headline);
  }
  function fresh(age) {
    var read = document.querySelector("#asof time");
    good = Date.now();
    met = true;
    failed = null;
    lost.hidden = true;
    readAt = age === null ? null : good - 1000 * age;
    if (read && readAt !== null) skew = new Date(read.dateTime) - readAt;
    count();
    safely(due);
  }
  function miss() {
    // Loud when long not refreshed, at once when the relay refuses. Written only anew: else it would be read out again.
    if (!failed || failed !== "ended" && Date.now() - good < LOST) return;
    var title = lost.querySelector("strong"), text = title.dataset[failed];
    if (lost.hidden || title.textContent !== text) {
      title.textContent = text;
      lost.hidden = false;
      safely(function () { lost.querySelector("span").textContent = new Date(good).toLocaleTimeString(own()); });
    }
    var read = document.querySelector("#asof time");
    // Never told by the relay: by this machine's clock then, and no younger than the page.
    if (read && readAt === null) readAt = Math.min(new Date(read.dateTime), good);
  }
  function fail(error) {
    failed = failed === "ended" || /^40[134]$/.test(error.message) ? "ended" : "lost";
    miss();
  }
  function look(signal) {
    // Gives what is to be done with the answer.
    return fetch(location.origin + location.pathname + location.search, {cache: "no-cache", credentials: "same-origin", signal: signal})
      .then(function (answer) {
        if (!answer.ok) throw new Error(String(answer.status));
        var age = answer.headers.get("X-Data-Age"), mark = answer.headers.get("ETag");
        if (mark && mark === tag) return function () { fresh(age); };
        return answer.text().then(function (text) {
          return function () { show(text); tag = mark; fresh(age); };
        });
      });
  }
  function refresh() {
    if (asked) return;
    var mine = asked = window.AbortController ? new AbortController() : {abort: function () {}};
    // Not left to the browser: behind its question for a password a request waits for ever.
    var limit = setTimeout(function () { settle(fail, new Error("too late")); mine.abort(); }, LIMIT);
    function settle(how, error) {
      if (asked !== mine) return;
      asked = null;
      clearTimeout(limit);
      try { how(error); } catch (wrong) { fail(wrong); }
    }
    new Promise(function (resolve) { resolve(look(mine.signal)); }).then(settle, function (error) { settle(fail, error); });
  }
  function pointed(event) {
    // What a tile is, when pointed at: said here, as 1,470 titles would make the page twice as large.
    var cell = event.target.closest && event.target.closest(".tiles td[class]");
    all(document, ".tiles .over").forEach(function (e) { e.classList.remove("over"); });
    if (!cell) return;
    var head = cell.closest("table").tHead.lastElementChild || cell.closest("table").tHead.rows[0];
    var column = head.cells[cell.cellIndex];
    column.classList.add("over");
    cell.title = cell.parentNode.cells[0].textContent.trim() + "\n" + column.title + "\n" + cell.textContent;
  }
  function reveal() {
    var id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch (error) { /* not an address of ours: then as it stands */ }
    var target = id && document.getElementById(id);
    for (var e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    if (target) target.scrollIntoView();
  }
  function tick() {
    safely(miss);
    if (!document.hidden) count();
  }
  parts(document, function (part, html) { raw[part.id] = html; });
  refresh();
  setInterval(refresh, EVERY);
  setInterval(tick, 5000);
  setInterval(function () { if (!document.hidden) safely(due); }, 1000);
  document.documentElement.classList.add("js");
  document.addEventListener("click", function (event) {
    var button = event.target.closest("button.copy");
    if (button) copy(button);
  });
  document.addEventListener("visibilitychange", function () { if (!document.hidden) refresh(); });
  document.addEventListener("mouseover", pointed);
  window.addEventListener("hashchange", reveal);
  zone.addEventListener("click", function () {
    utc = !utc;
    try { localStorage.setItem("utc", utc ? "1" : "0"); } catch (error) { /* it holds for this page */ }
    zones();
    safely(due);
  });
  safely(zones);
  safely(reveal);
})();
