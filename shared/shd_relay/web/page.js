(function () {
  "use strict";
  var EVERY = 60000, last = null, good = Date.now(), readAt = null;
  var lost = document.getElementById("lost");
  function ago(from) {
    var minutes = Math.max(0, Math.round((Date.now() - from) / 60000));
    if (minutes < 1) return "less than a minute ago";
    if (minutes < 120) return minutes + (minutes === 1 ? " minute ago" : " minutes ago");
    var hours = Math.round(minutes / 60);
    return hours < 48 ? hours + " hours ago" : Math.round(hours / 24) + " days ago";
  }
  function ages(seconds) {
    // The age as the relay counts it, not against this machine's clock, which may be wrong.
    if (seconds !== undefined) readAt = seconds === null ? null : Date.now() - 1000 * Number(seconds);
    var place = document.querySelector(".age");
    if (place) place.textContent = readAt === null ? "" : "(" + ago(readAt) + ")";
  }
  function local(root) {
    var format;
    try { format = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "short"}); } catch (error) { return; }
    var zone = format.resolvedOptions().timeZone;
    if (!zone || zone === "UTC" || zone === "Etc/UTC") return;
    root.querySelectorAll("time").forEach(function (time) {
      time.title = time.textContent;
      time.textContent = format.format(new Date(time.dateTime));
    });
    document.getElementById("zone").textContent = "Times are in your zone, " + zone + "; point at one for UTC.";
  }
  function show(text, age) {
    var page = new DOMParser().parseFromString(text, "text/html");
    var fresh = page.querySelector("main"), main = document.querySelector("main");
    if (!fresh) throw new Error("not our page");
    if (fresh.innerHTML !== last) {
      last = fresh.innerHTML;
      var open = Array.prototype.map.call(main.querySelectorAll("details[open]"), function (d) { return d.closest("article").id; });
      var scroll = main.querySelector(".scroll"), left = scroll ? scroll.scrollLeft : 0;
      fresh.querySelectorAll("details").forEach(function (d) { d.open = open.indexOf(d.closest("article").id) >= 0; });
      local(fresh);
      main.replaceWith(document.adoptNode(fresh));
      var board = document.querySelector(".scroll");
      if (board) board.scrollLeft = left;
      document.title = page.title;
    }
    good = Date.now();
    lost.hidden = true;
    ages(age);
  }
  function miss() {
    ages();
    if (Date.now() - good < 2.5 * EVERY) return;
    lost.textContent = "This page could not be refreshed since " + new Date(good).toLocaleTimeString() + ". What it shows may be out of date.";
    lost.hidden = false;
  }
  function refresh() {
    fetch(location.pathname, {cache: "no-cache", credentials: "same-origin"})
      .then(function (answer) {
        if (!answer.ok) throw new Error(String(answer.status));
        return answer.text().then(function (text) { show(text, answer.headers.get("X-Data-Age")); });
      })
      .catch(miss);
  }
  last = document.querySelector("main").innerHTML;
  local(document);
  refresh();
  setInterval(refresh, EVERY);
  document.addEventListener("visibilitychange", function () { if (!document.hidden) refresh(); });
})();
